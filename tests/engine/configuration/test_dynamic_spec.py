"""Rules of eager-dynamic: what quantize_dynamic is given, and what becomes of it."""

from __future__ import annotations

import copy
from typing import Any

import pytest
import torch
from torch import nn

from qviz.analysis.verdicts.float_reasons import why_float
from qviz.document.configuration import QConfig, Rule
from qviz.document.plan import Plan
from qviz.document.snapshot import Snapshot
from qviz.engine.loading.forward import Arguments
from qviz.engine.loading.source import Loaded
from qviz.engine.serving.run import run_loaded
from qviz.errors import QvizError


def run(model: nn.Module, x: tuple[Any, ...], rules: tuple[Rule, ...]) -> Snapshot:
    loaded = Loaded(model.eval(), Arguments(x), None)
    return run_loaded(loaded, Plan(source="test", flow="eager-dynamic", rules=rules), lambda _: None)


class Nested(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.inner = nn.Sequential(nn.Linear(4, 4), nn.ReLU(), nn.Linear(4, 4))
        self.cell, self.out = nn.LSTM(4, 4), nn.Linear(4, 2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.out(self.cell(self.inner(x))[0])


def test_rules_of_dynamic_quantization_hold_inside_modules_and_are_written_out():
    rules = (
        Rule("module_name", "inner"),
        Rule("module_name", "inner.2", QConfig("per_channel_dynamic_qconfig")),
        Rule("object_type", "torch.nn.LSTM"),
        Rule("module_name_regex", "ou.*", QConfig("per_channel_dynamic_qconfig")),
        Rule("module_name", "otu"),
    )
    x = (torch.randn(3, 4),)
    snapshot = run(Nested(), x, rules)
    assert snapshot.run.error is None
    told: Any = snapshot.run.config["rules"]
    assert [each["matched"] for each in told] == [1, 1, 1, 1, 0]
    assert snapshot.run.config["left_in_float"] == ["cell", "inner.0"]
    (finding,) = [each for each in snapshot.findings if each.rule == "rule_matches_nothing"]
    assert finding.place == ("otu",)
    kept = [(each.type, each.code) for each in why_float(snapshot)]
    assert [each for each in kept if each[0] != "relu"] == [
        ("linear", "float.left_by_rule"),
        ("lstm", "float.left_by_rule"),
    ]
    again: dict[str, Any] = {"model": copy.deepcopy(Nested()).eval(), "example_inputs": x}
    exec("\n".join(line for line in snapshot.run.python.splitlines() if "= ..." not in line), again)
    made = again["converted"]
    assert [type(each) for each in (made.inner[0], made.cell)] == [nn.Linear, nn.LSTM]
    assert {each.weight().qscheme() for each in (made.inner[2], made.out)} == {torch.per_channel_affine}


def test_rules_by_the_order_of_calls_are_refused():
    rule = Rule("module_name_object_type_order", "inner", object_type="torch.nn.Linear", order=0)
    with pytest.raises(QvizError, match="quantize_dynamic has no rules by module_name_object_type_order"):
        run(Nested(), (torch.randn(3, 4),), (rule,))
