"""What is tried out becomes a run, with mouse and keys: the prediction, then what the engine measures, beside it."""

from __future__ import annotations

import pytest

from qviz.document.plan import Plan
from tests.end_to_end.user import User


@pytest.mark.parametrize(("flow", "count"), [("fx-static", 1), ("pt2e-static", 2), ("eager-dynamic", 1)])
def test_a_choice_is_used_run_and_measured(user: User, flow: str, count: int):
    user.window.opener.open_plan(Plan(source="sample:residual", flow=flow, measure=True))
    user.wait_for_result()
    user.press("Ctrl+Shift+T")  # the slider has the keys
    panel = user.window.desk.work.trying if user.window.desk is not None else None
    assert panel is not None
    user.press("Home")
    for _ in range(count):
        user.press("Right")
    predicted = panel.choice.prediction if panel.choice is not None else None
    assert predicted is not None
    assert predicted.sqnr_db is not None
    user.click(panel.preview.use)
    user.press("Ctrl+Return")
    user.wait_for_result()
    user.wait_to_see("measured as Run 2")
    assert len(user.steps) == 4 + count
    chart, choice = panel.curve.chart, panel.choice
    assert chart is not None
    assert choice is not None
    run = choice.measured_as
    assert run is not None
    if predicted.sqnr_db == "inf":
        assert run.sqnr_db == "inf"
        assert [each.number for each in chart.measured] == [1]  # the other is above every chart
    else:
        assert [each.number for each in chart.measured] == [1, 2]
        assert choice.errors[0] == pytest.approx(float(predicted.sqnr_db) - float(run.sqnr_db or 0.0))
        assert abs(choice.errors[0]) < (1.0 if choice.tried.ledger.is_additive else 6.0)
    assert user.sees("Not additive") is not choice.tried.ledger.is_additive
    user.wait_to_see("Before and after", "Predicted")
