"""What a flow does not reach: layers outside of the model, parts of fused modules, stubs without a qconfig."""

from __future__ import annotations

from typing import Literal

import pytest
import torch
from torch import nn
from torch.ao.quantization import DeQuantStub, QuantStub

from qviz.document.configuration import Rule
from qviz.document.plan import Plan
from qviz.document.snapshot import Level, Snapshot
from qviz.engine.loading.forward import Arguments
from qviz.engine.loading.source import Loaded
from qviz.engine.serving.run import run_loaded
from tests.faults.cases import IMAGE, ROW, ran
from tests.faults.models import linear, made


def first_cause(snapshot: Snapshot) -> str:
    """Return the code of the first finding, or of the rule that it follows from."""
    first = snapshot.findings[0]
    cause = first.because_of
    if cause is None:
        return first.code
    return next(each.code for each in snapshot.findings if each.rule == cause.rule)


class Outside(nn.Module):
    """Calls a function with a weight that the model holds, or that only a list of Python's does."""

    def __init__(self, is_held: bool) -> None:
        super().__init__()
        self.fc, weight = nn.Linear(8, 8), nn.Parameter(torch.randn(8, 8))
        self.weight = weight if is_held else None
        self.kept = [weight]

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return nn.functional.linear(self.fc(x), self.kept[0] if self.weight is None else self.weight)


@pytest.mark.parametrize(("is_held", "code"), [(False, "outside"), (True, "function")])
def test_a_weight_that_no_module_holds_is_said_to_stand_outside(is_held: bool, code: str):
    snapshot = ran(lambda: Outside(is_held), "eager-dynamic", [ROW], measure=False)()
    assert [each.code for each in snapshot.findings if each.rule == "layer_in_float"] == [f"layer_in_float.{code}"]


FUSED = made(
    lambda m, x: m.dequant(m.relu(m.bn(m.conv(m.quant(x))))),
    quant=QuantStub,
    conv=lambda: nn.Conv2d(4, 4, 3),
    bn=lambda: nn.BatchNorm2d(4),
    relu=nn.ReLU,
    dequant=DeQuantStub,
)
FUSE_LIST = (("conv", "bn", "relu"),)


@pytest.mark.parametrize("is_for_training", [True, False])
def test_what_is_fused_for_training_is_not_converted_by_a_static_flow(is_for_training: bool):
    run = ran(FUSED, "eager-static", [IMAGE], measure=False, fuse_list=FUSE_LIST, fuse_for_training=is_for_training)
    snapshot = run()
    codes = {each.code for each in snapshot.findings}
    assert ("type_not_replaced.fused_for_training" in codes) is is_for_training
    assert not is_for_training or first_cause(snapshot) == "type_not_replaced.fused_for_training"


@pytest.mark.parametrize(("target", "has_effect"), [("bn", False), ("conv", True)])
def test_a_rule_for_a_part_of_a_fused_module_is_told(target: str, has_effect: bool):
    rules = (Rule("module_name", target, None),)
    snapshot = ran(FUSED, "eager-static", [IMAGE], measure=False, fuse_list=FUSE_LIST, rules=rules)()
    codes = {each.code for each in snapshot.findings}
    assert ("rule_matches_nothing.eager_fused" not in codes) is has_effect


STUBBED = made(lambda m, x: m.dequant(m.fc(m.quant(x))), quant=QuantStub, fc=linear(), dequant=DeQuantStub)


@pytest.mark.parametrize("rules", [(Rule("module_name", "quant", None),), ()])
def test_a_stub_without_a_qconfig_is_named(rules: tuple[Rule, ...]):
    snapshot = ran(STUBBED, "eager-static", [ROW], measure=False, rules=rules)()
    codes = {each.code for each in snapshot.findings}
    assert ("float_into_quantized.idle_stub" in codes) is bool(rules)
    assert "float_into_quantized.model_input" not in codes


TWO = made(
    lambda m, x: m.dequant(m.fc(m.first(m.quant(x)))), quant=QuantStub, first=linear(), fc=linear(), dequant=DeQuantStub
)


def test_a_stub_before_a_layer_in_float_is_not_what_is_wrong():
    rules = (Rule("module_name", "quant", None), Rule("module_name", "first", None))
    snapshot = ran(TWO, "eager-static", [ROW], measure=False, rules=rules)()
    codes = {each.code for each in snapshot.findings if each.rule == "float_into_quantized"}
    assert codes == {"float_into_quantized.model_input"}


@pytest.mark.parametrize(
    ("flow", "dtype", "is_told"),
    [
        ("eager-weight-only", "quint4x2", True),
        ("eager-weight-only", "quint8", False),
        ("fx-weight-only", "quint4x2", False),
    ],
)
def test_an_embedding_of_4_bits_that_reads_bytes_is_told(
    flow: str, dtype: Literal["quint8", "quint4x2"], is_told: bool
):
    torch.manual_seed(0)
    loaded = Loaded(nn.Sequential(nn.Embedding(20, 8)).eval(), Arguments((torch.arange(10),), {}), None)
    snapshot = run_loaded(loaded, Plan(source="corpus", flow=flow, weight_dtype=dtype), lambda _: None)
    found = [each for each in snapshot.findings if each.code == "kernel_differs.read_as_bytes"]
    assert [each.level for each in found] == ([Level.ERROR] if is_told else [])
