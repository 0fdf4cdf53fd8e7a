"""PyTorch 2 Export: export, prepare, calibrate, convert."""

from __future__ import annotations

import torch
from torch.ao.quantization.quantize_pt2e import convert_pt2e, prepare_pt2e
from torch.ao.quantization.quantizer import x86_inductor_quantizer as x86
from torch.ao.quantization.quantizer import xnnpack_quantizer as xnnpack
from torch.ao.quantization.quantizer.quantizer import Quantizer
from torch.fx import GraphModule

from qviz.document.plan import QUANTIZERS
from qviz.document.snapshot import Finding, Level
from qviz.engine.failures import line_of
from qviz.engine.job import Job
from qviz.errors import QvizError


def static(job: Job) -> None:
    """Run ``torch.export``, ``prepare_pt2e``, calibration and ``convert_pt2e`` with the quantizer's defaults."""
    quantizer = make_quantizer(job.plan.quantizer)
    job.step("capturing")
    captured = export(job)
    job.reached("captured", captured)
    job.step("preparing")
    prepared = prepare_pt2e(captured, quantizer)
    job.calibrate(prepared)
    job.step("converting")
    reference = job.plan.reference
    converted = convert_pt2e(prepared, use_reference_representation=reference)
    job.reached("reference" if reference else "converted", converted)


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


def make_quantizer(name: str) -> Quantizer:
    """Return a quantizer with its default configuration set globally.

    Raises:
        QvizError: No such quantizer.
    """
    quantizer: Quantizer
    if name == "xnnpack":
        quantizer = xnnpack.XNNPACKQuantizer().set_global(xnnpack.get_symmetric_quantization_config())
    elif name == "x86_inductor":
        quantizer = x86.X86InductorQuantizer().set_global(x86.get_default_x86_inductor_quantization_config())
    else:
        raise QvizError(f"there is no quantizer {name!r}", f"There are: {', '.join(QUANTIZERS)}.")
    return quantizer
