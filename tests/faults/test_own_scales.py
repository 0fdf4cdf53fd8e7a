"""What observers and quantizers of the user's own may give, and torch's never do; each beside a sound one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn
from torch.ao.quantization import QConfig, default_weight_observer
from torch.ao.quantization.quantizer import QuantizationAnnotation, Quantizer

from qviz.document.snapshot import Finding, Level, Snapshot
from tests.engine.failures.test_own_parts import Annotates, Sound, spec
from tests.faults.cases import IMAGE, ROW, STUBS, ran
from tests.faults.models import conv, linear, made

HERE = __name__
FC = made(lambda m, x: m.fc(x), fc=linear())
CONV = made(lambda m, x: m.conv(x), conv=conv(8))
STUBBED = made(lambda m, x: m.dequant(m.fc(m.quant(x))), fc=linear(), **STUBS)


class Negative(Sound):
    def calculate_qparams(self, **_: Any) -> Any:
        return torch.tensor([-self.most / 127]), torch.tensor([128])


class Zero(Sound):
    def calculate_qparams(self, **_: Any) -> Any:
        return torch.tensor([0.0]), torch.tensor([128])


class Outside(Sound):
    def calculate_qparams(self, **_: Any) -> Any:
        return torch.tensor([self.most / 127]), torch.tensor([300])


def qconfig_of(observer: type[Sound]) -> Callable[[], QConfig]:
    return lambda: QConfig(activation=observer.with_args(dtype=torch.quint8), weight=default_weight_observer)


sound, negative, zero, outside = (qconfig_of(each) for each in (Sound, Negative, Zero, Outside))


def loud(snapshot: Snapshot) -> list[Finding]:
    return [each for each in snapshot.findings if each.level is not Level.INFO and each.because_of is None]


@pytest.mark.parametrize(("flow", "model"), [("fx-static", FC), ("eager-static", STUBBED)])
@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("negative", "degenerate_scale.not_positive"),
        ("zero", "degenerate_scale.not_positive"),
        ("outside", "converted_does_not_run.zero_point"),
        ("sound", None),
    ],
)
def test_a_scale_that_no_observer_of_torch_gives(flow: str, model: Any, name: str, code: str | None):
    found = ran(model, flow, [ROW], qconfig=f"{HERE}:{name}")().findings
    assert (found[0].code == code) if code else all(each.rule != "degenerate_scale" for each in found)
    assert "degenerate_scale.all_zeros" not in {each.code for each in found}


def of_conv(*edges: int, own: bool = False, out: bool = False) -> Callable[[], Quantizer]:
    """Annotate these inputs of a convolution, the weight itself, and the output."""

    def of(node: Any) -> QuantizationAnnotation:
        if own:
            node.args[1].meta["quantization_annotation"] = QuantizationAnnotation({}, spec(), _annotated=True)
        asked: dict[Any, Any] = {node.args[at]: spec() for at in edges}
        return QuantizationAnnotation(asked, spec() if out else None, _annotated=True)

    return lambda: Annotates(of)


both, weight_alone, activation_alone = of_conv(0, 1), of_conv(1), of_conv(0)
output_alone, weight_twice, nothing = of_conv(out=True), of_conv(0, 1, own=True), of_conv()


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("both", None),
        ("weight_alone", "nothing_quantized.partly_observed"),
        ("activation_alone", "nothing_quantized.partly_observed"),
        ("output_alone", "nothing_quantized.partly_observed"),
        ("nothing", "nothing_quantized.not_observed"),
        ("weight_twice", None),
    ],
)
def test_what_an_own_quantizer_asks_for(name: str, code: str | None):
    found = ran(CONV, "pt2e-static", [IMAGE], quantizer=f"{HERE}:{name}", measure=False)().findings
    told = [each for each in found if each.rule in ("nothing_quantized", "applied_twice")]
    assert [each.code for each in told] == ([code] if code else [])
    assert [each.roles.get("observed") for each in told] == (
        [("conv2d",)] if code and "partly" in code else [None] * len(told)
    )


def of_other(node: Any) -> QuantizationAnnotation:
    return QuantizationAnnotation({node.args[0]: spec(), node.args[1]: spec(), node: spec()}, _annotated=True)


def other() -> Quantizer:
    return Annotates(of_other)


@pytest.mark.parametrize(("name", "others"), [("both", None), ("other", ("conv2d",))])
def test_an_annotation_for_what_an_operator_does_not_read(name: str, others: tuple[str, ...] | None):
    found = ran(CONV, "pt2e-static", [IMAGE], quantizer=f"{HERE}:{name}", measure=False)().findings
    told = [each for each in found if each.rule == "quantizer_without_effect"]
    assert [each.roles["others"] for each in told] == ([others] if others else [])
    assert [each.code for each in told] == (["quantizer_without_effect.no_input"] if others else [])


class InPlace(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(4, 8, 3)

    def forward(self, x: torch.Tensor) -> Any:
        return self.conv(x.mul_(2.0).add_(1.0))


@pytest.mark.parametrize("flow", ["fx-static", "pt2e-static"])
def test_a_forward_that_works_in_place_leaves_the_data_as_it_was(flow: str):
    batches = [(torch.randn(IMAGE),) for _ in range(2)]
    kept = [each[0].clone() for each in batches]
    snapshot = ran(InPlace, flow, [IMAGE], batches=lambda: batches)()
    assert all(torch.equal(given[0], before) for given, before in zip(batches, kept, strict=True))
    assert not {"outside_calibration", "output_differs"} & {each.rule for each in loud(snapshot)}
