"""Observers and quantizers of the user's own that leave out what torch asks of them, each beside a sound one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch.ao.quantization import QConfig, default_weight_observer
from torch.ao.quantization.observer import MinMaxObserver, ObserverBase, PerChannelMinMaxObserver
from torch.ao.quantization.quantizer import QuantizationAnnotation, QuantizationSpec, Quantizer

from qviz.document.plan import Plan
from qviz.document.snapshot import Snapshot
from qviz.engine.loading.source import Loaded
from qviz.engine.serving.run import run_loaded
from qviz.errors import QvizError
from tests.faults.cases import IMAGE, ROW, STUBS, ran
from tests.faults.models import conv, linear, made

HERE = __name__
FC = made(lambda m, x: m.fc(x), fc=linear())
CONV = made(lambda m, x: m.conv(x), conv=conv(8))
STUBBED = made(lambda m, x: m.dequant(m.fc(m.quant(x))), fc=linear(), **STUBS)


class Sound(ObserverBase):
    def __init__(self, dtype: torch.dtype = torch.quint8, **_: Any) -> None:
        super().__init__(dtype)
        self.most = 1.0
        self.qscheme, self.quant_min, self.quant_max = torch.per_tensor_affine, 0, 255

    def forward(self, x: torch.Tensor) -> Any:
        self.most = max(self.most, float(x.abs().max()))
        return x

    def calculate_qparams(self, **_: Any) -> Any:
        return torch.tensor([self.most / 127]), torch.tensor([128])


class GivesNothing(Sound):
    def forward(self, x: torch.Tensor) -> Any:
        super().forward(x)


class Incomplete(Sound):
    def __init__(self, dtype: torch.dtype = torch.quint8, **_: Any) -> None:
        super().__init__(dtype)
        del self.qscheme


class WithoutPair(Sound):
    def calculate_qparams(self, **_: Any) -> Any:
        return None


class OfPython(Sound):
    def calculate_qparams(self, **_: Any) -> Any:
        return self.most / 127, 128


def qconfig_of(observer: type[Sound]) -> Callable[[], QConfig]:
    return lambda: QConfig(activation=observer.with_args(dtype=torch.quint8), weight=default_weight_observer)


sound, gives_nothing, incomplete = qconfig_of(Sound), qconfig_of(GivesNothing), qconfig_of(Incomplete)
without_pair, of_python = qconfig_of(WithoutPair), qconfig_of(OfPython)


def code_of(snapshot: Snapshot) -> str | None:
    error = snapshot.run.error
    assert error is None or error.roles["subject"]
    return None if error is None else error.code


@pytest.mark.parametrize(
    ("flow", "model", "name", "code"),
    [
        ("fx-static", FC, "sound", None),
        ("eager-static", STUBBED, "sound", None),
        ("fx-static", FC, "gives_nothing", "stop.observer_gave_nothing"),
        ("fx-static", FC, "incomplete", "stop.observer_incomplete"),
        ("fx-static", FC, "without_pair", "stop.observer_qparams"),
        ("eager-static", STUBBED, "without_pair", "stop.observer_qparams"),
        ("eager-static", STUBBED, "of_python", "stop.observer_qparams"),
    ],
)
def test_an_observer_of_the_users_own(flow: str, model: Any, name: str, code: str | None):
    assert code_of(ran(model, flow, [ROW], qconfig=f"{HERE}:{name}", measure=False)()) == code


def spec(observer: Any = MinMaxObserver, qscheme: torch.qscheme = torch.per_tensor_symmetric) -> QuantizationSpec:
    return QuantizationSpec(torch.int8, observer.with_args(), -127, 127, qscheme)


class Annotates(Quantizer):
    def __init__(self, of: Callable[[torch.fx.Node], Any]) -> None:
        super().__init__()
        self.of = of

    def annotate(self, model: torch.fx.GraphModule) -> torch.fx.GraphModule:
        for node in model.graph.nodes:
            if node.target is torch.ops.aten.conv2d.default:
                node.meta["quantization_annotation"] = self.of(node)
        return model

    def validate(self, model: torch.fx.GraphModule) -> None:
        pass


def of_conv(keys: Callable[[Any], Any], weight: Any) -> Callable[[], Quantizer]:
    def of(node: Any) -> QuantizationAnnotation:
        return QuantizationAnnotation({keys(node): spec(), node.args[1]: weight}, spec(), _annotated=True)

    return lambda: Annotates(of)


fit = of_conv(lambda node: node.args[0], spec())
silent = of_conv(lambda node: node.args[0], spec(GivesNothing))
no_axis = of_conv(lambda node: node.args[0], spec(PerChannelMinMaxObserver, torch.per_channel_symmetric))
by_edge = of_conv(lambda node: (node.args[0], node), spec())
of_text = of_conv(lambda node: node.args[0], "int8")


def of_dict() -> Quantizer:
    return Annotates(lambda _: {"input": spec()})


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("fit", None),
        ("silent", "stop.observer_gave_nothing"),
        ("no_axis", "stop.channel_axis"),
        ("by_edge", "stop.annotation_key"),
        ("of_text", "stop.annotation_spec"),
        ("of_dict", "stop.annotation_class"),
    ],
)
def test_an_annotation_of_the_users_own(name: str, code: str | None):
    assert code_of(ran(CONV, "pt2e-static", [IMAGE], quantizer=f"{HERE}:{name}", measure=False)()) == code


@pytest.mark.parametrize("channels", [4, 1])
def test_batches_that_training_makes_of_another_shape(channels: int):
    def train(model: torch.nn.Module) -> None:
        model(torch.randn(2, channels, *IMAGE[2:]))

    wanted = None if channels == 4 else "stop.shapes_differ"
    assert code_of(ran(CONV, "fx-qat", [IMAGE], train=train, measure=False)()) == wanted


def test_bytes_before_a_stub_are_the_datas():
    batches = [(torch.randint(0, 255, ROW, dtype=torch.uint8),)]
    snapshot = ran(STUBBED, "eager-static", [ROW], batches=lambda: batches, measure=False)()
    assert code_of(snapshot) == "stop.dtype_of_data"


@pytest.mark.parametrize(
    ("batch", "words"), [(None, "The data gives NoneType"), (torch.ones(ROW, device="meta"), "on the meta device")]
)
def test_batches_without_values(batch: Any, words: str):
    loaded = Loaded(FC(), (torch.ones(ROW),), [(batch,)])
    with pytest.raises(QvizError) as caught:
        run_loaded(loaded, Plan(source="x", flow="fx-static"), lambda _: None)
    assert words in caught.value.message


@pytest.mark.parametrize(("qconfig", "code"), [(f"{HERE}:sound", "overflows"), (None, None)])
def test_eight_bits_of_an_own_qconfig_are_not_torchs_default(qconfig: str | None, code: str | None):
    snapshot = ran(STUBBED, "eager-static", [ROW], qconfig=qconfig, measure=False)()
    found = [each.code for each in snapshot.findings if each.rule == "reduce_range_mismatch"]
    assert found == ([f"reduce_range_mismatch.{code}"] if code else [])


@pytest.mark.parametrize("factor", [1j, 2.0])
def test_a_complex_number_as_an_operand(factor: complex):
    rotated = made(lambda m, x: torch.view_as_real(torch.view_as_complex(m.fc(x).view(8, 4, 2)) * factor), fc=linear())
    code = "stop.complex_number" if isinstance(factor, complex) else None
    assert code_of(ran(rotated, "pt2e-static", [ROW], measure=False)()) == code


def test_a_complex_buffer_is_no_stop():
    factor = torch.tensor(1j)
    rotated = made(lambda m, x: torch.view_as_real(torch.view_as_complex(m.fc(x).view(8, 4, 2)) * factor), fc=linear())
    assert code_of(ran(rotated, "pt2e-static", [ROW], measure=False)()) is None


def steps(model: torch.nn.Module) -> Any:
    loss = model(torch.randn(ROW)).square().mean()
    loss.backward()
    return loss


def in_half(model: torch.nn.Module) -> None:
    steps(model)
    model.half()


def half_and_back(model: torch.nn.Module) -> None:
    in_half(model)
    model.float()


def replaces(model: torch.nn.Module) -> None:
    steps(model)
    model.fc = torch.nn.Linear(8, 8)


def twice(model: torch.nn.Module) -> None:
    steps(model).backward()


def twice_anew(model: torch.nn.Module) -> None:
    steps(model)
    steps(model)


@pytest.mark.parametrize(
    ("train", "code"),
    [
        (in_half, "stop.trained_in_half"),
        (half_and_back, None),
        (replaces, "stop.replaced_after_prepare"),
        (twice, "stop.backward_twice"),
        (twice_anew, None),
    ],
)
def test_what_a_train_function_does_to_the_model(train: Callable[[torch.nn.Module], None], code: str | None):
    snapshot = ran(FC, "fx-qat", [ROW], train=train, measure=False)()
    assert (snapshot.run.error.code if snapshot.run.error is not None else None) == code
