"""Edits of the plan by what is selected: rules for each mode, taken back, refused with a reason, and predicted."""

from __future__ import annotations

import msgspec
import pytest

from qviz.analysis.acting.leave_in_float import leave_in_float, stays_in_float
from qviz.analysis.acting.observers import (
    ObserverChoice,
    choose_observer,
    fix_range,
    is_per_channel,
    per_channel,
)
from qviz.analysis.acting.offered import offered
from qviz.analysis.acting.pending import pending, predicted_lines
from qviz.analysis.acting.remedies import apply_patch, remedy_of
from qviz.analysis.acting.target import EditTarget, NoEdit, PlanEdit, target_of_group, target_of_node
from qviz.analysis.inspecting.inspected_run import InspectedRun, NodePlace
from qviz.document.configuration import Factory, QConfig, Quantizer, QuantizerRule, Rule
from qviz.document.graph import Json
from qviz.document.measurements import Alternative
from qviz.document.plan import Plan
from qviz.document.snapshot import Finding, Level
from tests.analysis.test_inspecting import FINDING, QUANTIZERS, inspected
from tests.measured import ledger, measured

FX, EAGER = Plan("net.py:Net", "fx-static"), Plan("net.py:Net", "eager-static")
PT2E = Plan("net.py:Net", "pt2e-static")


def target(place: str, plan: Plan = FX, run: InspectedRun | None = None) -> EditTarget:
    found = target_of_node(run or inspected(), plan, NodePlace(*place.split("/")))
    assert isinstance(found, EditTarget)
    return found


def plan_of(edit: PlanEdit | NoEdit) -> Plan:
    assert isinstance(edit, PlanEdit), edit
    return edit.plan


@pytest.mark.parametrize("place", ["captured/conv", "captured/bn", "prepared/conv", "converted/conv"])
@pytest.mark.parametrize(
    ("plan", "after"),
    [
        (FX, msgspec.structs.replace(FX, rules=(Rule("module_name", "block.conv"),))),
        (EAGER, msgspec.structs.replace(EAGER, rules=(Rule("module_name", "block.conv"),))),
        (
            PT2E,
            msgspec.structs.replace(
                PT2E, quantizer_options=Quantizer(rules=(QuantizerRule("node", "conv", enabled=False),))
            ),
        ),
    ],
    ids=["fx", "eager", "pt2e"],
)
def test_an_operator_is_left_in_float_from_every_stage_and_taken_back(place: str, plan: Plan, after: Plan):
    run, chosen = inspected(), target(place, plan)
    edit = leave_in_float(run, plan, chosen)
    assert isinstance(edit, PlanEdit)
    assert edit.told.startswith(f"{chosen.name} will stay in float"), "nothing has run yet"
    made = edit.plan
    assert made == after
    assert stays_in_float(run, made, chosen)
    assert plan_of(leave_in_float(run, made, chosen)) == plan


def test_a_function_of_an_fx_graph_is_named_by_its_order():
    made = plan_of(leave_in_float(inspected(), FX, target("converted/add")))
    assert made.rules == (Rule("module_name_object_type_order", "block", None, "add", 0),)


def test_eager_mode_has_no_rule_for_a_function():
    run = inspected()
    edit = leave_in_float(run, EAGER, target("converted/add", EAGER)._replace(path=""))
    assert isinstance(edit, NoEdit)
    assert "add" in edit.reason


def test_a_module_is_left_in_float_whole():
    run = inspected()
    group = target_of_group(run, "captured", "block")
    assert isinstance(group, EditTarget)
    assert plan_of(leave_in_float(run, FX, group)).rules == (Rule("module_name", "block"),)
    rules = plan_of(leave_in_float(run, PT2E, group)).quantizer_options.rules
    assert rules == (QuantizerRule("module_name", "block", enabled=False),)
    assert isinstance(target_of_group(run, "captured", ""), NoEdit)


