"""FX graph mode: trace, fuse, prepare, calibrate, convert."""

from __future__ import annotations

import copy
from collections.abc import Callable

import torch
from torch.ao.quantization import (
    QConfigMapping,
    default_dynamic_qconfig,
    float16_dynamic_qconfig,
    float_qparams_weight_only_qconfig,
    float_qparams_weight_only_qconfig_4bit,
    get_default_qat_qconfig_mapping,
    get_default_qconfig_mapping,
)
from torch.ao.quantization.fx.tracer import QuantizationTracer
from torch.ao.quantization.quantize_fx import (
    _fuse_fx,
    _swap_ff_with_fxff,
    convert_fx,
    convert_to_reference_fx,
    fuse_fx,
    prepare_fx,
    prepare_qat_fx,
)
from torch.fx import GraphModule, symbolic_trace

from qviz.document.plan import BACKENDS, WeightDtype
from qviz.engine.job import Job
from qviz.errors import QvizError


def static(job: Job) -> None:
    """Run ``prepare_fx``, calibration and ``convert_fx``."""
    use_backend(job.plan.backend)
    _quantize(job, get_default_qconfig_mapping(job.plan.backend), job.calibrate)


def dynamic(job: Job) -> None:
    """Run ``prepare_fx`` and ``convert_fx`` with a dynamic qconfig: ranges are computed when the model runs."""
    use_backend(job.plan.backend)
    _quantize(job, QConfigMapping().set_global(default_dynamic_qconfig), job.prepared)


def weight_only(job: Job) -> None:
    """Run ``prepare_fx`` and ``convert_fx`` for embeddings in 8 or 4 bits, or Linear in float16."""
    use_backend(job.plan.backend)
    _quantize(job, _weight_only_mapping(job.plan.weight_dtype), job.prepared)


def qat(job: Job) -> None:
    """Run ``prepare_qat_fx``, training and ``convert_fx``."""
    use_backend(job.plan.backend)
    job.model.train()
    _quantize(job, get_default_qat_qconfig_mapping(job.plan.backend), job.train, is_qat=True)


def fuse(job: Job) -> None:
    """Run ``fuse_fx``."""
    job.step("capturing")
    job.reached("captured", symbolic_trace(job.model))
    job.step("fusing")
    job.reached("fused", fuse_fx(job.model))


def _quantize(job: Job, mapping: QConfigMapping, observe: Callable[[GraphModule], None], is_qat: bool = False) -> None:
    job.step("capturing")
    captured = trace(job)
    job.reached("captured", captured)
    job.step("fusing")
    # prepare_fx fuses what its own tracer gives, in which observers stay whole; fuse_fx traces in another way.
    job.reached("fused", _fuse_fx(captured, is_qat))
    job.step("preparing")
    prepared = (prepare_qat_fx if is_qat else prepare_fx)(job.model, mapping, job.inputs)
    observe(prepared)
    if job.plan.reference:
        job.step("converting to the reference")
        job.reached("reference", convert_to_reference_fx(copy.deepcopy(prepared)))
    job.step("converting")
    job.reached("converted", convert_fx(prepared))


def _weight_only_mapping(dtype: WeightDtype) -> QConfigMapping:
    mapping = QConfigMapping()
    if dtype == "float16":
        return mapping.set_object_type(torch.nn.Linear, float16_dynamic_qconfig)
    qconfig = float_qparams_weight_only_qconfig if dtype == "quint8" else float_qparams_weight_only_qconfig_4bit
    return mapping.set_object_type(torch.nn.Embedding, qconfig).set_object_type(torch.nn.EmbeddingBag, qconfig)


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
