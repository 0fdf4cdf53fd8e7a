"""Trying out quantizers in float, as values: rows, choices, plans, the curve, runs beside it, and what is said."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from qviz.analysis.acting.pending import pending
from qviz.analysis.inspecting.inspected_run import InspectedRun
from qviz.analysis.trying.before_after import before_after
from qviz.analysis.trying.configuration import python_of, toml_of
from qviz.analysis.trying.trials import Trials, trials, tried_plan, untried
from qviz.analysis.trying.tried_runs import TriedRun, measured_points, prediction_errors
from qviz.document import plan_file
from qviz.document.configuration import Factory, QConfig, Quantizer, QuantizerRule, Rule
from qviz.document.plan import Plan, Thresholds
from tests.analysis.test_inspecting import QUANTIZERS, inspected
from tests.measured import ledger, measured

FX, PT2E = Plan("net.py:Net", "fx-static"), Plan("net.py:Net", "pt2e-static")
CONV, ADD = Rule("module_name", "block.conv"), Rule("module_name_object_type_order", "block", None, "add", 0)
OWN = Rule("module_name", "pool", QConfig(activation=Factory("MinMaxObserver", {"dtype": "torch.quint8"})))


def tried(plan: Plan = FX, run: InspectedRun | None = None) -> Trials:
    found = trials(run or inspected(), plan)
    assert found is not None
    return found


def run_of(number: int, plan: Plan, level: float | None = None, **parts: Any) -> TriedRun:
    """Return a run whose outputs have a level, and the ledger of the sample if none is given."""
    if level is not None:
        parts.setdefault("measurements", measured(simulated=level, total=level, ledger=ledger(*QUANTIZERS)))
    return TriedRun(number, f"run {number}", plan, inspected(**parts))


def test_each_quantizer_goes_by_the_change_that_takes_least_beside_it():
    rows = tried(PT2E).rows
    assert [each.quantizer.id for each in rows] == ["conv weight", "add output", "conv output", "x"]
    assert [tried(PT2E).changes[each.change or 0].kind for each in rows] == ["operator", "tensor", "tensor", "tensor"]
    assert [each.place for each in rows] == [1, 2, 3, 4]


def test_what_goes_with_a_worse_one_is_no_step_of_its_own():
    found = tried(FX)  # conv and add in float leave nothing that conv's output or x is rounded for
    assert [(each.quantizer.id, each.place) for each in found.rows] == [
        ("conv weight", 1),
        ("add output", 2),
        ("conv output", 0),
        ("x", 0),
    ]
    assert len(found.steps) == 2
    assert found.gone(found.changes_of(found.worst(2))) == {each.id for each in QUANTIZERS}


def test_gains_add_up_to_the_curve():
    found = tried(PT2E)
    levels = [each.sqnr_db for each in found.curve]
    assert levels[-1] == "inf"
    start, *_ = levels
    gains = [each.gain_db for each in found.rows[:3]]
    assert isinstance(start, float)
    assert levels[3] == pytest.approx(start + sum(float(each or 0) for each in gains))
    assert found.rows[3].gain_db == "inf"


def test_a_choice_is_a_number_of_the_worst_or_another_set():
    found = tried(PT2E)
    assert found.count_of(found.worst(2)) == 2
    assert found.count_of(()) == 0
    assert found.count_of({found.steps[1]}) is None


@pytest.mark.parametrize(
    ("plan", "after"),
    [
        (FX, msgspec.structs.replace(FX, rules=(CONV,))),
        (
            PT2E,
            msgspec.structs.replace(
                PT2E, quantizer_options=Quantizer(rules=(QuantizerRule("node", "conv", enabled=False),))
            ),
        ),
    ],
    ids=["fx", "pt2e"],
)
def test_a_choice_becomes_rules_and_is_found_in_the_plan_again(plan: Plan, after: Plan):
    found = tried(plan)
    made = tried_plan(found, plan, found.worst(1))
    assert made == after
    assert found.standing_in(made) == found.worst(1)
    assert untried(found, made) == plan
    assert tried_plan(found, made, found.worst(0)) == plan


def test_other_edits_and_rules_that_ran_stay():
    ran = msgspec.structs.replace(FX, rules=(CONV,))
    found = tried(ran)
    edited = msgspec.structs.replace(ran, rules=(CONV, OWN, ADD))
    assert untried(found, edited).rules == (CONV, OWN)
    assert tried_plan(found, edited, ()).rules == (CONV, OWN)


def test_a_static_flow_of_eager_mode_has_nothing_to_choose():
    found = tried(Plan("net.py:Net", "eager-static"))
    assert found.steps == ()
    assert [each.change for each in found.rows] == [None] * 4
    assert found.others == ()


def test_a_run_without_a_ledger_cannot_be_tried():
    assert trials(inspected(with_ledger=False), FX) is None


def test_the_prediction_is_that_of_pending_edits():
    run, found = inspected(), tried(FX)
    made = tried_plan(found, FX, found.worst(1))
    told = pending(run, FX, made)
    assert told is not None
    assert told.prediction == found.curve[1]


def test_other_choices_are_changes_alone_and_modules():
    found = tried(FX)
    assert [each.name for each in found.others][-1] == "block"
    assert all(each.prediction.sqnr_db is not None for each in found.others)


def test_runs_that_differ_in_rules_alone_stand_beside_the_curve():
    base = run_of(2, FX, 14.3)
    runs = (
        base,
        run_of(3, msgspec.structs.replace(FX, rules=(CONV,), measure=True), 17.0),
        run_of(4, msgspec.structs.replace(FX, rules=(OWN,)), 14.5),
        run_of(5, PT2E, 20.0),
        run_of(6, msgspec.structs.replace(FX, rules=(CONV,)), None, with_ledger=False),
        run_of(7, msgspec.structs.replace(FX, measure=True), 14.3),
    )
    points = measured_points(base, runs)
    assert [(each.number, each.db) for each in points] == [(2, 14.3), (3, 17.0), (4, 14.5)]
    assert points[1].prediction == tried(FX).curve[1]
    assert points[1].added_bytes == tried(FX).curve[1].added_bytes
    assert points[2].prediction is None


def test_how_far_predictions_were_off_is_known_from_runs_of_them():
    predicted = tried(FX).curve[1].sqnr_db
    assert isinstance(predicted, float)
    runs = (run_of(2, FX, 14.3), run_of(3, msgspec.structs.replace(FX, rules=(CONV,)), predicted - 0.3))
    together = runs[1].measured
    assert [*prediction_errors(runs)] == pytest.approx([0.3])
    assert together is not None
    assert prediction_errors(runs[:1]) == ()


@pytest.mark.parametrize(("plan", "count"), [(FX, 1), (FX, 2), (PT2E, 1)])
def test_the_plan_of_a_choice_is_read_as_that_choice_again(plan: Plan, count: int):
    base, found = run_of(2, plan, 14.3), tried(plan)
    points = measured_points(base, (base, run_of(3, tried_plan(found, plan, found.worst(count)), 17.0)))
    assert points[1].prediction == found.curve[count]


def test_how_a_run_is_measured_makes_no_other_run_of_it():
    one = run_of(1, msgspec.structs.replace(FX, rules=(CONV, ADD), measure=True), 14.3)
    assert one.does_as(msgspec.structs.replace(FX, rules=(ADD, CONV), thresholds=Thresholds(5.0), exact=True))
    assert not one.does_as(msgspec.structs.replace(FX, rules=(CONV,)))


def test_before_and_after_say_what_changed_and_how_good_the_prediction_was():
    base = run_of(2, FX, measurements=measured(ledger=ledger(*QUANTIZERS), agreement=0.875, size=(400, 100)))
    after = run_of(3, FX, measurements=measured(simulated=17.0, total=16.5, agreement=0.75, size=(400, 150)))
    rows = {each.title: each[1:] for each in before_after(base, after, 17.26, "int8")}
    assert rows["Output SQNR"] == ("14.3 dB", "16.5 dB", "+2.2 dB", "good")
    assert rows["Quantization alone"] == ("14.3 dB", "17.0 dB", "+2.7 dB", "good")
    assert rows["Predicted"] == ("", "17.3 dB", "0.3 dB high", "")
    assert rows["Same top-1"] == ("87.5 %", "75.0 %", "−12.5 points", "bad")
    assert rows["Size"] == ("100 bytes", "150 bytes", "+50 %", "")
    assert rows["Casts"] == ("1 q, 0 dq", "1 q, 0 dq", "the same", "")
    assert rows["Largest share of noise"] == ("50.0 %", "not measured", "", "")


@pytest.mark.parametrize("plan", [FX, PT2E, msgspec.structs.replace(FX, rules=(OWN,), seed=3)])
def test_the_toml_is_a_plan_file_with_the_choice_behind_the_rest(plan: Plan):
    found = tried(plan)
    made = tried_plan(found, plan, found.worst(2))
    text = toml_of(plan, made)
    assert plan_file.read(text) == made
    assert toml_of(plan, plan) == plan_file.write(plan)


def test_the_toml_says_what_it_adds():
    found = tried(PT2E)
    text = toml_of(PT2E, tried_plan(found, PT2E, found.worst(2)))
    assert "# 3 rules from Try it\n[[quantizer_options.rules]]" in text  # the shared range is of two tensors


def test_the_python_makes_the_plan():
    found = tried(PT2E)
    made = tried_plan(found, PT2E, found.worst(2))
    seen: dict[str, Any] = {}
    python = python_of(made).replace("result = qviz.inspect", "# result = qviz.inspect")
    exec(python, seen)
    assert seen["plan"] == made
