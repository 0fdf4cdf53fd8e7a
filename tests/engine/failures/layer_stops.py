"""Layers that a step of torch stops at, each as torch raises it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import nn
from torch.ao.quantization import (
    QConfigMapping,
    QuantWrapper,
    convert,
    fuse_modules,
    get_default_qat_qconfig,
    get_default_qconfig,
    move_exported_model_to_eval,
    prepare,
    prepare_qat,
    quantize_dynamic,
)
from torch.ao.quantization.quantize_fx import convert_fx, prepare_fx
from torch.ao.quantization.quantize_pt2e import convert_pt2e, prepare_pt2e, prepare_qat_pt2e
from torch.ao.quantization.quantizer import x86_inductor_quantizer as x86
from torch.ao.quantization.quantizer import xnnpack_quantizer as xnnpack
from torch.ao.quantization.quantizer.quantizer import Quantizer
from torch.fx import symbolic_trace

from qviz.engine.flows.qat_patterns import only_possible

IMAGE = torch.ones(1, 3, 8, 8)


@torch.jit.script
def _swish(x: torch.Tensor) -> torch.Tensor:
    return x * torch.sigmoid(x)


class _Scripted(nn.Linear):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return _swish(super().forward(x))


def _attention() -> Any:
    model: Any = nn.Sequential(nn.MultiheadAttention(8, 2)).train()
    model.qconfig = get_default_qat_qconfig("x86")
    return prepare_qat(model)


def _prelu() -> Any:
    model: Any = QuantWrapper(nn.Sequential(nn.Conv2d(3, 4, 3), nn.PReLU(4))).eval()
    model.qconfig = get_default_qconfig("x86")
    prepared = prepare(model)
    prepared(IMAGE)
    return convert(prepared)


def _parametrized() -> Any:
    return quantize_dynamic(nn.Sequential(nn.utils.parametrizations.weight_norm(nn.Linear(4, 4))))


def _parametrized_convolution(qat: bool) -> Any:
    model: Any = nn.Sequential(nn.utils.parametrizations.weight_norm(nn.Conv2d(3, 4, 3))).train(qat)
    model.qconfig = get_default_qat_qconfig("x86") if qat else get_default_qconfig("x86")
    if qat:
        return prepare_qat(model)
    prepared = prepare(model)
    prepared(IMAGE)
    return convert(prepared)


def _valid_padding() -> Any:
    model: Any = nn.Sequential(nn.Conv2d(3, 4, 3, padding="valid")).eval()
    model.qconfig = get_default_qconfig("x86")
    prepared = prepare(model)
    prepared(IMAGE)
    return convert(prepared)


def _spectral_norm() -> Any:
    layer = nn.utils.parametrizations.spectral_norm(nn.Conv2d(3, 4, 3))
    return torch.export.export(nn.Sequential(layer).train(), (IMAGE,), strict=True)


class _Average(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("average", torch.zeros(4))
        self.average: torch.Tensor

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.average = 0.9 * self.average + x.mean(0)
        return x - self.average


class _SumOfSizes(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return (x + 1).view(x.size()[:-1] + (2, 2))  # noqa: RUF005 - this is what models write


def _size_observed() -> Any:
    mapping = QConfigMapping().set_global(get_default_qconfig("x86"))
    return prepare_fx(_SumOfSizes().eval(), mapping, (torch.ones(2, 4),))(torch.ones(2, 4))


def _exported(model: nn.Module, quantizer: Quantizer, x: torch.Tensor) -> Any:
    captured: Any = torch.export.export(model.eval(), (x,), strict=True).module()
    return prepare_pt2e(captured, quantizer)


def _same_padding() -> Any:
    quantizer = x86.X86InductorQuantizer().set_global(x86.get_default_x86_inductor_quantization_config())
    return _exported(nn.Sequential(nn.Conv2d(3, 4, 3, padding="same")), quantizer, IMAGE)


class _Recurrent(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.recurrent = nn.GRU(8, 8)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.recurrent(x)[0]


def _gru() -> Any:
    quantizer = xnnpack.XNNPACKQuantizer().set_global(xnnpack.get_symmetric_quantization_config())
    return _exported(_Recurrent(), quantizer, torch.ones(2, 3, 8))


class _SharedNorm(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.one, self.two, self.norm = nn.Conv2d(3, 4, 3), nn.Conv2d(4, 4, 3), nn.BatchNorm2d(4)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.norm(self.two(self.norm(self.one(x))))


def _shared_norm() -> Any:
    quantizer = xnnpack.XNNPACKQuantizer().set_global(xnnpack.get_symmetric_quantization_config(is_qat=True))
    captured: Any = torch.export.export(_SharedNorm().train(), (IMAGE,), strict=True).module()
    with only_possible():  # as a run does: a quarter of the time
        prepared = prepare_qat_pt2e(captured, quantizer)
        prepared(IMAGE)
        move_exported_model_to_eval(prepared)
        return convert_pt2e(prepared)


class OwnNorm(nn.BatchNorm2d):
    """Derived from torch's, and no more."""


