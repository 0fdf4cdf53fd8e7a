"""PyTorch 2 Export: export, prepare, calibrate, convert."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch.ao.quantization import allow_exported_model_train_eval, move_exported_model_to_eval
from torch.ao.quantization.quantize_pt2e import convert_pt2e, prepare_pt2e, prepare_qat_pt2e
from torch.fx import GraphModule

from qviz.document.flows import Method
from qviz.document.snapshot import Finding, Level
from qviz.engine.checks import batch_norm_folding as folding
from qviz.engine.checks import exported as checks
from qviz.engine.checks import (
    frozen_buffers,
    fused_before,
    grad_mode,
    left_by_rules,
    rewritten_settings,
    subgraphs,
    training_form,
)
from qviz.engine.checks import quantizer_effects as effects
from qviz.engine.checks.integers import integers_as_floats
from qviz.engine.configuration.quantizers import make_quantizer
from qviz.engine.failures import line_of
from qviz.engine.flows import finer_places
from qviz.engine.flows.fake_ranges import give_ranges
from qviz.engine.flows.job import Job
from qviz.engine.flows.qat_patterns import only_possible
from qviz.engine.flows.results import ExportResult
from qviz.engine.loading.fake_tensors import inside
from qviz.engine.loading.written import Written, users_own
from qviz.engine.nodes import held_state
from qviz.engine.nodes.programs import is_program
from qviz.engine.why.annotated import LEFT_BY
from qviz.engine.why.subgraphs import first_line, is_autograd_function
from qviz.errors import QvizError
from qviz.words import tr


def static(job: Job) -> ExportResult:
    """Run ``torch.export``, ``prepare_pt2e``, calibration and ``convert_pt2e``."""
    quantizer = _quantizer(job)
    with inside(job.fake):
        captured, result = _captured(job, quantizer, is_training=False)
    if is_program(job.model):
        _tell(job, training_form.exported_in_training(captured))
    buffers = frozen_buffers.updated(captured)
    shared = folding.shared_convolutions(captured) if job.fake is None else {}
    before = folding.output_of(captured, job.inputs) if shared else []
    job.reporter.started("preparing")
    prepared = _prepare(job, captured, quantizer.value, prepare_pt2e)
    if shared:
        job.reporter.found(folding.folded_wrongly(shared, before, folding.output_of(prepared, job.inputs)))
    _tell_what_quantizes(job, quantizer, result)
    _tell(job, integers_as_floats(prepared))
    job.calibrate(prepared)
    job.reporter.started("converting")
    _convert(job, prepared, buffers)
    return result


def qat(job: Job) -> ExportResult:
    """Run ``torch.export``, ``prepare_qat_pt2e``, training and ``convert_pt2e``."""
    quantizer = _quantizer(job)
    if not is_program(job.model):
        job.model.train()
    with inside(job.fake):
        captured, result = _captured(job, quantizer, is_training=True)
    if not is_program(job.model):
        _tell(job, fused_before.before_training(job.model, captured))
    _tell(job, subgraphs.without_backward(captured))
    settings = rewritten_settings.settings_of(captured)
    buffers = frozen_buffers.updated(captured)
    job.reporter.started("preparing")
    with only_possible():
        prepared = _prepare(job, captured, quantizer.value, prepare_qat_pt2e)
    allow_exported_model_train_eval(prepared)  # a training of the user's calls model.train() as it always did
    rewritten_settings.watch(prepared)
    _tell_what_quantizes(job, quantizer, result)
    _tell(job, integers_as_floats(prepared))
    before = rewritten_settings.settings_of(prepared)
    job.train(prepared)
    _tell(job, rewritten_settings.rewritten(settings, before, prepared))
    job.reporter.started("converting")
    move_exported_model_to_eval(prepared)
    _convert(job, prepared, buffers)
    return result


RUNNERS: dict[Method, Callable[[Job], ExportResult]] = {
    Method.STATIC: static,
    Method.DYNAMIC: static,  # ranges of activations are computed when the model runs: the quantizer says so
    Method.QAT: qat,
}


def _quantizer(job: Job) -> Written:
    """Make the quantizer first: what is wrong with it is told before anything runs."""
    if job.fake is not None and job.plan.lower:
        raise QvizError(
            tr("A model on fake tensors cannot be lowered"),
            tr("Use only one of the two: packing weights for kernels reads them."),
            option="--fake, --lower",
        )
    if job.plan.lower and job.plan.reference:
        raise QvizError(
            tr("The reference representation cannot be lowered"),
            tr("Choose either the reference stage or lowering."),
            option="--reference, --lower",
        )
    if job.plan.lower and job.inputs.kwargs:
        raise QvizError(
            tr("A model that takes {names} by keyword cannot be lowered", names=", ".join(job.inputs.kwargs)),
            tr("Wrap it in a model that takes them by position, as lower_pt2e_quantized_to_x86 passes them."),
        )
    return make_quantizer(job.plan, job.model)


def _prepare(
    job: Job, captured: GraphModule, quantizer: Any, prepare: Callable[[GraphModule, Any], GraphModule]
) -> GraphModule:
    """Insert the observers; what rules of the plan keep in float is noted in the graph, with the rule."""
    watched_rules = left_by_rules.watched_rules(quantizer, job.plan, job.model)
    with effects.watched_parts(quantizer) as parts, watched_rules as left, inside(job.fake):
        prepared = prepare(captured, quantizer)
    if left:
        prepared.meta[LEFT_BY] = left
    _tell(job, effects.without_configuration(quantizer))
    _tell(job, effects.without_effect(parts))
    if prepare is prepare_pt2e:  # that for training replaces convolutions after it was annotated
        _tell(job, effects.annotating_no_input(prepared, quantizer))
    return prepared


def _captured(job: Job, quantizer: Written, is_training: bool) -> tuple[GraphModule, ExportResult]:
    job.reporter.started("capturing")
    early = _early_without_grad(job, ExportResult(quantizer=quantizer)) if job.fake and not is_training else None
    captured, result = early or export(job, ExportResult(quantizer=quantizer), is_training)
    if early is None and not is_program(job.model):
        captured, result = _without_grad(job, captured, result, is_training)
    refine(job, captured, result)
    job.reporter.reached("captured", captured)
    _tell(job, checks.layers_not_left(captured, quantizer.value, job.plan.quantizer_options.rules))
    _tell(job, effects.matching_nothing(captured, quantizer.value))
    return captured, result


def refine(job: Job, captured: GraphModule, result: ExportResult) -> None:
    """Find the layers that strict capture lost, so that the recorded stages tell them."""
    if result.captured_by == "strict export":
        finer_places.refine(
            captured, job.model, lambda: _program(job, replace(result, captured_by="non-strict export"))
        )


def _early_without_grad(job: Job, result: ExportResult) -> tuple[GraphModule, ExportResult] | None:
    """Capture under ``torch.no_grad()`` at once, where forward() sets the grad mode and nothing but that is left of it.

    A large model takes minutes to capture: the capture with grad, of which `_without_grad` learns the same, is spared.
    """
    if job.plan.strict or job.plan.dynamic_shapes is not None:
        return None
    lines = grad_mode.lines_that_turn_it_off(lambda: job.inputs.cloned().call(job.model))
    if not lines:
        return None
    result = replace(result, captured_by="non-strict export", without_grad=True)
    try:
        captured = _program(job, result)
    except Exception:  # the user's forward may raise anything; the capture with grad tells what
        return None
    if subgraphs.grad_regions(captured):
        return None
    job.reporter.so_far(result)
    job.reporter.found(subgraphs.captured_without_grad(len(lines), next(filter(None, lines), None)))
    return captured, result


def _without_grad(
    job: Job, captured: GraphModule, result: ExportResult, is_training: bool
) -> tuple[GraphModule, ExportResult]:
    """Capture again under ``torch.no_grad()`` if that leaves fewer regions that no quantizer looks into.

    In training only where no gradient would have passed such a region anyway.
    """
    regions = subgraphs.grad_regions(captured)
    if not regions or (is_training and not subgraphs.are_without_gradient(captured)):
        return captured, result
    without = replace(result, without_grad=True)
    try:
        again = _program(job, without)
    except Exception:  # dynamo runs the user's forward, which may raise anything
        return captured, result
    if len(subgraphs.grad_regions(again)) >= len(regions):
        return captured, result
    job.reporter.so_far(without)
    line = next(filter(None, map(first_line, regions)), None)
    job.reporter.found(subgraphs.captured_without_grad(len(regions), line, all(map(is_autograd_function, regions))))
    return again, without


def _tell_what_quantizes(job: Job, quantizer: Written, result: ExportResult) -> None:
    _tell(job, checks.rules_without_effect(quantizer.value))
    if result.captured_by == "non-strict export":
        _tell(job, checks.needs_strict(quantizer.value))


def _convert(job: Job, prepared: GraphModule, buffers: Mapping[str, tuple[str, ...]]) -> None:
    reference = job.plan.reference
    if job.fake is not None:
        give_ranges(prepared)
    job.reporter.converting(prepared)
    with only_possible():
        converted = convert_pt2e(prepared, use_reference_representation=reference, fold_quantize=job.plan.fold_quantize)
    job.reporter.reached("reference" if reference else "converted", converted)
    job.reporter.converted(converted)
    _tell(job, checks.dynamic_convolutions(converted))
    _tell(job, frozen_buffers.folded(buffers, converted))
    if job.plan.lower:
        _lower(job, converted)


def _lower(job: Job, converted: GraphModule) -> None:
    job.reporter.started("lowering")
    from torch.ao.quantization.pt2e.lowering import lower_pt2e_quantized_to_x86  # starts Inductor's compile workers

    torch._dynamo.reset()  # noqa: SLF001 - it captures once more
    lowered = lower_pt2e_quantized_to_x86(converted, job.inputs.args)
    job.reporter.reached("lowered", lowered)
    job.reporter.converted(lowered)
    _tell(job, checks.not_lowered(lowered))
    _tell(job, checks.fixed_by_lowering(converted, lowered))


def _tell(job: Job, findings: Iterable[Finding]) -> None:
    for each in findings:
        job.reporter.found(each)


def export(job: Job, result: ExportResult, is_training: bool = False) -> tuple[GraphModule, ExportResult]:
    """Capture strict first: quantizers need ``source_fn_stack``, which only strict capture records."""
    if is_program(job.model):
        result = replace(result, captured_by="exported program", configured={"captured_by": "exported program"})
        job.reporter.so_far(result)
        assert isinstance(job.model, GraphModule)
        return job.model, result
    if job.plan.dynamic_shapes is not None:
        result = replace(result, dynamic_shapes=users_own(job.plan.dynamic_shapes, job.plan.source))
    if job.plan.strict is not None:
        return _export(job, result, job.plan.strict)
    if job.fake is not None and not is_training:  # a strict capture would take as long again, and loses places
        return _export(job, result, strict=False)
    try:
        return _export(job, result, strict=True)
    except Exception as error:  # dynamo runs the user's forward, which may raise anything
        try:
            exported = _export(job, result, strict=False)
        except Exception as stops:  # what stopped the strict capture would not have ended the run
            raise stops from None
        where = line_of(error)
        job.reporter.found(
            Finding(
                rule="captured_without_strict",
                level=Level.WARNING,
                stage="captured",
                nodes=(),
                code="captured_without_strict",
                args={"file": Path(where.file).name, "line": where.line} if where else {},
                place=(Path(where.file).name,) if where else (),
            )
        )
        return exported


def _export(job: Job, result: ExportResult, strict: bool) -> tuple[GraphModule, ExportResult]:
    result = replace(result, captured_by="strict export" if strict else "non-strict export")
    job.reporter.so_far(result)
    return _program(job, result), result


def _program(job: Job, result: ExportResult) -> GraphModule:
    """Capture as a result says."""
    torch._dynamo.reset()  # noqa: SLF001 - repeated strict exports hit dynamo's recompile limit otherwise
    shapes = result.dynamic_shapes.value if result.dynamic_shapes else None
    args, kwargs, strict = job.inputs.args, job.inputs.kwargs or None, result.captured_by == "strict export"
    has_grad = torch.is_grad_enabled() and not result.without_grad
    with torch.set_grad_enabled(has_grad), held_state.unchanged(job.model):  # a failure leaves fakes in attributes
        program = torch.export.export(job.model, args, kwargs, dynamic_shapes=shapes, strict=strict)
    module = program.module()
    assert isinstance(module, GraphModule)
    return module
