"""Public reports about torch's quantization, each rebuilt as a small model; docs/field-reports.md logs them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from torch import nn
from torch.ao.quantization import DeQuantStub, QConfigMapping, QuantStub, get_default_qconfig
from torch.ao.quantization.quantize_fx import convert_fx, prepare_fx

import qviz
from qviz.document.configuration import Factory, QConfig, Rule
from qviz.document.plan import Plan
from qviz.document.snapshot import Snapshot
from tests.field_reports import more_models as more
from tests.field_reports import newer_models as newer

ROWS = torch.randn(2, 5, 16, generator=torch.Generator().manual_seed(5))
IMAGE = torch.randn(4, 3, 16, 16, generator=torch.Generator().manual_seed(3))


class Stubbed(nn.Module):
    """Quantized between stubs, as eager mode wants it."""

    def __init__(self, inside: nn.Module) -> None:
        super().__init__()
        self.quant, self.inside, self.dequant = QuantStub(), inside, DeQuantStub()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.dequant(self.inside(self.quant(x)))


class Skip(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv, self.relu, self.last = nn.Conv2d(3, 8, 3, padding=1), nn.ReLU(), nn.Conv2d(8, 8, 3, padding=1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.relu(self.conv(x))
        return self.last(y) + y


class Tokens(nn.Module):
    """Looks words up before its stub; the qconfig of the whole holds for the embedding, too."""

    def __init__(self) -> None:
        super().__init__()
        self.words, self.fc = nn.Embedding(50, 8), nn.Linear(8, 4)
        self.quant, self.dequant = QuantStub(), DeQuantStub()

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        return self.dequant(self.fc(self.quant(self.words(tokens)).mean(1)))


class Upsampler(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv, self.up = nn.Conv2d(3, 8, 3), nn.ConvTranspose2d(8, 8, 2, stride=2, groups=8)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.up(torch.relu(self.conv(x)))


def small() -> nn.Module:
    """Return a convolution and a linear."""
    return nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 4))


def inspected(make: Callable[[], nn.Module], flow: str, inputs: Any = IMAGE, **given: Any) -> Callable[[], Snapshot]:
    """Return what runs a flow on a new model."""

    def run() -> Snapshot:
        torch.manual_seed(0)
        call = inputs if isinstance(inputs, tuple) else (inputs,)
        return qviz.inspect(make().eval(), call, flow=flow, **given).document

    return run


def never_calibrated() -> Snapshot:
    """Convert without a single batch."""
    torch.manual_seed(0)
    mapping = QConfigMapping().set_global(get_default_qconfig("fbgemm"))
    prepared = prepare_fx(nn.Sequential(nn.Linear(5, 5)).eval(), mapping, (torch.rand(1, 5),))
    return qviz.snapshot({"converted": convert_fx(prepared)}).document


def without_rounding(model: nn.Module) -> None:
    """Train, and turn the fake-quants off on the way while the observers go on."""
    for step in range(3):
        model(IMAGE).square().sum().backward()
        if step == 1:
            model.apply(torch.ao.quantization.disable_fake_quant)
        with torch.no_grad():
            for each in model.parameters():
                each.mul_(3.0)


def _observed(weight: str, **activation: Any) -> tuple[Rule, ...]:
    """Return a rule for the whole model, with observers."""
    return (
        Rule("global", qconfig=QConfig(activation=Factory("HistogramObserver", activation), weight=Factory(weight))),
    )


def _encoder() -> nn.Module:
    layer = nn.TransformerEncoderLayer(16, 2, 32, batch_first=True)
    return nn.TransformerEncoder(layer, 2)


class Report(NamedTuple):
    """A public report, and what qviz must say of it first.

    Attributes:
        run: Runs a flow on the model, or takes graphs that torch has made.
        rule: Of the first finding.
        words: What its message, reason and hint must hold.
    """

    name: str
    run: Callable[[], Snapshot]
    rule: str
    words: tuple[str, ...]


_FAKE_QUANTS_MISSING = _observed("default_per_channel_weight_observer", reduce_range=True)
_WHOLE_RANGE = _observed("default_weight_observer")
REPORTS = (
    Report("pytorch/pytorch#123824", never_calibrated, "never_calibrated", ("saw no data", "Calibrate")),
    Report("pytorch/pytorch#133087", inspected(small, "eager-static"), "missing_quant_stub", ("QuantStub",)),
    Report(
        "pytorch/pytorch#98596",
        inspected(lambda: Stubbed(Skip()), "eager-static"),
        "converted_does_not_run",
        ("aten::add.out", "FloatFunctional"),
    ),
    Report(
        "pytorch/pytorch#117920",
        inspected(Tokens, "eager-static", torch.arange(24).reshape(4, 6)),
        "stopped",
        ("embeddings", "float_qparams_weight_only_qconfig"),
    ),
    Report(
        "pytorch/pytorch#120983",
        inspected(small, "fx-qat", plan=Plan(flow="fx-qat", rules=_FAKE_QUANTS_MISSING)),
        "qat_without_fake_quant",
        ("nothing was rounded", "get_default_qat_qconfig_mapping"),
    ),
    Report(
        "pytorch/ao#2138",
        inspected(small, "fx-qat", train=without_rounding),
        "switched_off",
        ("fake_quant_enabled", "enable_fake_quant"),
    ),
    Report(
        "pytorch/pytorch#70480",
        inspected(small, "fx-dynamic"),
        "dynamic_on_convolutions",
        ("in float", "static flow"),
    ),
    Report(
        "pytorch/pytorch#44939",
        inspected(
            small,
            "fx-static",
            plan=Plan(flow="fx-static", backend="fbgemm", rules=_observed("default_weight_observer")),
        ),
        "reduce_range_mismatch",
        ("16 bits", "overflows", "reduce_range"),
    ),
    Report(
        "alibaba/TinyNeuralNetwork#153",
        inspected(lambda: Stubbed(Stubbed(nn.Conv2d(3, 8, 3))), "eager-static"),
        "converted_does_not_run",
        ("quantize_per_tensor", "Remove this QuantStub"),
    ),
    Report(
        "pytorch/pytorch#47535",
        inspected(lambda: Stubbed(Upsampler()), "eager-static"),
        "stopped",
        ("transposed convolutions", "per-tensor"),
    ),
    Report(
        "pytorch/pytorch#32764",
        inspected(_encoder, "eager-dynamic", IMAGE[:2, 0, :5]),
        "converted_does_not_run",
        ("weight", "set_fastpath_enabled"),
    ),
    Report(
        "pytorch/pytorch#33433",
        inspected(more.Block, "eager-dynamic", ROWS),
        "nothing_quantized",
        ("Projection holds", "by its exact type", "torch.nn.Linear"),
    ),
    Report(
        "pytorch/pytorch#44782",
        inspected(lambda: Stubbed(more.Functional()), "eager-static"),
        "converted_does_not_run",
        ("QuantizedCPU", "torch.nn.Conv2d instead of the function conv2d"),
    ),
    Report(
        "pytorch/pytorch#74842",
        inspected(more.Detector, "fx-static"),
        "stopped",
        ("a branch", "torch.where", "pt2e-static"),
    ),
    Report(
        "pytorch/pytorch#108224",
        inspected(more.Gated, "fx-qat", plan=Plan(flow="fx-qat", backend="qnnpack")),
        "converted_does_not_run",
        ("QNNPACK refuses add", "scales", "backend x86"),
    ),
    Report(
        "pytorch/executorch#10104",
        inspected(more.Recurrent, "pt2e-static", ROWS),
        "stopped",
        ("initial state", "both its outputs", "set_module_type"),
    ),
    Report(
        "pytorch/ao#2980",
        inspected(more.Slow, "pt2e-qat"),
        "setting_rewritten",
        ("momentum", "0.1", "0.03"),
    ),
    Report(
        "pytorch/pytorch#76304",
        inspected(lambda: nn.Sequential(nn.Conv2d(3, 8, 3, padding="valid"), nn.ReLU()), "fx-static"),
        "stopped",
        ("padding as numbers", "'valid' 0"),
    ),
    Report(
        "pytorch/pytorch#160095",
        inspected(small, "pt2e-static", plan=Plan(flow="pt2e-static", quantizer="x86_inductor", strict=False)),
        "quantizer_needs_strict_capture",
        ("non-strict", "source_fn_stack", "xnnpack"),
    ),
    Report(
        "huggingface/transformers#21839",
        inspected(more.FeedForward, "eager-dynamic", ROWS),
        "converted_does_not_run",
        ("'function' object has no attribute 'dtype'", "weight", "a method of quantized modules"),
    ),
    Report(
        "pytorch/pytorch#58969",
        inspected(more.Attends, "eager-dynamic", ROWS),
        "layer_in_float",
        ("projections", "scaled_dot_product_attention"),
    ),
    Report(
        "pytorch/pytorch#74953",
        inspected(more.Projected, "eager-dynamic", torch.ones(5, 2, 12)),
        "converted_does_not_run",
        ("packB", "proj_size"),
    ),
    Report(
        "pytorch/pytorch#180995",
        inspected(more.upsampling, "fx-static", torch.ones(1, 8, 4, 4)),
        "stopped",
        ("as if it had one group", "nn.Identity()"),
    ),
    Report(
        "pytorch/executorch#8138",
        inspected(more.Products, "pt2e-static", (torch.ones(4, 8), torch.ones(8, 4))),
        "nothing_quantized",
        ("matmul", "annotated none"),
    ),
    Report(
        "pytorch/pytorch#142035",
        inspected(more.Tied, "pt2e-static", torch.arange(24).reshape(4, 6)),
        "tied_weights_split",
        ("one tied weight", "in float"),
    ),
    Report(
        "pytorch/pytorch#40759",
        inspected(lambda: Stubbed(newer.Softmax()), "eager-static", ROWS),
        "converted_does_not_run",
        ("aten::_softmax.out", "DeQuantStub before"),
    ),
    Report(
        "pytorch/executorch#20517",
        inspected(newer.Padded, "pt2e-static", torch.ones(1, 256)),
        "padding_outside_patterns",
        ("padding='same'", "as numbers"),
    ),
    Report(
        "pytorch/ao#4292",
        inspected(small, "pt2e-dynamic", plan=Plan(flow="pt2e-dynamic", quantizer="x86_inductor")),
        "dynamic_on_convolutions",
        ("no kernel for dynamic convolutions", "static flow"),
    ),
    Report(
        "pytorch/pytorch#87685",
        inspected(newer.Named, "fx-static"),
        "stopped",
        ("by position", "torch.add(x, y)"),
    ),
    Report(
        "alibaba/TinyNeuralNetwork#159",
        inspected(newer.Pooled, "fx-qat", IMAGE[:1]),
        "stopped",
        ("one value per channel", "two samples"),
    ),
    Report(
        "neuralmagic/sparseml#423",
        inspected(newer.Siamese, "pt2e-static", (IMAGE, IMAGE.flip(-1))),
        "layer_in_float",
        ("took a parameter of it with conv2d", "copy.deepcopy"),
    ),
)
