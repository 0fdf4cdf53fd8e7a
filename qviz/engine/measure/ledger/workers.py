"""Measures quantizers one at a time: here, in processes of its own, or by the user's executor."""

from __future__ import annotations

import logging
import multiprocessing
import os
import threading
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence, Set
from concurrent.futures import Executor, Future, ProcessPoolExecutor, as_completed
from contextlib import closing, contextmanager
from importlib import import_module
from multiprocessing import connection
from typing import NamedTuple

import msgspec
import torch

from qviz.document.said import Said
from qviz.engine.loading.broker import at_work
from qviz.engine.loading.fingerprint import fingerprint
from qviz.engine.loading.inputs import call
from qviz.engine.measure.ledger.exact import MEMORY, Place, powers
from qviz.engine.measure.ledger.exact_job import ExactAnswer, ExactJob, hash_of
from qviz.engine.measure.models.measured import Measured
from qviz.errors import QvizError
from qviz.wire.interpreter import with_qviz
from qviz.words import tr

JOB = "qviz.engine.serving.jobs:measure_job"
"""What does a job, by name, as other processes take it: from the JSON of an `ExactJob` to that of an `ExactAnswer`."""

_BEGIN = "from qviz.engine.measure.ledger.workers import end_with_parent; end_with_parent()"
"""How a process begins; the user's interpreter may know nothing of qviz but what its engine brought along."""
_WAITING = "OMP_WAIT_POLICY"
"""OpenMP's own name; its library reads it when torch is imported."""
_JOBS_A_WORKER = 4
"""The first jobs are as large as if there were so many for each; little is lost with a worker that dies."""
_SMALLEST_JOB = 4
"""How many quantizers the last jobs have; each job may have to compute a segment's values again."""
_ATTEMPTS = 2

_log = logging.getLogger(__name__)

_PowersByOne = Generator[tuple[int, dict[str, float]], None, None]


class ExactPowers(NamedTuple):
    """What was measured one quantizer at a time.

    Attributes:
        powers: By quantizer and output; as far as it came.
        is_complete: Whether all were measured.
    """

    powers: dict[int, dict[str, float]]
    is_complete: bool


def measure_exactly(measured: Measured, quantizers: Iterable[int], idle: Set[Place] = frozenset()) -> ExactPowers:
    """Return what quantizers put on the outputs alone, measured as the plan says; stops at its limit of time.

    Args:
        measured: The simulation and the data.
        quantizers: Their indices, the most wanted first.
        idle: Places that stay off (`powers`).
    """
    wanted, found = list(dict.fromkeys(quantizers)), dict[int, dict[str, float]]()
    limit = measured.plan.at_most
    ends = None if limit is None else time.monotonic() + limit
    measured.started("measuring_quantizers", 0, len(wanted))
    with closing(_measured(measured, wanted, idle, ends)) as each:
        for quantizer, power in each:
            found[quantizer] = power
            measured.started("measuring_quantizers", len(found), len(wanted))
            if ends is not None and time.monotonic() >= ends:
                break
    return ExactPowers(found, len(found) == len(wanted))


def _measured(measured: Measured, wanted: list[int], idle: Set[Place], ends: float | None) -> _PowersByOne:
    plan = measured.plan
    if plan.workers == 0 and plan.executor is None:
        return powers(measured, wanted, idle)
    if not measured.can_reload:
        measured.note(Said("not_measured.in_workers.in_hand"))
        return powers(measured, wanted, idle)
    return _in_workers(measured, wanted, idle, ends)


def _in_workers(measured: Measured, wanted: list[int], idle: Set[Place], ends: float | None) -> _PowersByOne:
    """Yield what workers measure; what none can is measured here, on one thread as there: the last bits agree."""
    rest, trouble = wanted, ""
    for _ in range(_ATTEMPTS):
        answers = _Answers(measured, rest, idle, ends)
        with closing(answers.come()) as arriving:
            yield from arriving
        rest, trouble = answers.rest, answers.trouble
        if answers.is_over or not rest:
            return
        if answers.is_refused:
            break
    measured.note(Said("not_measured.in_workers", {}, {"text": trouble, "quantizers": len(rest)}))
    with one_thread():
        yield from powers(measured, rest, idle)


