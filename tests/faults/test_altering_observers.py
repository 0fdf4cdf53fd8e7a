"""Observers of one's own that hand on something else than they are given, beside some that round as conversion does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch.ao.quantization import QConfig, default_weight_observer
from torch.ao.quantization.observer import MinMaxObserver
from torch.ao.quantization.quantizer import QuantizationAnnotation, QuantizationSpec, Quantizer

from qviz.document.snapshot import Finding, Snapshot
from tests.engine.failures.test_own_parts import Annotates, Sound
from tests.faults.cases import IMAGE, ROW, STUBS, ran
from tests.faults.models import conv, linear, made

HERE = __name__
FC = made(lambda m, x: m.fc2(m.fc(x)), fc=linear(), fc2=linear())
CONV = made(lambda m, x: m.conv(x), conv=conv(8))
STUBBED = made(lambda m, x: m.dequant(m.fc(m.quant(x))), fc=linear(), **STUBS)


class Doubles(MinMaxObserver):
    def forward(self, x: Any) -> Any:
        return super().forward(x) * 2


class Clamps(MinMaxObserver):
    """Keeps the whole range, and cuts what it hands on in place."""

    def forward(self, x: Any) -> Any:
        super().forward(x)
        return x.clamp_(-0.1, 0.1)


class Widens(Sound):
    def forward(self, x: Any) -> Any:
        return super().forward(x).double()


class Rounds(MinMaxObserver):
    """Hands on what the converted model will compute with: a fake-quant that is derived from no class of torch's."""

    def forward(self, x: Any) -> Any:
        super().forward(x)
        scale, zero_point = self.calculate_qparams()
        return torch.fake_quantize_per_tensor_affine(x, scale, zero_point, self.quant_min, self.quant_max)


class Narrow(MinMaxObserver):
    """Cuts at its own range, as the converted model will."""

    def forward(self, x: Any) -> Any:
        cut = x.clamp(-0.5, 0.5)
        super().forward(cut)
        return cut


class Copies(MinMaxObserver):
    def forward(self, x: Any) -> Any:
        return super().forward(x).clone()


def qconfig_of(observer: Any) -> Callable[[], QConfig]:
    return lambda: QConfig(observer.with_args(dtype=torch.quint8, reduce_range=True), default_weight_observer)


doubles, clamps, other_type, rounds, narrow, copies = map(qconfig_of, (Doubles, Clamps, Widens, Rounds, Narrow, Copies))


def quantizer_of(observer: Any) -> Callable[[], Quantizer]:
    spec = QuantizationSpec(torch.int8, observer, -128, 127, torch.per_tensor_affine)

    def of(node: Any) -> QuantizationAnnotation:
        return QuantizationAnnotation({node.args[0]: spec, node.args[1]: spec}, _annotated=True)

    return lambda: Annotates(of)


exported, exported_copies = quantizer_of(Doubles), quantizer_of(Copies)


def told(snapshot: Snapshot) -> list[Finding]:
    return [each for each in snapshot.findings if each.rule == "observer_alters"]


@pytest.mark.parametrize(
    ("flow", "model", "shape", "given", "nodes"),
    [
        ("fx-static", FC, ROW, {"qconfig": "doubles"}, {f"activation_post_process_{at}" for at in range(3)}),
        ("fx-static", FC, ROW, {"qconfig": "clamps"}, {f"activation_post_process_{at}" for at in range(3)}),
        (
            "eager-static",
            STUBBED,
            ROW,
            {"qconfig": "doubles"},
            {"quant_activation_post_process", "fc_activation_post_process"},
        ),
        ("fx-qat", FC, ROW, {"qconfig": "doubles"}, {f"activation_post_process_{at}" for at in range(3)}),
        (
            "pt2e-static",
            CONV,
            IMAGE,
            {"quantizer": "exported"},
            {"activation_post_process_0", "activation_post_process_1"},
        ),
    ],
)
def test_values_that_an_observer_alters(
    flow: str, model: Any, shape: tuple[int, ...], given: dict[str, str], nodes: set[str]
):
    options: dict[str, Any] = {key: f"{HERE}:{name}" for key, name in given.items()}
    snapshot = ran(model, flow, [shape], train=train if flow == "fx-qat" else None, **options)()
    assert snapshot.run.error is None
    (found,) = told(snapshot)
    assert (found.code, found.stage, set(found.nodes)) == ("observer_alters", "prepared", nodes)
    assert snapshot.findings[0] is found


def train(model: torch.nn.Module) -> None:
    model(torch.randn(ROW))


def test_another_type_is_the_cause_of_what_stops_behind_it():
    snapshot = ran(FC, "fx-static", [ROW], qconfig=f"{HERE}:other_type")()
    (found,) = told(snapshot)
    assert found.code == "observer_alters.form"
    assert "returns float64[8, 8] where it is given float32[8, 8]" in found.message
    stop = next(each for each in snapshot.findings if each.rule == "stopped")
    assert stop.because_of is not None
    assert stop.because_of.rule == "observer_alters"


@pytest.mark.parametrize("name", ["rounds", "narrow", "copies"])
def test_what_conversion_does_too_is_no_fault(name: str):
    for flow, model in (("fx-static", FC), ("eager-static", STUBBED)):
        assert not told(ran(model, flow, [ROW], qconfig=f"{HERE}:{name}", measure=False)())
    assert not told(ran(CONV, "pt2e-static", [IMAGE], quantizer=f"{HERE}:exported_copies", measure=False)())
