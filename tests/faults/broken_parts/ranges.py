"""The ranges cannot be right; training left something undone."""

from __future__ import annotations

import warnings

import torch
from torch import nn
from torch.ao.quantization import disable_fake_quant, get_default_qconfig_mapping
from torch.ao.quantization.quantize_fx import convert_fx, prepare_fx

from qviz.document.configuration import Quantizer
from qviz.document.snapshot import Snapshot
from qviz.engine.recording.given_graphs import record_graphs
from tests.faults.cases import GIVEN, IMAGE, ROW, STUBS, Case, ran
from tests.faults.models import conv, linear, made, norm, scaled


def _with_outlier() -> list[tuple[torch.Tensor]]:
    data = torch.randn(200, 8)
    data[0, 0] = 1e4
    return [(data,)]


def _with_infinity() -> list[tuple[torch.Tensor]]:
    data = torch.randn(ROW)
    data[0, 0] = -torch.inf
    return [(torch.randn(ROW),), (data,)]


def _finite() -> list[tuple[torch.Tensor]]:
    """As many batches as are measured."""
    return [(torch.randn(ROW),) for _ in range(4)]


def _with_nan() -> nn.Module:
    layer = nn.Linear(8, 8)
    with torch.no_grad():
        layer.weight[0, 0] = torch.nan
    return layer


def _with_wide_row() -> nn.Module:
    layer = nn.Linear(8, 8)
    with torch.no_grad():
        layer.weight[2] *= 1000
    return layer


def _converted_uncalibrated() -> Snapshot:
    torch.manual_seed(0)
    model = made(lambda m, x: m.fc(x), fc=linear())().eval()
    prepared = prepare_fx(model, get_default_qconfig_mapping("x86"), (torch.randn(ROW),))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch says it here; who gets the graph does not see it
        return record_graphs({"converted": convert_fx(prepared)})


