"""What a plan does otherwise than another, in a few words."""

from __future__ import annotations

from qviz.document.configuration import Quantizer, QuantizerRule, Rule
from qviz.document.plan import Plan
from qviz.session.plan_differences import difference, differences


def in_float(*names: str, flow: str = "pt2e-static") -> Plan:
    rules = tuple(QuantizerRule("tensor", name, enabled=False) for name in names)
    return Plan("m.py:Net", flow, quantizer_options=Quantizer(rules=rules))


def test_what_is_left_in_float_is_named_once():
    base = in_float()
    assert difference(base, in_float("fc")) == "fc in float"
    assert difference(base, in_float("fc", "conv1")) == "fc, conv1 in float"
    assert difference(base, in_float("fc", "conv1", "a", "b")) == "fc, conv1 and 2 more in float"
    assert difference(base, in_float("fc", flow="fx-static")) == "FX static, fc in float"
    by_name = Plan("m.py:Net", "fx-static", rules=(Rule("module_name", "fc"), Rule("module_name", "head")))
    assert difference(Plan("m.py:Net", "fx-static"), by_name) == "fc, head in float"


def test_rules_that_are_gone_are_counted_last():
    assert difference(in_float("a"), in_float()) == "no rule for a"
    assert difference(in_float("a", "b", "c"), in_float("a")) == "without 2 rules"
    assert difference(in_float("a", "b"), in_float("fc")) == "fc in float, without 2 rules"


def test_all_settings_that_differ_are_still_told_one_by_one():
    assert differences(in_float("a", "b"), in_float("c")) == ("c in float", "no rule for a", "no rule for b")


def test_settings_are_told_in_words():
    base = Plan("m.py:Net", "pt2e-static")
    assert differences(base, Plan("m.py:Net", "pt2e-static", measure=True)) == ("noise measured",)
    assert differences(base, Plan("m.py:Net", "pt2e-static", measure=False)) == ("noise not measured",)
    assert differences(base, Plan("m.py:Net", "pt2e-static", reference=True)) == ("with reference",)
    assert differences(base, Plan("m.py:Net", "pt2e-static", seed=3)) == ("seed 3",)
