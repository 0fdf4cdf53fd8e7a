"""What rules leave in float is told once for each rule, as good to know; nothing else is."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

from qviz.document.configuration import Quantizer, QuantizerRule, Rule
from qviz.document.snapshot import Finding, Level
from qviz.words.language import SIMPLIFIED_CHINESE, using
from tests.faults.cases import GIVEN, ROW, STUBS, ran
from tests.faults.models import linear, made

THREE = {"fc": linear(), "fc2": linear(), "fc3": linear()}
FLOWS = ("eager-dynamic", "eager-static", "eager-qat", "fx-dynamic", "fx-static", "pt2e-dynamic", "pt2e-static")


def told(flow: str, rules: tuple[tuple[str, str], ...], **fields: Any) -> list[Finding]:
    """Return what is said of rules that leave parts of three linear layers, an add and a gelu in float."""
    if flow.startswith("pt2e"):
        kinds = {"object_type": "module_type"}
        own = tuple(QuantizerRule(kinds.get(kind, kind), target, enabled=False) for kind, target in rules)  # type: ignore[arg-type]
        fields = {"quantizer_options": Quantizer(rules=own), **fields}
    else:
        fields = {"rules": tuple(Rule(kind, target) for kind, target in rules), **fields}  # type: ignore[arg-type]

    def forward(m: Any, x: torch.Tensor) -> torch.Tensor:
        return m.fc3(m.fc2(nn.functional.gelu(m.fc(x)) + x))

    def stubbed(m: Any, x: torch.Tensor) -> torch.Tensor:
        return m.dequant(m.fc3(m.quant(m.fc2(m.dequant(m.fc(m.quant(x)))))))

    parts = {**THREE, **STUBS} if flow.startswith("eager") else THREE
    snapshot = ran(
        made(stubbed if flow.startswith("eager") else forward, **parts), flow, [ROW], measure=False, **fields
    )()
    assert snapshot.run.error is None
    islands = [
        each for each in snapshot.findings if each.code in ("float_island.left_by_rule", "float_island.left_out")
    ]
    assert all(each.because_of is not None and each.because_of.rule == "left_by_rule" for each in islands)
    return [each for each in snapshot.findings if each.rule == "left_by_rule"]


def rule_of(finding: Finding) -> Any:
    return finding.args["rule"]


@pytest.mark.parametrize("flow", FLOWS)
def test_a_layer_that_a_rule_leaves_in_float_is_good_to_know(flow: str):
    (found,) = told(flow, (("module_name", "fc2"),))
    assert found.level is Level.INFO
    assert len(found.nodes) == 1
    assert rule_of(found) == {"code": "left_by.module_name", "args": {"target": "fc2"}}
    assert "in float by the rule for the module fc2" in found.message
    assert "otherwise remove that rule" in found.hint


@pytest.mark.parametrize("flow", FLOWS)
def test_where_no_rule_leaves_anything_in_float_nothing_is_told(flow: str):
    assert told(flow, ()) == []


@pytest.mark.parametrize("flow", ["fx-static", "pt2e-static", "eager-dynamic"])
def test_each_rule_is_told_with_all_its_places(flow: str):
    one, other = told(flow, (("module_name", "fc"), ("module_name", "fc2")))
    assert [rule_of(each)["args"]["target"] for each in (one, other)] == ["fc", "fc2"]
    assert not set(one.nodes) & set(other.nodes)


@pytest.mark.parametrize("flow", ["fx-dynamic", "fx-static"])
def test_a_rule_for_all_of_a_kind_is_one_finding(flow: str):
    def both(m: Any, x: torch.Tensor) -> torch.Tensor:
        return m.fc2(m.fc(x)) + x if flow == "fx-static" else m.lstm(m.fc2(m.fc(x)))[0]

    parts: dict[str, Any] = {"fc": linear(), "fc2": linear()}
    if flow == "fx-dynamic":
        parts["lstm"] = lambda: nn.LSTM(8, 8)
    found = ran(made(both, **parts), flow, [ROW], measure=False, rules=(Rule("object_type", "torch.nn.Linear"),))()
    (only,) = [each for each in found.findings if each.rule == "left_by_rule"]
    assert len(only.nodes) == 2
    assert "stay in float by the rule for the type Linear" in only.message


@pytest.mark.parametrize("flow", ["fx-dynamic", "eager-dynamic", "fx-static", "eager-static"])
def test_what_stays_in_float_without_the_rule_is_not_told(flow: str):
    """Of a block that a rule leaves in float only what the flow quantizes elsewhere counts."""
    block = made(lambda m, x: nn.functional.gelu(m.norm(x)), norm=lambda: nn.LayerNorm(8))
    parts = {"fc": linear(), "block": block, **(STUBS if flow.startswith("eager") else {})}
    if flow == "eager-static":
        make = made(lambda m, x: m.block(m.dequant(m.fc(m.quant(x)))), **parts)
    else:
        make = made(lambda m, x: m.block(m.fc(x)), **parts)
    found = ran(make, flow, [ROW], measure=False, rules=(Rule("module_name", "block"),))()
    told_here = [each for each in found.findings if each.rule == "left_by_rule"]
    nodes = {each.id: each for each in found.stages[-1].whole.nodes}
    assert all("norm" in nodes[one].target for each in told_here for one in each.nodes)
    assert bool(told_here) is (flow == "fx-static"), "FX quantizes layer norms, and has no pattern of gelu here"


def test_a_configuration_that_names_what_is_quantized_leaves_nothing_in_float_by_a_rule():
    found = ran(made(lambda m, x: m.fc2(m.fc(x)), **{each: THREE[each] for each in ("fc", "fc2")}), "fx-static", [ROW])
    assert not any(each.rule == "left_by_rule" for each in found().findings)
    only = f"{GIVEN}:functions_alone"
    found = ran(made(lambda m, x: m.fc(x), fc=linear()), "fx-static", [ROW], qconfig=only, measure=False)
    assert not any(each.rule == "left_by_rule" for each in found().findings)


def test_it_is_told_in_chinese_too():
    (found,) = told("fx-static", (("module_name", "fc2"),))
    with using(SIMPLIFIED_CHINESE):
        assert "因针对模块 fc2 的规则保持浮点" in found.message