FC = made(lambda m, x: m.fc(x), fc=linear())
RANGES = (
    Case(
        "F no data",
        "never_calibrated",
        ("activation_post_process_0",),
        ran(FC, "fx-static", [ROW], batches=list),
    ),
    Case(
        "F no data, PT2E",
        "never_calibrated",
        ("activation_post_process_0",),
        ran(FC, "pt2e-static", [ROW], batches=list),
    ),
    Case(
        "F no data, eager",
        "never_calibrated",
        ("quant_activation_post_process",),
        ran(made(lambda m, x: m.dequant(m.fc(m.quant(x))), fc=linear(), **STUBS), "eager-static", [ROW], batches=list),
    ),
    Case("F a converted graph in hand", "never_calibrated", ("quantize_per_tensor",), _converted_uncalibrated),
    Case(
        "I outliers",
        "stretched_by_outliers",
        ("activation_post_process_0",),
        ran(FC, "fx-static", [ROW], batches=_with_outlier),
    ),
    Case(
        "I nothing but zeros",
        "degenerate_scale",
        ("quantize_per_tensor",),
        ran(FC, "fx-static", [ROW], batches=lambda: [(torch.zeros(ROW),)]),
    ),
    Case(
        "I values that vanish",
        "degenerate_scale",
        ("activation_post_process_0",),
        ran(FC, "pt2e-static", [ROW], batches=lambda: [(torch.randn(ROW) * 1e-6,)]),
    ),
    Case(
        "I a scale that does not follow the data",
        "saturated_range",
        ("activation_post_process_0",),
        ran(FC, "fx-static", [ROW], qconfig=f"{GIVEN}:fixed_scale"),
    ),
    Case(
        "I infinite values in the calibration data",
        "not_finite",
        ("x",),
        ran(FC, "fx-static", [ROW], qconfig=f"{GIVEN}:min_max", batches=_with_infinity),
    ),
    Case(
        "I nothing but infinite values, at which calibration stops",
        "not_finite",
        ("x",),
        ran(FC, "pt2e-static", [ROW], batches=lambda: [(torch.full(ROW, torch.inf),)]),
    ),
    Case(
        "I data outside the calibrated range",
        "outside_calibration",
        ("activation_post_process_0",),
        ran(FC, "fx-static", [ROW], batches=lambda: [(torch.rand(ROW) / 50,)]),
    ),
    Case(
        "I data in a small part of the calibrated range, eager",
        "range_unused",
        ("quant_activation_post_process",),
        ran(
            made(lambda m, x: m.dequant(m.fc(m.quant(x))), fc=linear(), **STUBS),
            "eager-static",
            [ROW],
            batches=lambda: [(torch.randn(ROW) * 60,)],
        ),
    ),
    Case(
        "I rows that vanish under one scale",
        "uneven_channels",
        ("fc",),
        ran(made(lambda m, x: m.fc(x), fc=_with_wide_row), "fx-dynamic", [ROW]),
    ),
    Case(
        "I nan in a weight",
        "not_finite",
        ("fc",),
        ran(made(lambda m, x: m.fc(x), fc=_with_nan), "fx-static", [ROW]),
    ),
    Case(
        "I infinite values that only calibration met",
        "degenerate_scale",
        ("activation_post_process_0",),
        ran(FC, "fx-static", [ROW], qconfig=f"{GIVEN}:min_max", batches=lambda: [*_finite(), *_with_infinity()[1:]]),
    ),
    Case(
        "I nan born in an operator",
        "not_finite",
        ("log",),
        ran(made(lambda m, x: torch.log(m.fc(x)), fc=linear()), "fx-static", [ROW]),
    ),
    Case(
        "I scales along the inputs of a transposed convolution",
        "wrong_axis",
        ("conv_transpose2d",),
        ran(
            made(lambda m, x: torch.relu(m.up(x)), up=lambda: nn.ConvTranspose2d(4, 6, 2, 2)),
            "pt2e-static",
            [IMAGE],
            quantizer_options=Quantizer(per_channel=True),
        ),
    ),
    Case(
        "I nan in a weight, PT2E",
        "not_finite",
        ("fc_weight",),
        ran(made(lambda m, x: m.fc(x), fc=_with_nan), "pt2e-static", [ROW]),
    ),
    Case(
        "I four bits by mistake",
        "few_levels",
        ("activation_post_process_0", "activation_post_process_1"),
        ran(FC, "fx-static", [ROW], qconfig=f"{GIVEN}:four_bits"),
    ),
    Case(
        "I weights of four bits by mistake",
        "few_levels",
        ("fc",),
        ran(FC, "fx-static", [ROW], qconfig=f"{GIVEN}:four_bit_weights"),
    ),
    Case(
        "I a symmetric range for positive values",
        "levels_unused",
        ("activation_post_process_0",),
        ran(
            FC,
            "fx-static",
            [ROW],
            qconfig=f"{GIVEN}:symmetric_unsigned",
            batches=lambda: [(torch.rand(ROW) * 4,)],
        ),
    ),
    Case(
        "I one loud channel",
        "uneven_channels",
        ("linear",),
        ran(made(lambda m, x: m.fc(x), fc=scaled(linear(), 300.0)), "pt2e-static", [ROW]),
    ),
    Case(
        "I one loud channel, qnnpack",
        "uneven_channels",
        ("fc",),
        ran(made(lambda m, x: m.fc(x), fc=scaled(linear(), 300.0)), "fx-static", [ROW], backend="qnnpack"),
    ),
    Case(
        "I activations in 8 bits on x86",
        "reduce_range_mismatch",
        ("activation_post_process_0",),
        ran(FC, "fx-static", [ROW], qconfig=f"{GIVEN}:qnnpack_mapping"),
    ),
    Case(
        "I activations in 7 bits on onednn",
        "reduce_range_mismatch",
        ("activation_post_process_0",),
        ran(FC, "fx-static", [ROW], qconfig=f"{GIVEN}:x86_mapping", backend="onednn"),
    ),
)


def _without_fake_quant(model: nn.Module) -> None:
    model.apply(disable_fake_quant)
    model(torch.randn(ROW))


def _in_training() -> nn.Module:
    model = made(lambda m, x: m.bn(m.conv(x).relu()), conv=conv(), bn=norm)().train()
    torch._dynamo.reset()
    return torch.export.export(model, (torch.randn(IMAGE),), strict=True).module()


TRAINING = (
    Case("I batch norm trained on", "mode_kept", ("batch_norm",), ran(_in_training, "pt2e-static")),
    Case(
        "I fake-quants off",
        "switched_off",
        ("activation_post_process_0",),
        ran(FC, "fx-qat", [ROW], train=_without_fake_quant),
    ),
)