def _traced_norm() -> Any:
    return symbolic_trace(nn.Sequential(nn.Conv2d(3, 4, 3), OwnNorm(4)))


def _computed_weight() -> Any:
    quantizer = xnnpack.XNNPACKQuantizer().set_global(xnnpack.get_symmetric_quantization_config())
    layer = nn.utils.parametrizations.weight_norm(nn.Conv2d(3, 4, 3))
    return _exported(nn.Sequential(layer, nn.BatchNorm2d(4)), quantizer, IMAGE)


class _Packs(nn.Module):
    def forward(self, x: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
        return nn.utils.rnn.pack_padded_sequence(x, lengths, batch_first=True).data


def _transposed_groups() -> Any:
    return fuse_modules(nn.Sequential(nn.ConvTranspose2d(8, 8, 2, groups=4), nn.BatchNorm2d(8)).eval(), ["0", "1"])


def _without_statistics() -> Any:
    model = nn.Sequential(nn.Conv2d(3, 4, 3, bias=False), nn.BatchNorm2d(4, track_running_stats=False)).eval()
    exported: Any = torch.export.export(model, (IMAGE,)).module()
    return prepare_pt2e(exported, xnnpack.XNNPACKQuantizer())


class _LeavesOut(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(4, 3, 3, 3))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return nn.functional.conv2d(x, self.weight)


def _left_out_arguments() -> Any:
    prepared = prepare_fx(_LeavesOut().eval(), QConfigMapping().set_global(get_default_qconfig("x86")), (IMAGE,))
    prepared(IMAGE)
    return convert_fx(prepared)


LAYER_STOPS: tuple[tuple[str, Callable[[], Any]], ...] = (
    ("attention_projection", _attention),
    ("prelu_per_channel", _prelu),
    ("parametrized_dynamic", _parametrized),
    ("parametrized_dynamic", lambda: _parametrized_convolution(qat=True)),
    ("parametrized_dynamic", lambda: _parametrized_convolution(qat=False)),
    ("out_with_gradient", _spectral_norm),
    ("trace_buffer_assigned", lambda: symbolic_trace(_Average())),
    ("shape_observed", _size_observed),
    ("padding_without_kernel", _valid_padding),
    ("padding_in_words", _same_padding),
    ("gru_annotator", _gru),
    ("shared_batch_norm", _shared_norm),
    ("trace_norm_subclass", _traced_norm),
    ("packed_sequence", lambda: symbolic_trace(_Packs())),
    ("fuse_transposed_groups", _transposed_groups),
    ("parameter_written", lambda: nn.Linear(4, 4).weight.mul_(2)),
    ("reshape_fixed", lambda: torch.ones(4, 3).reshape(2, 3)),
    ("trace_script_function", lambda: symbolic_trace(nn.Sequential(_Scripted(4, 4)))),
    ("computed_weight", _computed_weight),
    ("batch_norm_without_statistics", _without_statistics),
    ("convolution_arguments", _left_out_arguments),
)
