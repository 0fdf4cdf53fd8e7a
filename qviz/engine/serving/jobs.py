"""Measures quantizers for another process: makes its run again, and tells whether that is the same one."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import msgspec
import torch
from torch.nn import Module

from qviz.document.measurements import Measurements
from qviz.engine.loading.broker import permitting
from qviz.engine.loading.fingerprint import fingerprint
from qviz.engine.measure.ledger.exact import Reruns
from qviz.engine.measure.ledger.exact_job import ExactAnswer, ExactJob, hash_of
from qviz.engine.measure.ledger.workers import one_thread, threads
from qviz.engine.measure.models import four_models
from qviz.engine.measure.simulated.simulation import Simulation, simulate
from qviz.engine.nodes.arguments import number
from qviz.engine.serving.measuring import Measuring
from qviz.engine.serving.run import run_plan
from qviz.engine.serving.torch_state import kept
from qviz.errors import QvizError
from qviz.extensions import load_extensions
from qviz.trust.grants import Permission
from qviz.wire.assembly import Assembly

_log = logging.getLogger(__name__)

_lock = threading.Lock()
"""An executor may have several threads in one process; torch's state and a model's switches are for one run."""
_held: list[_RunAgain] = []
"""The last run that was made: the next job is mostly of the same."""


def measure_job(job_json: str) -> str:
    """Do one `ExactJob`; take and give JSON, so that any executor can carry it."""
    job = msgspec.json.decode(job_json, type=ExactJob)
    with _lock:
        try:
            with permitting(Permission(job.grants, job.is_own)):
                answer = _answer(job)
        except Exception as error:  # the user's model and torch may raise anything, and some of it does not pickle
            _log.info("a job failed", exc_info=True)
            text = error.message if isinstance(error, QvizError) else " ".join(str(error).split())
            answer = ExactAnswer(refused="failed", text=text or type(error).__name__)
    return msgspec.json.encode(answer).decode()


@dataclass
class _RunAgain:
    """A run as far as its quantizers need it."""

    job: ExactJob
    floating: str
    engine: str
    reruns: Reruns


def _answer(job: ExactJob) -> ExactAnswer:
    if fingerprint(job.plan) != job.source:
        return ExactAnswer(refused="source")
    same = msgspec.structs.replace(job, quantizers=(), idle=())
    if not _held or _held[0].job != same:
        _held.clear()
        _held.append(_run_again(same))
    run = _held[0]
    if run.floating != job.floating:
        return ExactAnswer(refused="floating")
    with kept(job.plan.seed), one_thread():
        torch.backends.quantized.engine = run.engine
        idle = frozenset(job.idle)
        found = ((each, run.reruns.noise({each}, idle)) for each in run.reruns.ordered(job.quantizers))
        powers = {each: {name: number(power) for name, power in noise.items()} for each, noise in found}
    return ExactAnswer(powers)


def _run_again(job: ExactJob) -> _RunAgain:
    load_extensions()
    made: list[_OnlyFloat] = []

    def keeping(*args: Any) -> Measuring:
        made.append(_OnlyFloat(*args))
        return made[0]

    with threads(job.threads):
        snapshot = run_plan(job.plan, lambda message: None, measuring=keeping)
    if snapshot.run.error is not None:
        raise RuntimeError(snapshot.run.error.message)
    if not made or made[0].made is None:
        raise RuntimeError("the flow gave nothing to measure")
    only = made[0]
    simulation, floating, engine = only.made  # type: ignore[misc]
    with kept(job.plan.seed), one_thread():
        torch.backends.quantized.engine = engine
        reruns = Reruns(simulation, only.batches, seed=job.plan.seed, memory=job.memory)
    return _RunAgain(job, floating, engine, reruns)


class _OnlyFloat(Measuring):
    """Measures nothing but the float outputs, and keeps what quantizers are measured on."""

    wants_stages = False
    made: tuple[Simulation, str, str] | None = None

    @property
    def batches(self) -> Any:
        """What is measured on."""
        return self._evaluation.batches

    def _run_original(self, own: Module) -> None:
        self._original = []  # another one measures it

    def _run_trained(self, own: Module, prepared: Module, assembly: Assembly) -> None:
        self._run_original(own)

    def _measure(self, assembly: Assembly, started: Callable[[str, int, int], None]) -> Measurements | None:
        assert self._prepared is not None
        assert self._converted is not None
        simulation = simulate(self._prepared, self._converted, self._flow.converts_to_kernels)
        with simulation.board.first_run(simulation.module):
            floating = four_models.floating(simulation, self._evaluation.batches)
        self.made = simulation, hash_of(floating), torch.backends.quantized.engine
        return None
