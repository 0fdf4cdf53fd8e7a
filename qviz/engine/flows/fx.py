"""FX graph mode: trace, fuse, prepare, calibrate, convert."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator

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

from qviz.document.snapshot import Finding, Level
from qviz.engine.checks import batch_norm_folding as folding
from qviz.engine.checks.fx import taken_for_given
from qviz.engine.configuration import rules
from qviz.engine.configuration.backends import use_backend
from qviz.engine.configuration.fx import FxConfiguration, make_configuration, values
from qviz.engine.flows.fx_watch import watched
from qviz.engine.flows.job import Job
from qviz.engine.loading.forward import left_out
from qviz.engine.why.observers import PREPARED_WITH
from qviz.engine.why.patterns import BACKEND_CONFIG


def static(job: Job) -> None:
    """Run ``prepare_fx``, calibration and ``convert_fx``."""
    _quantize(job, job.calibrate)


def dynamic(job: Job) -> None:
    """Run ``prepare_fx`` and ``convert_fx`` with a dynamic qconfig: ranges are computed when the model runs."""
    _quantize(job, job.prepared)


def weight_only(job: Job) -> None:
    """Run ``prepare_fx`` and ``convert_fx`` for embeddings in 8 or 4 bits, or Linear in float16."""
    converted = _quantize(job, job.prepared)
    left = [
        node.name
        for node in converted.graph.nodes
        if node.op == "call_module" and type(converted.get_submodule(str(node.target))) is torch.nn.Linear
    ]
    if left and job.plan.weight_dtype != "float16":
        job.found(_no_weight_only_linear(left))


def qat(job: Job) -> None:
    """Run ``prepare_qat_fx``, training and ``convert_fx``."""
    job.model.train()
    _quantize(job, job.train)


def fuse(job: Job) -> None:
    """Run ``fuse_fx``."""
    configuration = _configured(job)
    job.step("capturing")
    job.reached("captured", symbolic_trace(job.model))
    job.step("fusing")
    job.reached("fused", fuse_fx(job.model, **values(configuration.of_fuse)))


def _quantize(job: Job, observe: Callable[[GraphModule], None]) -> GraphModule:
    use_backend(job.plan.backend)
    configuration = _configured(job)
    job.step("capturing")
    is_qat = job.plan.flow == "fx-qat"
    shared: list[tuple[dict[str, str], list[torch.Tensor]]] = []
    with watched(job, lambda captured: shared.extend(_captured(job, captured))) as fused:
        prepared = _prepare(job, configuration, is_qat)
    for norms, before in shared if not is_qat else ():  # for training both stay apart until convert
        job.found(folding.folded_wrongly(norms, before, folding.output_of(prepared, job.inputs), "prepare_fx"))
    _report_rules(job, configuration, fused[0], prepared)
    observe(prepared)
    if is_qat:
        prepared.eval()
    if job.plan.reference:
        job.step("converting_to_reference")
        copied = copy.deepcopy(prepared)
        job.reached("reference", convert_to_reference_fx(copied, **values(configuration.of_convert)))
    job.step("converting")
    converted = convert_fx(prepared, **values(configuration.of_convert))
    job.reached("converted", converted)
    return converted


def _captured(job: Job, captured: GraphModule) -> Iterator[tuple[dict[str, str], list[torch.Tensor]]]:
    """Record the captured graph; yield batch norms that will be folded wrongly, with what the graph gives before."""
    job.reached("captured", captured)
    for finding in taken_for_given(captured, left_out(job.inputs, job.model)):
        job.found(finding)
    if norms := folding.shared_calls(captured):
        yield norms, folding.output_of(captured, job.inputs)


def _configured(job: Job) -> FxConfiguration:
    """Make the configuration first: what is wrong with it is told before anything runs."""
    job.fx = make_configuration(job.plan, job.model, job.inputs.values)
    chosen = {"qconfig": job.plan.qconfig, "backend_config": job.plan.backend_config}
    job.configured.update({key: text for key, text in chosen.items() if text is not None})
    return job.fx


def _prepare(job: Job, configuration: FxConfiguration, is_qat: bool) -> GraphModule:
    assert configuration.mapping is not None
    mapping = configuration.mapping.written.value
    prepare = prepare_qat_fx if is_qat else prepare_fx
    options = values(configuration.of_prepare)
    prepared = prepare(job.model, mapping, job.inputs.values, **options)
    prepared.meta[BACKEND_CONFIG] = options.get("backend_config")
    return prepared


def _report_rules(job: Job, configuration: FxConfiguration, fused: GraphModule, prepared: GraphModule) -> None:
    """Record how many nodes each rule decided, and what is odd about them."""
    mapping = configuration.mapping
    if mapping is None or not mapping.settings:
        return
    scopes = prepared.meta[PREPARED_WITH].node_name_to_scope
    decided = list(rules.decided(fused, scopes, mapping).values())
    job.configured["rules"] = [
        {"rule": setting.python, "matched": decided.count(number)} for number, setting in enumerate(mapping.settings)
    ]
    for finding in rules.findings(fused, scopes, mapping, job.model):
        job.found(finding)


def _no_weight_only_linear(nodes: list[str]) -> Finding:
    return Finding(
        rule="no_weight_only_linear",
        level=Level.INFO,
        stage="converted",
        nodes=tuple(nodes),
        code="no_weight_only_linear",
        roles={"subject": tuple(nodes)},
    )


def trace(job: Job) -> GraphModule:
    """Return the graph as ``prepare_fx`` sees it; modules are shared with the model."""
    job.captured_by = "torch.fx"
    if job.fx is None:
        job.fx = make_configuration(job.plan, job.model, job.inputs.values)
    names, classes = job.fx.skipped
    _swap_ff_with_fxff(job.model)  # as prepare_fx does first
    return GraphModule(job.model, QuantizationTracer(names, classes).trace(job.model))