def test_a_tensor_is_left_in_float_by_its_node_or_by_those_that_ask_for_it():
    run = inspected()
    rules = plan_of(leave_in_float(run, PT2E, target("prepared/obs_conv", PT2E))).quantizer_options.rules
    assert rules == (QuantizerRule("tensor", "conv", enabled=False),)
    assert plan_of(leave_in_float(run, FX, target("prepared/obs_conv"))).rules[0] == Rule("module_name", "block.conv")


@pytest.mark.parametrize(
    ("plan", "place"),
    [
        (Plan("net.py:Net", "fx-fuse"), "captured/conv"),
        (Plan("net.py:Net", None), "captured/conv"),
    ],
)
def test_flows_without_rules_say_so(plan: Plan, place: str):
    edit = leave_in_float(inspected(), plan, target(place, plan))
    assert isinstance(edit, NoEdit)
    assert edit.reason


def test_what_is_in_float_already_stays_as_it_is():
    run, chosen = inspected(), target("converted/pool")
    edit = leave_in_float(run, FX, chosen)
    assert isinstance(edit, NoEdit)
    assert "already" in edit.reason
    ruled = msgspec.structs.replace(FX, rules=(Rule("module_name", "pool"),))
    assert plan_of(leave_in_float(run, ruled, chosen)) == FX


def test_what_rounds_nothing_is_no_target():
    assert isinstance(target_of_node(inspected(), FX, NodePlace("captured", "output")), NoEdit)
    assert isinstance(target_of_node(inspected(), FX, NodePlace("captured", "gone")), NoEdit)


def test_a_weight_gets_one_scale_or_one_for_each_channel():
    run, chosen = inspected(), target("converted/conv")
    assert is_per_channel(run, chosen) is True
    made = plan_of(per_channel(run, FX, chosen)).rules
    assert made == (
        Rule(
            "module_name",
            "block.conv",
            QConfig(
                weight=Factory("MinMaxObserver", {"dtype": "torch.qint8", "qscheme": "torch.per_tensor_symmetric"})
            ),
        ),
    )
    assert plan_of(per_channel(run, PT2E, chosen)).quantizer_options.rules == (
        QuantizerRule("module_name", "block.conv", per_channel=False),
    )
    x86 = msgspec.structs.replace(PT2E, quantizer="x86_inductor")
    assert isinstance(per_channel(run, x86, chosen), NoEdit)
    assert isinstance(per_channel(run, FX, target("converted/pool")), NoEdit)


def test_an_observer_keeps_the_integers_of_the_output():
    run, chosen = inspected(), target("converted/conv")
    choice = ObserverChoice(activation="MinMaxObserver")
    rule = plan_of(choose_observer(run, FX, chosen, choice)).rules[0]
    assert rule.qconfig is not None
    assert rule.qconfig.activation == Factory(
        "MinMaxObserver", {"dtype": "torch.quint8", "qscheme": "torch.per_tensor_affine"}
    )
    assert isinstance(choose_observer(run, PT2E, chosen, choice), NoEdit)
    assert isinstance(choose_observer(run, FX, chosen, ObserverChoice()), NoEdit)


def test_a_rule_that_is_there_is_completed():
    run, chosen = inspected(), target("converted/conv")
    first = plan_of(per_channel(run, FX, chosen))
    both = plan_of(choose_observer(run, first, chosen, ObserverChoice(activation="MinMaxObserver"))).rules
    assert len(both) == 1
    assert both[0].qconfig is not None
    assert both[0].qconfig.weight is not None
    assert both[0].qconfig.activation is not None


@pytest.mark.parametrize(("low", "high", "zero_point"), [(-1.0, 1.0, 128), (0.0, 2.55, 0), (-2.0, 0.0, 255)])
def test_a_fixed_range_becomes_a_scale_and_a_zero_point(low: float, high: float, zero_point: int):
    run, chosen = inspected(), target("converted/conv")
    made = plan_of(fix_range(run, FX, chosen, low, high)).rules[0].qconfig
    assert made is not None
    assert made.activation is not None
    told = made.activation.arguments
    assert told["scale"] == pytest.approx((high - low) / 255)
    assert told["zero_point"] == zero_point
    assert isinstance(fix_range(run, FX, chosen, 1.0, 2.0), NoEdit)
    assert isinstance(fix_range(run, FX, chosen, 0.0, 0.0), NoEdit)


