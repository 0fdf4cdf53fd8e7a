"""Applies one flow after the other to a model and measures what came of each."""

from __future__ import annotations

import contextlib
import gc
import logging
import warnings
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Sized
from dataclasses import dataclass, replace
from itertools import chain, islice

import msgspec
import torch
from torch.nn import Module

from qviz.analysis.coverage import CONVERTED, LowPrecision
from qviz.analysis.regions import function_name
from qviz.analysis.verdicts.float_reasons import why_float
from qviz.document.causes import by_cause
from qviz.document.comparison import NOT_A_SPEED_MEASURE, FlowRow, ModelSize, Time
from qviz.document.flows import flow
from qviz.document.graph import Kind, Number
from qviz.document.plan import Plan
from qviz.document.run_steps import LOADING, stopped
from qviz.document.said import Said
from qviz.document.snapshot import Snapshot
from qviz.engine.flow_table import implementation
from qviz.engine.loading.forward import Arguments
from qviz.engine.loading.readiness import make_ready
from qviz.engine.loading.source import Loaded, load
from qviz.engine.measure.running.outputs import Outputs, run, together
from qviz.engine.measure.running.size import size_of
from qviz.engine.measure.running.time import median_ms
from qviz.engine.serving.run import run_loaded
from qviz.engine.serving.torch_state import kept
from qviz.errors import QvizError
from qviz.wire.messages import Compare, ComparisonFinished, FlowCompared, Message, ModelLoaded, StepStarted

_TEXT_LIMIT = 500
_MOST_BATCHES = 8
"""The outputs of more would fill the memory."""
_WITHOUT_INTEGERS = "time.nothing_in_low_precision"

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Before:
    """What the float model gave; its outputs are missing if it does not run."""

    loaded: Loaded
    batches: list[Arguments]
    expected: list[Outputs] | None
    bytes: int
    milliseconds: float | None


@dataclass
class _After:
    """What was measured of the converted module."""

    size: ModelSize | None = None
    sqnr_db: Number | None = None
    time: Time | None = None
    no_time: str | None = None
    broken: str | None = None


def compare(request: Compare, send: Callable[[Message], None]) -> None:
    """Send a row for each flow, then the end; one flow's failure is its row.

    Raises:
        QvizError: The model does not load or does not run on its inputs, which no flow can mend.
    """
    for flow_id in request.flows:
        plan = msgspec.structs.replace(request.plan, flow=flow_id, measure=False)
        send(FlowCompared(request.run_id, compare_flow(plan, send, request.run_id)))
        gc.collect()  # graphs hold themselves; the next flow needs the room
    send(ComparisonFinished(request.run_id))


def compare_flow(plan: Plan, send: Callable[[Message], None], run_id: int = 0) -> FlowRow:
    """Return the row of the plan's flow.

    Raises:
        QvizError: The model does not load or does not run on its inputs.
    """
    assert plan.flow is not None
    flow_id, step = plan.flow, LOADING

    def report(message: Message) -> None:
        nonlocal step
        if isinstance(message, ModelLoaded):
            send(message)
        elif isinstance(message, StepStarted):
            step = message.step
            send(StepStarted(run_id, message.step, message.done, message.total, flow_id))

    implementation(flow_id)
    report(StepStarted(run_id, step))
    with _quiet(plan):
        before = _measure_float(make_ready(load(plan), plan), plan)
    last: deque[Module] = deque(maxlen=1)
    try:
        snapshot = run_loaded(before.loaded, plan, report, run_id, keep=last.append)
    except QvizError as error:
        if before.expected is None:
            raise
        refused = Said("stop.refused", {}, {"text": error.message, "advice": error.hint})
        return FlowRow(flow_id, "failed", stopped(step, "QvizError", refused))
    report(StepStarted(run_id, "measuring"))
    with _quiet(plan):
        after = _measure(last[0], before, snapshot, plan) if _is_converted(snapshot) else _After()
    return _row(snapshot, after)


