"""Settings of one mode in a flow of another: carried over, or told."""

from __future__ import annotations

from typing import Any

import pytest

from qviz.document.configuration import QConfig, Quantizer, QuantizerRule, Rule
from qviz.document.plan import Plan
from qviz.document.snapshot import Level
from qviz.engine.configuration.carrying import carried_over
from tests.faults.cases import ROW, ran
from tests.faults.models import linear, made

TWO = made(lambda m, x: m.fc2(m.fc(x)), fc=linear(), fc2=linear())
BY_NAME, BY_TYPE = Rule("module_name", "fc"), Rule("object_type", "torch.nn.Linear")
IN_FLOAT = QuantizerRule("module_name", "fc", enabled=False)


def test_what_leaves_modules_in_float_is_carried_over_both_ways():
    plan, (found,) = carried_over(Plan(flow="pt2e-static", rules=(BY_NAME, BY_TYPE)))
    by_type = QuantizerRule("module_type", "torch.nn.Linear", enabled=False)
    assert (plan.rules, plan.quantizer_options.rules) == ((), (IN_FLOAT, by_type))
    assert (found.code, found.level) == ("setting_without_effect.translated", Level.INFO)
    back, (found,) = carried_over(Plan(flow="fx-static", quantizer_options=plan.quantizer_options))
    assert (back.rules, back.quantizer_options.rules) == ((BY_NAME, BY_TYPE), ())
    assert found.level is Level.INFO


@pytest.mark.parametrize(
    ("flow", "fields"),
    [
        ("pt2e-static", {"rules": (Rule("module_name", "fc", QConfig("default_qconfig")),)}),
        ("pt2e-static", {"rules": (Rule("module_name_regex", "fc.*"),)}),
        ("pt2e-static", {"rules": (Rule("object_type", "torch.nn.functional.relu"),)}),
        ("pt2e-static", {"rules": (BY_TYPE,), "quantizer": "mine.py:Own"}),
        ("fx-static", {"quantizer_options": Quantizer(rules=(QuantizerRule("node", "linear", enabled=False),))}),
        ("fx-static", {"quantizer_options": Quantizer(rules=(QuantizerRule("module_name", "fc", per_channel=True),))}),
    ],
)
def test_a_rule_without_a_meaning_is_an_error(flow: str, fields: dict[str, Any]):
    plan, (found,) = carried_over(Plan(flow=flow, **fields))
    assert (plan.rules, plan.quantizer_options.rules) == ((), ())
    assert (found.code, found.level) == ("setting_without_effect.rules", Level.ERROR)


def test_other_settings_that_a_flow_does_not_take_are_told():
    _, (found,) = carried_over(Plan(flow="pt2e-static", qconfig="mine.py:qconfig", fuse_list=(("a", "b"),)))
    assert (found.args["settings"], found.level) == (["qconfig", "fuse_list"], Level.WARNING)
    _, (found,) = carried_over(Plan(flow="fx-static", quantizer_options=Quantizer(per_channel=True)))
    assert found.args["settings"] == ["quantizer_options.per_channel"]


def test_a_plan_in_the_words_of_its_flow_stays_as_it_is():
    for plan in (
        Plan(flow="fx-static", rules=(BY_NAME,), qconfig="default_qconfig"),
        Plan(flow="pt2e-static", quantizer_options=Quantizer(per_channel=True, rules=(IN_FLOAT,))),
        Plan(rules=(BY_NAME,)),
    ):
        assert carried_over(plan) == (plan, ())


@pytest.mark.parametrize(
    ("flow", "fields"),
    [
        ("pt2e-static", {"rules": (BY_NAME,)}),
        ("fx-static", {"quantizer_options": Quantizer(rules=(IN_FLOAT,))}),
        ("fx-static", {"quantizer_options": Quantizer(rules=(IN_FLOAT,)), "reference": True}),
    ],
)
def test_the_module_is_left_in_float(flow: str, fields: dict[str, Any]):
    snapshot = ran(TWO, flow, [ROW], **fields)()
    assert snapshot.run.error is None
    prepared = {node.id: node.why.code for node in snapshot.stage("prepared").graph.nodes if node.why is not None}
    first, second = ("linear", "linear_1") if flow == "pt2e-static" else ("fc", "fc2")
    assert prepared[first] in ("float.left_by_rule", "float.qconfig_none")
    assert prepared[second] in ("quantized.annotated", "quantized.qconfig")
    assert "LeftInFloat" in snapshot.run.python if flow == "pt2e-static" else "set_module_name" in snapshot.run.python
