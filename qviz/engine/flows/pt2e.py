"""PyTorch 2 Export: export, prepare, calibrate, convert."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch.ao.quantization import move_exported_model_to_eval
from torch.ao.quantization.pt2e.lowering import lower_pt2e_quantized_to_x86
from torch.ao.quantization.quantize_pt2e import convert_pt2e, prepare_pt2e, prepare_qat_pt2e
from torch.ao.quantization.quantizer import x86_inductor_quantizer as x86
from torch.ao.quantization.quantizer import xnnpack_quantizer as xnnpack
from torch.ao.quantization.quantizer.embedding_quantizer import EmbeddingQuantizer
from torch.ao.quantization.quantizer.quantizer import Quantizer
from torch.fx import GraphModule

from qviz.document.plan import QUANTIZERS
from qviz.document.snapshot import Finding, Level
from qviz.engine.failures import line_of
from qviz.engine.job import Job
from qviz.errors import QvizError


def static(job: Job) -> None:
    """Run ``torch.export``, ``prepare_pt2e``, calibration and ``convert_pt2e``."""
    quantizer = make_quantizer(job.plan.quantizer)
    _convert(job, prepare_pt2e(_captured(job), quantizer), job.calibrate)


def dynamic(job: Job) -> None:
    """Run the static flow with a dynamic configuration: ranges are computed when the model runs."""
    quantizer = make_quantizer(job.plan.quantizer, is_dynamic=True)
    _convert(job, prepare_pt2e(_captured(job), quantizer), job.calibrate)


def qat(job: Job) -> None:
    """Run ``torch.export``, ``prepare_qat_pt2e``, training and ``convert_pt2e``."""
    quantizer = make_quantizer(job.plan.quantizer, is_qat=True)
    job.model.train()
    prepared = prepare_qat_pt2e(_captured(job), quantizer)
    _convert(job, prepared, job.train)


def _captured(job: Job) -> GraphModule:
    job.step("capturing")
    captured = export(job)
    job.reached("captured", captured)
    job.step("preparing")
    return captured


def _convert(job: Job, prepared: GraphModule, observe: Callable[[GraphModule], None]) -> None:
    observe(prepared)
    job.step("converting")
    reference = job.plan.reference
    if job.plan.flow == "pt2e-qat":
        move_exported_model_to_eval(prepared)
    converted = convert_pt2e(prepared, use_reference_representation=reference, fold_quantize=job.plan.fold_quantize)
    job.reached("reference" if reference else "converted", converted)
    if job.plan.lower:
        job.step("lowering")
        job.reached("lowered", lower_pt2e_quantized_to_x86(converted, job.inputs))


def export(job: Job) -> GraphModule:
    """Capture strict first: quantizers need ``source_fn_stack``, which only strict capture records."""
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
                message="captured with strict=False, because strict capture failed"
                + (f" at {where.file}:{where.line}" if where else ""),
                reason="non-strict graphs carry no source_fn_stack: quantizers find fewer patterns, or none",
                hint="Mend the line that strict capture stops at, or ask for --no-strict to accept this.",
            )
        )
        return module


def _export(job: Job, strict: bool) -> GraphModule:
    job.captured_by = "strict export" if strict else "non-strict export"
    torch._dynamo.reset()  # noqa: SLF001 - repeated strict exports hit dynamo's recompile limit otherwise
    module = torch.export.export(job.model, job.inputs, strict=strict).module()
    assert isinstance(module, GraphModule)
    return module


def make_quantizer(name: str, is_qat: bool = False, is_dynamic: bool = False) -> Quantizer:
    """Return a quantizer with its default configuration set globally.

    Raises:
        QvizError: No such quantizer.
    """
    quantizer: Quantizer
    if name == "xnnpack":
        config = xnnpack.get_symmetric_quantization_config(is_qat=is_qat, is_dynamic=is_dynamic)
        quantizer = xnnpack.XNNPACKQuantizer().set_global(config)
    elif name == "x86_inductor":
        x86_config = x86.get_default_x86_inductor_quantization_config(is_qat=is_qat, is_dynamic=is_dynamic)
        quantizer = x86.X86InductorQuantizer().set_global(x86_config)
    elif name == "embedding":
        quantizer = EmbeddingQuantizer()
    else:
        raise QvizError(f"there is no quantizer {name!r}", f"There are: {', '.join(QUANTIZERS)}.")
    return quantizer