def test_what_is_not_run_yet_is_told_and_predicted():
    run = inspected()
    made = plan_of(leave_in_float(run, FX, target("converted/conv")))
    found = pending(run, FX, made)
    assert found is not None
    assert found.edits == ("block.conv in float",)
    assert found.prediction is not None
    assert isinstance(found.prediction.sqnr_db, float)
    assert isinstance(found.before_db, float)
    assert found.prediction.sqnr_db > found.before_db
    assert next(iter(predicted_lines(found))).startswith("Predicted output SQNR")
    assert pending(run, FX, FX) is None


def test_no_prediction_where_the_ledger_says_nothing_of_an_edit():
    run = inspected()
    other = msgspec.structs.replace(FX, backend="qnnpack")
    found = pending(run, FX, other)
    assert found is not None
    assert found.prediction is None
    assert found.edits == ("backend: x86 → qnnpack",)
    unknown = msgspec.structs.replace(FX, rules=(Rule("object_type", "torch.nn.Linear"),))
    told = pending(run, FX, unknown)
    assert told is not None
    assert told.prediction is None
    without = pending(inspected(with_ledger=False), FX, unknown)
    assert without is not None
    assert without.prediction is None


def test_a_rule_that_is_gone_is_told():
    found = pending(inspected(), msgspec.structs.replace(FX, rules=(Rule("module_name", "block.conv"),)), FX)
    assert found is not None
    assert found.edits == ("block.conv follows the configuration again",)
    assert found.prediction is None


def test_the_remedy_of_a_finding_is_its_own_patch_or_that_of_the_quantizer_it_names():
    patch = "[quantizer_options]\nskip_integers = true\n"
    own = msgspec.structs.replace(FINDING, args={"patch": patch})
    assert remedy_of(inspected(), own) == patch
    assert apply_patch(PT2E, patch, "x").plan.quantizer_options.skip_integers
    other = Alternative("per_channel", 9.0, offered=True, patch='backend = "qnnpack"\n')
    row = msgspec.structs.replace(QUANTIZERS[0], alternatives=(other,))
    run = inspected(measurements=measured(ledger=ledger(row)))
    args: dict[str, Json] = {"name": row.id, "remedy": {"code": "alternative.per_channel"}}
    named = Finding("output_differs", Level.ERROR, "prepared", ("conv",), "output_differs.owner", {}, args)
    assert remedy_of(run, named) == other.patch
    assert remedy_of(run, FINDING) == ""


def test_buttons_say_why_they_are_off_and_what_is_on():
    run = inspected()
    there = {each.command: each for each in offered(run, FX, target("converted/conv"))}
    assert [*there] == ["leave_in_float", "choose_observer", "per_channel", "try_it", "fix_range"]
    unmeasured = offered(inspected(with_ledger=False), FX, target("converted/conv"))
    assert "try_it" not in [each.command for each in unmeasured]
    assert not any(each.refusal for each in there.values())
    assert there["per_channel"].is_on
    assert not there["leave_in_float"].is_on
    exported = {each.command: each for each in offered(run, PT2E, target("converted/conv", PT2E))}
    assert exported["choose_observer"].refusal
    assert exported["fix_range"].refusal


def test_a_range_that_several_share_falls_away_with_the_last_of_them():
    one = QuantizerRule("tensor", "add", enabled=False)
    both = (one, QuantizerRule("tensor", "pool", enabled=False))
    for rules, is_known in (((one,), False), (both, True)):
        plan = msgspec.structs.replace(PT2E, quantizer_options=Quantizer(rules=rules))
        found = pending(inspected(), PT2E, plan)
        assert found is not None
        assert (found.prediction is not None) is is_known
