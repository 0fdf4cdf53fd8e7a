"""PyTorch 2 Export: export, prepare, calibrate, convert."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

import torch
from torch.ao.quantization import allow_exported_model_train_eval, move_exported_model_to_eval
from torch.ao.quantization.quantize_pt2e import convert_pt2e, prepare_pt2e, prepare_qat_pt2e
from torch.fx import GraphModule

from qviz.document.snapshot import Finding, Level
from qviz.engine.checks import batch_norm_folding as folding
from qviz.engine.checks import exported as checks
from qviz.engine.configuration.quantizers import make_quantizer
from qviz.engine.failures import line_of
from qviz.engine.flows.job import Job
from qviz.engine.loading.model_files import is_program
from qviz.engine.loading.written import Written, users_own
from qviz.errors import QvizError


def static(job: Job) -> None:
    """Run ``torch.export``, ``prepare_pt2e``, calibration and ``convert_pt2e``."""
    quantizer = _quantizer(job)
    captured = _captured(job)
    shared = folding.shared_convolutions(captured)
    before = folding.output_of(captured, job.inputs) if shared else []
    job.step("preparing")
    prepared = prepare_pt2e(captured, quantizer.value)
    if shared:
        job.found(folding.folded_wrongly(shared, before, folding.output_of(prepared, job.inputs)))
    _finish(job, prepared, quantizer, job.calibrate)


def dynamic(job: Job) -> None:
    """Run the static flow with a dynamic configuration: ranges are computed when the model runs."""
    static(job)


def qat(job: Job) -> None:
    """Run ``torch.export``, ``prepare_qat_pt2e``, training and ``convert_pt2e``."""
    quantizer = _quantizer(job)
    if not is_program(job.model):
        job.model.train()
    captured = _captured(job)
    job.step("preparing")
    prepared = prepare_qat_pt2e(captured, quantizer.value)
    _tell(job, checks.without_fake_quant(prepared))
    allow_exported_model_train_eval(prepared)  # a training of the user's calls model.train() as it always did
    _finish(job, prepared, quantizer, job.train)


def _quantizer(job: Job) -> Written:
    """Make the quantizer first: what is wrong with it is told before anything runs."""
    if job.plan.lower and job.plan.reference:
        raise QvizError(
            "the reference representation cannot be lowered", "Ask for one of them: --reference or --lower."
        )
    if job.plan.lower and job.inputs.kwargs:
        raise QvizError(
            f"a model that takes {', '.join(job.inputs.kwargs)} by keyword cannot be lowered",
            "lower_pt2e_quantized_to_x86 calls by position: wrap the model in one that does.",
        )
    job.quantizer = make_quantizer(job.plan, job.model)
    return job.quantizer


def _captured(job: Job) -> GraphModule:
    job.step("capturing")
    captured = export(job)
    job.reached("captured", captured)
    return captured


def _finish(job: Job, prepared: GraphModule, quantizer: Written, observe: Callable[[GraphModule], None]) -> None:
    _tell(job, checks.rules_without_effect(quantizer.value))
    if job.captured_by == "non-strict export":
        _tell(job, checks.needs_strict(quantizer.value))
    observe(prepared)
    job.step("converting")
    reference = job.plan.reference
    if job.plan.flow == "pt2e-qat":
        move_exported_model_to_eval(prepared)
    converted = convert_pt2e(prepared, use_reference_representation=reference, fold_quantize=job.plan.fold_quantize)
    job.reached("reference" if reference else "converted", converted)
    _tell(job, checks.dynamic_convolutions(converted))
    if job.plan.lower:
        _lower(job, converted)


def _lower(job: Job, converted: GraphModule) -> None:
    job.step("lowering")
    from torch.ao.quantization.pt2e.lowering import lower_pt2e_quantized_to_x86  # starts Inductor's compile workers

    torch._dynamo.reset()  # noqa: SLF001 - it captures once more
    lowered = lower_pt2e_quantized_to_x86(converted, job.inputs.args)
    job.reached("lowered", lowered)
    _tell(job, checks.not_lowered(lowered))
    _tell(job, checks.fixed_by_lowering(converted, lowered))


def _tell(job: Job, findings: Iterable[Finding]) -> None:
    for each in findings:
        job.found(each)


def export(job: Job) -> GraphModule:
    """Capture strict first: quantizers need ``source_fn_stack``, which only strict capture records."""
    if is_program(job.model):
        job.captured_by = "exported program"
        assert isinstance(job.model, GraphModule)
        return job.model
    if job.plan.dynamic_shapes is not None:
        job.dynamic_shapes = users_own(job.plan.dynamic_shapes, job.plan.source)
    if job.plan.strict is not None:
        return _export(job, job.plan.strict)
    try:
        return _export(job, strict=True)
    except Exception as error:  # dynamo runs the user's forward, which may raise anything
        module = _export(job, strict=False)
        where = line_of(error)
        job.found(
            Finding(
                rule="captured_without_strict",
                level=Level.WARNING,
                stage="captured",
                nodes=(),
                code="captured_without_strict",
                args={"file": where.file, "line": where.line} if where else {},
                place=(Path(where.file).name,) if where else (),
            )
        )
        return module


def _export(job: Job, strict: bool) -> GraphModule:
    job.captured_by = "strict export" if strict else "non-strict export"
    torch._dynamo.reset()  # noqa: SLF001 - repeated strict exports hit dynamo's recompile limit otherwise
    shapes = job.dynamic_shapes.value if job.dynamic_shapes else None
    inputs = job.inputs
    program = torch.export.export(job.model, inputs.args, inputs.kwargs or None, dynamic_shapes=shapes, strict=strict)
    module = program.module()
    assert isinstance(module, GraphModule)
    return module