class _Answers:
    """One attempt to have quantizers measured elsewhere.

    Attributes:
        rest: The quantizers that nobody has measured yet.
        trouble: The last error of a worker.
        is_refused: Whether workers cannot do it, however often they try.
        is_over: Whether the time is.
    """

    def __init__(self, measured: Measured, wanted: Sequence[int], idle: Set[Place], ends: float | None) -> None:
        self._measured, self._wanted, self._ends = measured, list(wanted), ends
        self._idle = tuple(sorted(idle))
        self._done: set[int] = set()
        self.trouble = ""
        self.is_refused = self.is_over = False

    @property
    def rest(self) -> list[int]:
        """The quantizers that nobody has measured yet, in their order."""
        return [each for each in self._wanted if each not in self._done]

    def come(self) -> _PowersByOne:
        """Yield what workers measure, in the order in which they end."""
        plan = self._measured.plan
        try:
            executor, count = _executor(plan.executor, plan.workers)
        except Exception as error:  # the user's code may raise anything
            self.trouble, self.is_refused = _said(error), True
            return
        before = set(multiprocessing.active_children())
        futures: list[Future[str]] = []
        try:
            yield from self._from(executor, count, futures)
        finally:
            for each in futures:
                each.cancel()  # not every executor's shutdown does
            executor.shutdown(wait=False)
            for child in set(multiprocessing.active_children()) - before:
                child.kill()  # it may be in the middle of a job that nobody waits for
                child.join()

    def _from(self, executor: Executor, count: int, futures: list[Future[str]]) -> _PowersByOne:
        jobs = self._jobs(count)
        try:
            with _passive_waiting():
                for each in jobs:
                    futures.append(executor.submit(_job(), each))  # one by one: those given before it breaks are kept
            for future in as_completed(futures, self._remaining()):
                yield from self._read(future)
        except TimeoutError:
            self.is_over = True
        except RuntimeError as error:  # the executor broke while it was given jobs
            self.trouble = _said(error)

    def _remaining(self) -> float | None:
        return None if self._ends is None else max(0.0, self._ends - time.monotonic())

    def _read(self, future: Future[str]) -> _PowersByOne:
        try:
            answer = msgspec.json.decode(future.result(), type=ExactAnswer)
        except Exception as error:  # its process died, or the executor's own trouble
            self.trouble = _said(error)
            return
        if answer.refused is not None:
            self.trouble, self.is_refused = _REFUSALS[answer.refused](answer.text), True
        for quantizer, power in answer.powers.items():
            self._done.add(quantizer)
            yield quantizer, {name: float(value) for name, value in power.items()}

    def _jobs(self, count: int) -> list[str]:
        measured = self._measured
        plan = msgspec.structs.replace(
            measured.plan, exact=False, measure=None, workers=0, executor=None, at_most=None, metric=None
        )
        whole = ExactJob(
            plan=plan,
            source=fingerprint(plan),
            floating=hash_of(measured.outputs.floating),
            threads=torch.get_num_threads(),
            memory=MEMORY // count,
            idle=self._idle,
            grants=at_work().grants,
            is_own=at_work().is_own,
        )
        parts = _parts(self._wanted, count)
        return [msgspec.json.encode(msgspec.structs.replace(whole, quantizers=part)).decode() for part in parts]


def _parts(wanted: Sequence[int], count: int) -> Iterator[tuple[int, ...]]:
    """Yield the quantizers of each job: fewer from job to job, so that all workers are done at about the same time.

    This is guided self-scheduling (Polychronopoulos and Kuck 1987). With equal jobs, one of two workers that
    measured ResNet-152 for 144 s waited for the other for up to 28 s.
    """
    start = 0
    while start < len(wanted):
        size = max(_SMALLEST_JOB, -(-(len(wanted) - start) // (_JOBS_A_WORKER * count)))
        yield tuple(wanted[start : start + size])
        start += size


_REFUSALS: dict[str, Callable[[str], str]] = {
    "source": lambda _: tr("the model's files differ there"),
    "floating": lambda _: tr("the float model's outputs differ there"),
    "failed": lambda text: text,
}


def _said(error: BaseException) -> str:
    text = error.message if isinstance(error, QvizError) else " ".join(str(error).split())
    return text or type(error).__name__


def _job() -> Callable[[str], str]:
    place, _, name = JOB.partition(":")
    found: Callable[[str], str] = getattr(import_module(place), name)
    return found


def _executor(named: str | None, workers: int) -> tuple[Executor, int]:
    """Return what takes the jobs, and for how many workers they are to be enough."""
    if named is None:
        context = multiprocessing.get_context("spawn")  # a fork after an operator on many threads hangs
        return ProcessPoolExecutor(workers, context, exec, (with_qviz(_BEGIN), {})), workers
    made = call(named)
    if not callable(getattr(made, "submit", None)) or not callable(getattr(made, "shutdown", None)):
        raise QvizError(
            tr("{executor} returns a {type}, not an executor", executor=named, type=type(made).__name__),
            tr("Return an object with the interface of concurrent.futures.Executor."),
        )
    return made, workers or _JOBS_A_WORKER


@contextmanager
def _passive_waiting() -> Iterator[None]:
    """Have processes that start meanwhile sleep where a thread of torch waits for the others.

    Making the run again takes as many threads as the run had. By default they spin, and several workers take the
    cores from each other: 62 CPU seconds each for resnet152 in two of them, 27 in one.
    """
    before = os.environ.get(_WAITING)
    os.environ[_WAITING] = before or "PASSIVE"
    try:
        yield
    finally:
        if before is None:
            del os.environ[_WAITING]


def end_with_parent() -> None:
    """End in the middle of a job, too, when the process that wants it is gone: a run is cancelled by killing it."""
    parent = multiprocessing.parent_process()
    if parent is None:
        return

    def watch(sentinel: int) -> None:
        connection.wait([sentinel])
        os._exit(0)

    threading.Thread(target=watch, args=(parent.sentinel,), name="qviz-parent", daemon=True).start()


@contextmanager
def one_thread() -> Iterator[None]:
    """Have torch compute on one thread for a while."""
    with threads(1):
        yield


@contextmanager
def threads(count: int) -> Iterator[None]:
    """Have torch compute on so many threads for a while."""
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)
