"""The chart of a choice: round figures at its axes, points between 0 and 1, words for each."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import pytest

from qviz.analysis.trying.axes import bytes_axis, level_axis, share_axis
from qviz.analysis.trying.chart import ChartContent, cost_title, trial_chart
from qviz.analysis.trying.marks import float_marks, rows_at
from qviz.analysis.trying.trial_words import (
    additivity_text,
    choice_title,
    errors_text,
    gain_text,
    rest_share,
    rest_text,
    uncertainty_text,
)
from qviz.analysis.trying.tried_runs import MeasuredPoint, measured_points
from tests.analysis.test_inspecting import QUANTIZERS, inspected
from tests.analysis.test_trying import FX, PT2E, run_of, tried
from tests.measured import ledger


def test_levels_begin_and_end_at_round_figures():
    axis = level_axis((13.01, 27.3))
    assert (axis.low, axis.high) == (10.0, 30.0)
    assert [each.text for each in axis.ticks] == ["10", "15", "20", "25", "30"]
    assert axis.at(20.0) == pytest.approx(0.5)
    assert level_axis((20.0,)).high > level_axis((20.0,)).low


def test_small_and_large_sizes_can_be_told_apart():
    axis = bytes_axis((0.0, 1e5, 4e6))
    places = [axis.at(each) for each in (0.0, 1e5, 2e5, 4e6)]
    assert places == sorted(places)
    assert places[0] == 0.0
    assert places[1] > 0.15
    assert [each.text for each in axis.ticks][:2] == ["0", "100 kB"]
    assert all(0.0 <= each.at <= 1.0 for each in axis.ticks)
    gaps = [other.at - one.at for one, other in zip(axis.ticks, axis.ticks[1:], strict=False)]
    assert min(gaps) >= 0.09
    assert bytes_axis(()).at(0.0) == 0.0


def test_shares_begin_at_nothing():
    axis = share_axis((0.0, 0.13))
    assert [each.text for each in axis.ticks] == ["0 %", "5 %", "10 %"]
    assert axis.at(0.13) < 1.0


def test_points_lie_on_the_chart_and_are_named():
    found = tried(PT2E)
    base = run_of(2, PT2E, 14.3)
    points = (*measured_points(base, (base,)), MeasuredPoint(3, "conv in float", 15.0, found.curve[1], 500))
    chart = trial_chart(ChartContent(found, 3, points, found.curve[2], 0.4))
    assert [each.number for each in chart.curve] == [0, 1, 2, 3]
    assert [each.y for each in chart.curve] == sorted(each.y for each in chart.curve)
    assert all(0.0 <= each.x <= 1.0 and 0.0 <= each.y <= 1.0 for each in (*chart.curve, *chart.measured, *chart.others))
    assert chart.chosen is not None
    assert chart.chosen.y == chart.curve[2].y
    assert chart.band == pytest.approx(0.4 / (chart.level.high - chart.level.low))
    assert chart.measured[1].told == "Run 3 · conv in float: 15.0 dB measured"
    assert chart.curve[0].told.startswith("The 0 worst: ")
    assert trial_chart(ChartContent(found, 3)).band == 0.0


def test_a_choice_that_takes_all_noise_away_has_no_point():
    found = tried(PT2E)
    assert found.curve[-1].sqnr_db == "inf"
    chart = trial_chart(ChartContent(found, len(found.steps), (), found.curve[-1]))
    assert chart.chosen is None
    assert len(chart.curve) == len(found.curve) - 1


def test_the_axis_says_what_is_added_to_what():
    assert cost_title(False, 11_700_000) == "added to 11.7 MB"
    assert cost_title(False, None) == "added to the weights"
    assert cost_title(True, None) == "MACs that go to float"


@pytest.mark.parametrize(("worst", "told"), [(None, ""), (0.0, "± 0.1"), (0.31, "± 0.4"), (0.3, "± 0.3"), (2.0, "± 2")])
def test_the_uncertainty_is_not_below_the_worst_error(worst: float | None, told: str):
    assert uncertainty_text(worst) == told


def test_errors_are_told_with_their_signs():
    assert errors_text(()) == "No run has tested a prediction yet."
    assert errors_text((0.31,)) == "The one earlier prediction was off by +0.3 dB."
    assert errors_text((0.31, -0.2)) == "2 earlier predictions were off by −0.2 dB to +0.3 dB."


def test_gains_have_one_decimal_and_small_ones_two():
    assert [gain_text(each) for each in (1.26, 0.05, 0.0, "inf", None)] == [
        "+1.3 dB",
        "+0.05 dB",
        "+0.0 dB",
        "+∞ dB",
        "",
    ]


def test_what_is_chosen_and_what_is_left_is_said():
    found = tried(PT2E)
    assert choice_title(found, frozenset()) == "Leave none of 4 quantizers in float"
    assert choice_title(found, found.worst(2)) == "Leave the 2 worst of 4 quantizers in float"
    assert choice_title(found, frozenset({found.steps[2]})) == "Leave 1 of 4 quantizers in float, as ticked below"


def test_a_choice_that_takes_others_along_counts_what_is_ticked():
    found = tried(FX)
    assert len(found.gone(found.changes_of(found.worst(2)))) == 4
    assert choice_title(found, found.worst(2)) == "Leave the 2 worst in float: 4 of 4 quantizers"
    assert rest_text(found, 2) == "2 more; 10.0 % not explained"
    assert rest_share(found, 2) == pytest.approx(0.1 + 0.05 + 0.1)
    more = msgspec.structs.replace(found.ledger, unexplained=-0.042)
    assert rest_text(replace(found, ledger=more), 0) == "shares add up to 104.2 %"
    assert rest_share(found, 0) == pytest.approx(0.1)


def test_shares_that_do_not_add_up_are_told():
    assert additivity_text(ledger(*QUANTIZERS, additivity=0.9)) == ""
    told = additivity_text(ledger(*QUANTIZERS, additivity=2.0))
    assert told == "Not additive: +3.0 dB of interaction between the quantizers. The prediction is a rough guess."


def test_marks_stand_where_quantizers_count_in_every_stage():
    marks = float_marks(inspected(), {"conv weight", "conv output", "x"}, ("captured", "converted", "gone"))
    assert {name: dict(each.nodes) for name, each in marks.items()} == {
        "captured": {"conv": 2.0, "x": 1.0},
        "converted": {"conv": 2.0, "x": 1.0},
    }
    assert marks["captured"].scale.merged((2.0, 1.0)) == 3.0


def test_the_rows_of_a_node_are_those_that_count_for_it():
    run = inspected()
    assert rows_at(run, "converted", "conv") == ("conv weight", "conv output")
    assert rows_at(run, "converted", "quantize") == ("x",)
    assert rows_at(run, "converted", "output") == ()


def test_predictions_of_plans_are_found_once(monkeypatch: pytest.MonkeyPatch):
    base, later = run_of(2, FX, 14.3), run_of(3, FX, 15.0)
    first = base.changes_to(later)
    monkeypatch.setattr("qviz.analysis.trying.tried_runs.changes_between", lambda *_args: pytest.fail("again"))
    assert base.changes_to(later) is first
