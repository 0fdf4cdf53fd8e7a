"""Eager mode: fuse, prepare, calibrate or train, convert; or quantize dynamically at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import torch
from torch import nn
from torch.ao.quantization import (
    convert,
    fuse_modules,
    fuse_modules_qat,
    prepare,
    prepare_qat,
    quantize_dynamic,
)
from torch.ao.quantization import qconfig as qconfigs
from torch.fx import GraphModule

from qviz.document.flows import Method, flow
from qviz.document.graph import Json
from qviz.document.plan import WeightDtype
from qviz.document.snapshot import Finding
from qviz.engine.checks import eager as checks
from qviz.engine.checks import exact_types, fused_before, hidden_modules, left_state, own_qconfigs, type_tests
from qviz.engine.configuration.backends import use_backend
from qviz.engine.configuration.dynamic_spec import dynamic_spec, left_out
from qviz.engine.configuration.eager import configure
from qviz.engine.configuration.fuse_list import FuseList, fuse_list, unknown_paths
from qviz.engine.flows.job import Job
from qviz.engine.flows.results import EagerResult
from qviz.engine.loading.written import users_own
from qviz.engine.nodes import held_state
from qviz.engine.recording.module_graph import draw
from qviz.engine.why.annotated import LEFT_BY
from qviz.engine.why.converted import LEFT_OUT
from qviz.engine.why.fusion import FUSE_LIST
from qviz.errors import QvizError
from qviz.words import tr

WEIGHT_ONLY: dict[WeightDtype, tuple[str, tuple[str, ...], torch.dtype]] = {
    "quint8": ("float_qparams_weight_only_qconfig", ("Embedding", "EmbeddingBag"), torch.quint8),
    "quint4x2": ("float_qparams_weight_only_qconfig_4bit", ("Embedding", "EmbeddingBag"), torch.quint4x2),
    "float16": ("float16_dynamic_qconfig", ("Linear",), torch.float16),
}
"""The qconfig, the module types of ``torch.nn`` and the dtype of each weight-only quantization."""


class _Model(NamedTuple):
    """The captured model.

    Attributes:
        graph: Its graph.
        draw: Draws it again when it has changed.
        held_beside: Modules that it holds in lists alone.
        second_names: The paths at which a parent holds a module once more, with its first path.
        left_by: By their paths the modules that rules leave in float, each with the rule; known once they are set.
        start: What it held in attributes before any call; all stages are drawn from there.
        path: Which way its Python goes.
    """

    graph: GraphModule
    draw: Callable[[Any], GraphModule]
    held_beside: frozenset[str]
    second_names: dict[str, str]
    left_by: dict[str, Json]
    start: held_state.HeldState
    path: type_tests.TakenPath


def dynamic(job: Job) -> EagerResult:
    """Run ``quantize_dynamic`` with its default types, and the rules of the plan."""
    return _at_once(job, dict.fromkeys(exact_types.DYNAMIC, qconfigs.default_dynamic_qconfig), torch.qint8)


def weight_only(job: Job) -> EagerResult:
    """Run ``quantize_dynamic`` for embeddings in 8 or 4 bits, or Linear in float16, and the rules of the plan."""
    name, types, dtype = WEIGHT_ONLY[job.plan.weight_dtype]
    return _at_once(job, {getattr(nn, each): getattr(qconfigs, name) for each in types}, dtype)


def _at_once(job: Job, usual: dict[type[nn.Module], Any], dtype: torch.dtype) -> EagerResult:
    """Run ``quantize_dynamic``; `usual` is what the flow gives it where the plan has no rules."""
    use_backend(job.plan.backend)
    captured = _capture(job)
    spec = dynamic_spec(job.model, job.plan, [*usual])
    result = EagerResult(qconfig_spec=spec.written, statements=spec.statements)
    result = _ruled(job, result, spec.matched, spec.findings, [*spec.left])
    chosen = spec.written.value if spec.written is not None else usual
    passed = exact_types.passed_by(job.model, [*usual], [*spec.left])
    left = left_out(job.model, chosen)
    captured.left_by.update(spec.left)
    job.reporter.started("converting")
    job.reporter.converting(job.model)
    _record_converted(job, captured, quantize_dynamic(job.model, chosen, dtype, inplace=True), left)
    _tell(job, exact_types.of_dynamic(passed, captured.graph))
    return result


def static(job: Job) -> EagerResult:
    """Run ``fuse_modules``, ``prepare``, calibration and ``convert``."""
    use_backend(job.plan.backend)
    captured = _capture(job, needs_stubs=True)
    own = own_qconfigs.own_qconfigs(job.model)
    model, result = _fuse(job, captured, for_training=bool(job.plan.fuse_for_training))
    _tell(job, exact_types.fused_for_training(model, captured.graph))
    model.eval()
    result = _configure(job, model, result, own, captured)
    job.reporter.started("preparing")
    prepared = prepare(model, inplace=True)
    job.calibrate(prepared, captured.draw)
    _convert(job, captured, prepared)
    return result


def qat(job: Job) -> EagerResult:
    """Run ``fuse_modules_qat``, ``prepare_qat``, training and ``convert``."""
    use_backend(job.plan.backend)
    captured = _capture(job, needs_stubs=True)
    own = own_qconfigs.own_qconfigs(job.model)
    before = [*fused_before.before_training(job.model, captured.graph)]
    model, result = _fuse(job, captured, for_training=job.plan.fuse_for_training is not False)
    _tell(job, before)
    if job.plan.fuse_for_training is False:
        _tell(job, checks.fused_for_evaluation(captured.graph, result.fuse_list))
    model.train()
    result = _configure(job, model, result, own, captured)
    job.reporter.started("preparing")
    prepared = prepare_qat(model, inplace=True)
    job.train(prepared, captured.draw)
    prepared.eval()
    _convert(job, captured, prepared)
    return result


RUNNERS: dict[Method, Callable[[Job], EagerResult]] = {
    Method.DYNAMIC: dynamic,
    Method.WEIGHT_ONLY: weight_only,
    Method.STATIC: static,
    Method.QAT: qat,
}


def _capture(job: Job, needs_stubs: bool = False) -> _Model:
    job.reporter.started("capturing")
    start = held_state.held(job.model)
    drawn = draw(job.model, job.inputs)
    held_state.put(job.model, start)
    job.reporter.reached("captured", drawn.graph)
    if drawn.error is not None:
        job.reporter.found(checks.not_traced(drawn.error, drawn.graph))
    for finding in checks.of_captured(drawn.graph, needs_stubs, job.model):
        job.reporter.found(finding)
    beside = hidden_modules.held_beside(job.model)
    left_by: dict[str, Json] = {}

    def draw_again(model: Any) -> GraphModule:
        with held_state.starting_from(model, start):
            graph = draw(model, job.inputs, drawn).graph
        graph.meta[LEFT_BY] = left_by
        return graph

    path = type_tests.path_taken(job.model, job.inputs)
    return _Model(drawn.graph, draw_again, beside, hidden_modules.second_names(job.model), left_by, start, path)


def _fuse(job: Job, captured: _Model, for_training: bool) -> tuple[nn.Module, EagerResult]:
    """Fuse what the plan says, or what the trace shows."""
    job.reporter.started("fusing")
    derived = fuse_list(captured.graph, for_training)
    chosen: FuseList = derived if job.plan.fuse_list is None else job.plan.fuse_list
    if missing := unknown_paths(job.model, chosen):
        known = ", ".join(path for path, _ in job.model.named_modules() if path)
        raise QvizError(
            tr('The fuse list names "{missing}", which is not in the model', missing=missing[0]),
            tr("The model has: {known}.", known=known),
        )
    for finding in checks.of_fuse_list(captured.graph, chosen, derived):
        job.reporter.found(finding)
    fuser = None
    if chosen and job.plan.fuser is not None:
        fuser = users_own(job.plan.fuser, job.plan.source, is_called=False)
    entries: list[Json] = [list(entry) for entry in chosen]
    result = EagerResult(fuse_list=chosen, fuser=fuser, configured={"fuse_list": entries})
    job.reporter.so_far(result)
    model = job.model
    model.train(for_training)
    if chosen:
        options = {"fuser_func": fuser.value} if fuser is not None else {}
        fuse = fuse_modules_qat if for_training else fuse_modules
        model = fuse(model, [list(entry) for entry in chosen], inplace=True, **options)
    drawn = captured.draw(model)
    drawn.meta[FUSE_LIST] = job.plan.fuse_list
    job.reporter.reached("fused", drawn)
    return model, result


def _configure(
    job: Job, model: nn.Module, result: EagerResult, before: Mapping[str, Any], captured: _Model
) -> EagerResult:
    """Set the qconfigs, and record how many modules each rule matched; `before` are those before fusion."""
    own = own_qconfigs.own_qconfigs(model)
    done = configure(model, job.plan, result.fuse_list)
    captured.left_by.update(done.left_by)
    _tell(job, own_qconfigs.lost_by_fusion(before, model))
    configured = dict(result.configured)
    if own:
        configured["own_qconfigs"] = [path or type(model).__name__ for path in own]
    return _ruled(job, replace(result, qconfigs=done, configured=configured), done.matched, done.findings)


def _ruled(
    job: Job, result: EagerResult, matched: Sequence[int], findings: Iterable[Finding], left: Sequence[str] = ()
) -> EagerResult:
    """Record what became of the rules; `left` are modules that no later stage shows to be left out."""
    configured = dict(result.configured)
    if job.plan.rules:
        configured["rules"] = [
            {"rule": f"{rule.kind} {rule.target}".strip(), "matched": count}
            for rule, count in zip(job.plan.rules, matched, strict=True)
        ]
    if left:
        configured["left_in_float"] = [*left]
    _tell(job, findings)
    result = replace(result, configured=configured)
    job.reporter.so_far(result)
    return result


def _convert(job: Job, captured: _Model, prepared: nn.Module) -> None:
    passed = exact_types.passed_by(prepared, exact_types.STATIC)  # convert removes the qconfigs
    job.reporter.started("converting")
    job.reporter.converting(prepared)
    runs = _record_converted(job, captured, convert(prepared, inplace=True))
    _tell(job, exact_types.of_static(passed, captured.graph, runs))


def _record_converted(job: Job, captured: _Model, model: nn.Module, left: frozenset[str] = frozenset()) -> bool:
    """Record the converted stage; return whether it runs."""
    kept, kept_names = held_state.held(model), held_state.changed(model, captured.start)
    held_state.put(model, captured.start)
    graph = captured.draw(model)
    graph.meta[LEFT_OUT] = left
    job.reporter.reached("converted", graph)
    job.reporter.converted(model)
    _tell(job, hidden_modules.left_behind(model, job.inputs, captured.held_beside, flow(job.plan.flow)))
    _tell(job, hidden_modules.left_at_second_name(model, captured.second_names, graph))
    _tell(job, checks.read_as_bytes(graph))
    if (parting := type_tests.other_branch(captured.path, type_tests.path_taken(model, job.inputs))) is not None:
        job.reporter.found(parting)
    finding = checks.does_not_run(model, job.inputs, graph)
    if finding is None and kept_names:  # the next call goes another way
        finding = checks.does_not_run(model, job.inputs, graph)
    held_state.put(model, captured.start)
    runs = finding is None
    if runs and kept_names:
        finding = left_state.of_converted(model, job.inputs, captured.start, kept, kept_names)
    if finding is not None:
        job.reporter.found(finding)
    return runs


def _tell(job: Job, findings: Iterable[Finding]) -> None:
    for each in findings:
        job.reporter.found(each)
