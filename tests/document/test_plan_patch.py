"""A patch turns one plan into the other, and refuses what a plan does not have."""

from __future__ import annotations

import msgspec
import pytest

from qviz.document.changes import Change, changed
from qviz.document.configuration import Factory, QConfig, Quantizer, QuantizerRule, Rule
from qviz.document.plan import Plan
from qviz.document.plan_patch import patch, patched
from qviz.errors import QvizError

BEFORE = Plan(source="net.py:Net", flow="fx-static", rules=(Rule("module_name", "head"),))
STAYS = Rule("module_name", "layer1.0.conv1")
TENSOR = QuantizerRule("tensor", "conv2d", enabled=False)


@pytest.mark.parametrize(
    "after",
    [
        msgspec.structs.replace(BEFORE, rules=(*BEFORE.rules, STAYS)),
        msgspec.structs.replace(BEFORE, quantizer_options=Quantizer(per_channel=True, rules=(TENSOR,))),
        msgspec.structs.replace(BEFORE, backend="qnnpack", batch_limit=4),
    ],
    ids=["rules", "quantizer_options", "fields"],
)
def test_a_patch_turns_one_plan_into_the_other(after: Plan):
    assert patched(BEFORE, patch(BEFORE, after)) == after


def test_a_patch_holds_only_what_is_new():
    text = patch(BEFORE, changed(BEFORE, (Change("operator", "", (), rules=(STAYS,)),)))
    assert text.strip() == '[[rules]]\nkind = "module_name"\ntarget = "layer1.0.conv1"'
    assert patch(BEFORE, BEFORE) == ""


def test_what_is_set_back_to_its_default_is_written():
    assert patch(Plan(lower=True, backend="qnnpack"), Plan()) == 'backend = "x86"\nlower = false\n'


def test_a_patch_with_an_unknown_setting_is_refused():
    with pytest.raises(QvizError, match="ruels"):
        patched(BEFORE, "[[ruels]]\nkind = 'global'\n")


def test_two_changes_of_one_module_become_one_rule():
    weight, activation = Factory("PerChannelMinMaxObserver"), Factory("MinMaxObserver")
    one = Change("alternative", "", (), rules=(Rule("module_name", "fc", QConfig(weight=weight)),))
    other = Change("alternative", "", (), rules=(Rule("module_name", "fc", QConfig(activation=activation)),))
    stays = Change("operator", "", (), rules=(Rule("module_name", "fc"),))
    assert changed(Plan(), (one, other)).rules == (
        Rule("module_name", "fc", QConfig(activation=activation, weight=weight)),
    )
    assert changed(Plan(), (one, stays)).rules == (Rule("module_name", "fc"),)
