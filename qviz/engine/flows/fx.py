"""FX graph mode: trace, fuse, prepare, calibrate, convert."""

from __future__ import annotations

import copy

import torch
from torch.ao.quantization import get_default_qconfig_mapping
from torch.ao.quantization.fx.tracer import QuantizationTracer
from torch.ao.quantization.quantize_fx import (
    _fuse_fx,
    _swap_ff_with_fxff,
    convert_fx,
    convert_to_reference_fx,
    prepare_fx,
)
from torch.fx import GraphModule

from qviz.document.plan import BACKENDS
from qviz.engine.job import Job
from qviz.errors import QvizError


def static(job: Job) -> None:
    """Run ``prepare_fx``, calibration and ``convert_fx`` with the backend's default configuration."""
    use_backend(job.plan.backend)
    mapping = get_default_qconfig_mapping(job.plan.backend)
    job.step("capturing")
    captured = trace(job)
    job.reached("captured", captured)
    job.step("fusing")
    # prepare_fx fuses what its own tracer gives, in which observers stay whole; fuse_fx traces in another way.
    job.reached("fused", _fuse_fx(captured, False))
    job.step("preparing")
    prepared = prepare_fx(job.model, mapping, job.inputs)
    job.calibrate(prepared)
    if job.plan.reference:
        job.step("converting to the reference")
        job.reached("reference", convert_to_reference_fx(copy.deepcopy(prepared)))
    job.step("converting")
    job.reached("converted", convert_fx(prepared))


def trace(job: Job) -> GraphModule:
    """Return the graph as ``prepare_fx`` sees it; modules are shared with the model."""
    job.captured_by = "torch.fx"
    _swap_ff_with_fxff(job.model)  # as prepare_fx does first
    return GraphModule(job.model, QuantizationTracer([], []).trace(job.model))


def use_backend(name: str) -> None:
    """Select the engine of quantized kernels.

    Raises:
        QvizError: Unknown, or this machine does not have it.
    """
    if name not in BACKENDS:
        raise QvizError(f"there is no backend {name!r}", f"There are: {', '.join(BACKENDS)}.")
    here = [each for each in BACKENDS if each in torch.backends.quantized.supported_engines]
    if name not in here:
        raise QvizError(f"this machine has no engine {name!r}", f"It has: {', '.join(here)}.")
    torch.backends.quantized.engine = name
