"""FX graph mode: trace, fuse, prepare, calibrate, convert."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import NamedTuple

import torch
from torch.ao.quantization.fx.tracer import QuantizationTracer
from torch.ao.quantization.quantize_fx import (
    _swap_ff_with_fxff,
    convert_fx,
    convert_to_reference_fx,
    fuse_fx,
    prepare_fx,
    prepare_qat_fx,
)
from torch.fx import GraphModule, symbolic_trace

from qviz.document.flows import Method
from qviz.document.graph import Json
from qviz.document.snapshot import Finding, Level
from qviz.engine.checks import batch_norm_folding as folding
from qviz.engine.checks import exact_types, frozen_buffers, fused_before
from qviz.engine.configuration import rules
from qviz.engine.configuration.backends import use_backend
from qviz.engine.configuration.fx import FxConfiguration, make_configuration, values
from qviz.engine.flows.fx_watch import watched
from qviz.engine.flows.job import Job
from qviz.engine.flows.results import FxResult
from qviz.engine.why.observers import PREPARED_WITH
from qviz.engine.why.patterns import BACKEND_CONFIG


class _SharedNorms(NamedTuple):
    """Batch norms that will be folded into what others use, with what the graph gives before that."""

    norms: dict[str, str]
    outputs: list[torch.Tensor]


def static(job: Job) -> FxResult:
    """Run ``prepare_fx``, calibration and ``convert_fx``."""
    return _quantize(job, job.calibrate)[1]


def dynamic(job: Job) -> FxResult:
    """Run ``prepare_fx`` and ``convert_fx`` with a dynamic qconfig: ranges are computed when the model runs."""
    return _quantize(job, job.prepared)[1]


def weight_only(job: Job) -> FxResult:
    """Run ``prepare_fx`` and ``convert_fx`` for embeddings in 8 or 4 bits, or Linear in float16."""
    converted, result = _quantize(job, job.prepared)
    left = [
        node.name
        for node in converted.graph.nodes
        if node.op == "call_module" and type(converted.get_submodule(str(node.target))) is torch.nn.Linear
    ]
    if left and job.plan.weight_dtype != "float16":
        job.reporter.found(_no_weight_only_linear(left))
    return result


def qat(job: Job) -> FxResult:
    """Run ``prepare_qat_fx``, training and ``convert_fx``."""
    job.model.train()
    return _quantize(job, job.train, is_qat=True)[1]


def fuse(job: Job) -> FxResult:
    """Run ``fuse_fx``."""
    configuration, result = _configured(job)
    job.reporter.started("capturing")
    job.reporter.reached("captured", symbolic_trace(job.model))
    job.reporter.started("fusing")
    options = values(configuration.of_fuse)
    fused = fuse_fx(job.model, **options)
    fused.meta[BACKEND_CONFIG] = options.get("backend_config")
    job.reporter.reached("fused", fused)
    return result


RUNNERS: dict[Method, Callable[[Job], FxResult]] = {
    Method.DYNAMIC: dynamic,
    Method.WEIGHT_ONLY: weight_only,
    Method.STATIC: static,
    Method.QAT: qat,
    Method.FUSION: fuse,
}


def _quantize(job: Job, observe: Callable[[GraphModule], None], is_qat: bool = False) -> tuple[GraphModule, FxResult]:
    """Run the flow; return the converted graph and the result."""
    use_backend(job.plan.backend)
    configuration, result = _configured(job)
    job.reporter.started("capturing")
    before = frozen_buffers.versions(job.model)
    backend_config = values(configuration.of_prepare).get("backend_config")
    with watched(job.reporter, lambda captured: _captured(job, captured, is_qat, before), backend_config) as seen:
        prepared = _prepare(job, configuration, is_qat)
    if (shared := seen.examined) is not None:
        after = folding.output_of(prepared, job.inputs)
        job.reporter.found(folding.folded_wrongly(shared.norms, shared.outputs, after, "prepare_fx"))
    assert seen.fused is not None  # prepare_fx has come to its end
    result = _with_rules(job, result, seen.fused, prepared)
    observe(prepared)
    if is_qat:
        prepared.eval()
    job.reporter.converting(prepared)
    if job.plan.reference:
        job.reporter.started("converting_to_reference")
        copied = copy.deepcopy(prepared)
        job.reporter.reached("reference", convert_to_reference_fx(copied, **values(configuration.of_convert)))
    job.reporter.started("converting")
    converted = convert_fx(prepared, **values(configuration.of_convert))
    job.reporter.reached("converted", converted)
    job.reporter.converted(converted)
    return converted, result


def _captured(
    job: Job, captured: GraphModule, is_qat: bool, before: Mapping[str, frozen_buffers.HeldBuffer]
) -> _SharedNorms | None:
    """Record the captured graph; for training convolutions and batch norms stay apart until convert."""
    job.reporter.reached("captured", captured)
    written = frozen_buffers.written_by_trace(before, job.model, captured)
    fused = fused_before.before_training(job.model, captured) if is_qat else ()
    for finding in (*exact_types.of_fx(job.model, captured), *written, *fused):
        job.reporter.found(finding)
    norms = {} if is_qat else folding.shared_calls(captured)
    return _SharedNorms(norms, folding.output_of(captured, job.inputs)) if norms else None


def _configured(job: Job) -> tuple[FxConfiguration, FxResult]:
    """Make the configuration first: what is wrong with it is told before anything runs."""
    configuration = make_configuration(job.plan, job.model, job.inputs.values)
    chosen = {"qconfig": job.plan.qconfig, "backend_config": job.plan.backend_config}
    result = FxResult(
        configuration=configuration, configured={key: text for key, text in chosen.items() if text is not None}
    )
    job.reporter.so_far(result)
    return configuration, result


def _prepare(job: Job, configuration: FxConfiguration, is_qat: bool) -> GraphModule:
    assert configuration.mapping is not None
    mapping = configuration.mapping.written.value
    prepare = prepare_qat_fx if is_qat else prepare_fx
    options = values(configuration.of_prepare)
    prepared = prepare(job.model, mapping, job.inputs.values, **options)
    prepared.meta[BACKEND_CONFIG] = options.get("backend_config")
    return prepared


def _with_rules(job: Job, result: FxResult, fused: GraphModule, prepared: GraphModule) -> FxResult:
    """Record how many nodes each rule decided, and what is odd about them."""
    mapping = result.configuration.mapping
    if mapping is None:
        return result
    for finding in rules.named_in_vain(mapping.base, job.model):
        job.reporter.found(finding)
    scopes = prepared.meta[PREPARED_WITH].node_name_to_scope
    for finding in rules.passed_by(fused, scopes, mapping.base):
        job.reporter.found(finding)
    if not mapping.settings:
        return result
    decided = list(rules.decided(fused, scopes, mapping).values())
    matched: list[Json] = [
        {"rule": setting.python, "matched": decided.count(number)} for number, setting in enumerate(mapping.settings)
    ]
    result = replace(result, configured={**result.configured, "rules": matched})
    job.reporter.so_far(result)
    for finding in rules.findings(fused, scopes, mapping, job.model):
        job.reporter.found(finding)
    return result


def _no_weight_only_linear(nodes: list[str]) -> Finding:
    return Finding(
        rule="no_weight_only_linear",
        level=Level.INFO,
        stage="converted",
        nodes=tuple(nodes),
        code="no_weight_only_linear",
        roles={"subject": tuple(nodes)},
    )


def trace(job: Job) -> tuple[GraphModule, FxResult]:
    """Return the graph as ``prepare_fx`` sees it; modules are shared with the model."""
    result = FxResult(configuration=make_configuration(job.plan, job.model, job.inputs.values))
    job.reporter.so_far(result)
    names, classes = result.configuration.skipped
    _swap_ff_with_fxff(job.model)  # as prepare_fx does first
    return GraphModule(job.model, QuantizationTracer(names, classes).trace(job.model)), result
