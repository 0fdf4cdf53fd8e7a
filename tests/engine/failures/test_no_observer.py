"""Parts of a qconfig, or of a QuantizationSpec, that make no observer; the same places with one go through."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
import torch
from torch import nn
from torch.ao.quantization import QConfig, default_observer, default_weight_observer
from torch.ao.quantization.observer import MinMaxObserver
from torch.ao.quantization.qconfig import default_weight_only_qconfig
from torch.ao.quantization.quantizer import QuantizationAnnotation, QuantizationSpec, Quantizer

from qviz.document.snapshot import RunError
from tests.engine.failures.test_own_parts import Annotates
from tests.faults.cases import IMAGE, ROW, STUBS, ran
from tests.faults.models import conv, linear, made

HERE = __name__
FC = made(lambda m, x: m.fc(x), fc=linear())
STUBBED = made(lambda m, x: m.dequant(m.fc(m.quant(x))), fc=linear(), **STUBS)
CONV = made(lambda m, x: m.conv(x), conv=conv(8))


class WithDtype(nn.Module):
    dtype = torch.quint8
    is_dynamic = False

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x


def of(activation: Any, weight: Any = default_weight_observer) -> Callable[[], QConfig]:
    return lambda: QConfig(activation, weight)


relu, plain, name, none = of(nn.ReLU), of(WithDtype), of(lambda: "MinMaxObserver"), of(None)
weight_identity, weight_relu = of(default_observer, nn.Identity), of(default_observer, nn.ReLU)
weight_none = of(default_observer, None)
sound = of(partial(MinMaxObserver, dtype=torch.quint8), partial(MinMaxObserver, dtype=torch.qint8))
weight_only = of(default_weight_only_qconfig.activation, default_weight_observer)


def stop(model: Any, flow: str, shape: tuple[int, ...], **options: str) -> RunError | None:
    given: dict[str, Any] = {key: f"{HERE}:{each}" for key, each in options.items()}
    train = (lambda model: model(torch.ones(shape))) if flow.endswith("qat") else None
    return ran(model, flow, [shape], train=train, measure=False, **given)().run.error


@pytest.mark.parametrize(
    ("flow", "name", "part", "class_"),
    [
        ("fx-static", "relu", "activation", "ReLU"),
        ("fx-static", "plain", "activation", "WithDtype"),
        ("fx-dynamic", "name", "activation", "str"),
        ("fx-static", "none", "activation", "NoneType"),
        ("fx-static", "weight_identity", "weight", "Identity"),
        ("fx-static", "weight_none", "weight", "NoneType"),
        ("fx-qat", "weight_relu", "weight", "ReLU"),
        ("eager-static", "relu", "activation", "ReLU"),
        ("eager-static", "none", "activation", "NoneType"),
        ("eager-static", "weight_identity", "weight", "Identity"),
        ("eager-qat", "weight_relu", "weight", "ReLU"),
    ],
)
def test_a_part_of_the_qconfig_that_makes_no_observer(flow: str, name: str, part: str, class_: str):
    error = stop(STUBBED if flow.startswith("eager") else FC, flow, ROW, qconfig=name)
    assert error is not None
    assert (error.code, error.args["part"], error.args["class"]) == ("stop.no_observer", part, class_)
    assert error.roles["subject"]
    assert f"QConfig({part}=…)" in error.hint


@pytest.mark.parametrize(("flow", "model"), [("fx-static", FC), ("eager-static", STUBBED)])
def test_a_factory_of_another_kind_is_no_fault(flow: str, model: Any):
    assert stop(model, flow, ROW, qconfig="sound") is None


def test_what_qconfigs_for_weights_alone_have_is_told_as_that():
    error = stop(FC, "fx-static", ROW, qconfig="weight_only")
    assert error is not None
    assert error.code == "stop.weight_only_qconfig"


def quantizer(maker: Any) -> Callable[[], Quantizer]:
    spec = QuantizationSpec(torch.int8, maker, -128, 127, torch.per_tensor_affine)

    def of(node: Any) -> QuantizationAnnotation:
        return QuantizationAnnotation({node.args[0]: spec}, _annotated=True)

    return lambda: Annotates(of)


of_relu, of_instance, of_function = (
    quantizer(nn.ReLU),
    quantizer(MinMaxObserver()),
    quantizer(lambda: MinMaxObserver(eps=1e-6)),
)
of_class, of_wrapper = quantizer(MinMaxObserver), quantizer(MinMaxObserver.with_args(eps=1e-6))


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("of_relu", "stop.spec_without_observer"),
        ("of_instance", "stop.spec_of_instance"),
        ("of_function", "stop.spec_without_observer"),
        ("of_class", None),
        ("of_wrapper", None),
    ],
)
def test_what_a_quantization_spec_makes_its_observers_by(name: str, code: str | None):
    error = stop(CONV, "pt2e-static", IMAGE, quantizer=name)
    assert (error and error.code) == code