@contextlib.contextmanager
def _quiet(plan: Plan) -> Iterator[None]:
    """Seed as a run does, and leave out what torch warns of: the run itself has told it."""
    with kept(plan.seed), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _measure_float(loaded: Loaded, plan: Plan) -> _Before:
    """Measure the float model in eval mode before the flow, which may change it."""
    batches = [loaded.inputs]
    if loaded.batches is not None:
        replayed = _Replayed(loaded.batches)
        batches, loaded = replayed.first, replace(loaded, batches=replayed)
    expected, milliseconds = None, None
    # the user's forward may raise anything; the run checks it again and says where it stopped
    with _evaluating(loaded.module), contextlib.suppress(Exception):
        expected = run(loaded.module, batches)
        milliseconds = median_ms(loaded.module, loaded.inputs) if _is_timed(plan) else None
    return _Before(loaded, batches, expected, size_of(loaded.module), milliseconds)


class _Replayed:
    """Calibration batches whose first ones were looked at; a generator would not give them again."""

    def __init__(self, given: Iterable[Arguments]) -> None:
        self._given = given
        self._rest = iter(given)
        self.first = list(islice(self._rest, _MOST_BATCHES))

    def __len__(self) -> int:
        return len(self._given) if isinstance(self._given, Sized) else 0

    def __bool__(self) -> bool:
        return True

    def __iter__(self) -> Iterator[Arguments]:
        return chain(self.first, self._rest)


@contextlib.contextmanager
def _evaluating(module: Module) -> Iterator[None]:
    modes = {each: each.training for each in module.modules()}
    with contextlib.suppress(NotImplementedError):  # exported programs have no modes
        module.eval()
    try:
        yield
    finally:
        for each, mode in modes.items():
            each.training = mode


def _is_timed(plan: Plan) -> bool:
    """Return whether the result runs low-precision kernels, at once or when it is lowered."""
    chosen = flow(plan.flow)
    return plan.lower or (chosen is not None and chosen.converts_to_kernels)


def _is_converted(snapshot: Snapshot) -> bool:
    return snapshot.run.status == "done" and bool(snapshot.stages)


def _measure(module: Module, before: _Before, snapshot: Snapshot, plan: Plan) -> _After:
    after = _After()
    with contextlib.suppress(NotImplementedError):  # exported modules have no modes, the flow has set them
        module.eval()
    if plan.backend in torch.backends.quantized.supported_engines:
        torch.backends.quantized.engine = plan.backend
    try:
        after.sqnr_db = together(before.expected or [], run(module, before.batches))
    except Exception as error:  # torch converts models that it cannot run
        after.broken = _first_sentence(error)
    try:
        after.size = ModelSize(before.bytes, size_of(module))
    except Exception as error:  # torch.save refuses what a library keeps to itself; the rest of the row holds
        _log.warning("the size of %s was not measured: %s", plan.flow, error)
    if not _judged(snapshot).operators.low:
        after.no_time = _WITHOUT_INTEGERS
    elif before.milliseconds is None:
        after.no_time = NOT_A_SPEED_MEASURE
    elif after.broken is None:
        after.time = Time(before.milliseconds, median_ms(module, before.loaded.inputs))
    return after


def _first_sentence(error: Exception) -> str:
    text = " ".join(str(error).split()).partition(". ")[0]
    return text[:_TEXT_LIMIT] or type(error).__name__


def _row(snapshot: Snapshot, after: _After) -> FlowRow:
    run, stages = snapshot.run, snapshot.stages
    judged = _judged(snapshot) if stages and stages[-1].name in CONVERTED else None
    captured = stages[0].whole.nodes if stages else ()
    levels = Counter(each.cause.level.value for each in by_cause(snapshot.findings))
    return FlowRow(
        flow=run.flow,
        status="failed" if run.error else "done",
        error=run.error,
        stage=stages[-1].name if stages else None,
        operators=tuple(sorted({function_name(node) for node in captured if node.kind in (Kind.OP, Kind.FUSED_OP)})),
        low=judged.operators.low if judged is not None else (),
        stays_float=why_float(snapshot) if judged is not None else (),
        size=after.size,
        sqnr_db=after.sqnr_db,
        time=after.time,
        no_time=after.no_time,
        broken=after.broken,
        findings=dict(sorted(levels.items())),
        is_demonstration=any(finding.rule == "training_demonstrated" for finding in snapshot.findings),
        coverage=judged.coverage if judged is not None else None,
    )


def _judged(snapshot: Snapshot) -> LowPrecision:
    return LowPrecision(snapshot.stages, snapshot.links, snapshot.facts, snapshot.stages[-1])
