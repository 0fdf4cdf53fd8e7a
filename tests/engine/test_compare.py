"""Flows compared on small models in this process, and in an engine that dies in the middle."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from qviz.cli.comparisons import compare_flows
from qviz.cli.options import Manner
from qviz.document.comparison import NOT_A_SPEED_MEASURE, FlowRow
from qviz.document.plan import Plan
from qviz.engine.serving.comparison import compare, compare_flow
from qviz.errors import QvizError
from qviz.trust.grants import all_typed as typed
from qviz.wire.messages import Compare, ComparisonFinished, FlowCompared, Message, ModelLoaded, StepStarted

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")

MANNER = Manner(timeout=None, as_json=False, quiet=True)

MODELS = """
import os
import torch
from torch import nn

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(64, 64)
        self.norm = nn.BatchNorm1d(64)

    def forward(self, x):
        return torch.cumsum(self.fc(x).softmax(-1), -1)

class Branching(Net):
    def forward(self, x):
        if x.shape[0] > 1 and x.sum() > 1e9:
            return x
        return self.fc(x)

class Wrong(Net):
    def forward(self, x):
        return self.fc(x[:, :3])

class Deadly(Net):
    def forward(self, x):
        if type(x) is torch.fx.Proxy:
            os.kill(os.getpid(), 9)
        return self.fc(x)

example_inputs = torch.linspace(-1, 1, 256).reshape(4, 64)
net = Net()
"""


@pytest.fixture
def all_typed(monkeypatch: pytest.MonkeyPatch) -> Callable[[Plan], Plan]:
    """Let the command line send grants for a plan, as if its words had been typed."""

    def allow(plan: Plan) -> Plan:
        monkeypatch.setattr("qviz.cli.comparisons.grants", lambda: typed(plan))
        return plan

    return allow


@pytest.fixture
def models(tmp_path: Path) -> str:
    file = tmp_path / "models.py"
    file.write_text(MODELS, encoding="utf-8")
    return str(file)


def row_of(source: str, flow: str, **plan: object) -> FlowRow:
    return compare_flow(Plan(source=source, flow=flow, **plan), lambda message: None)  # type: ignore[arg-type]


@pytest.mark.parametrize("flow", ["eager-dynamic", "fx-static", "fx-dynamic"])
def test_a_flow_with_integer_kernels_is_measured_in_all(models, flow):
    row = row_of(f"{models}:Net", flow)
    assert (row.status, row.broken, row.no_time) == ("done", None, None)
    assert len(row.low) >= 1
    assert row.size is not None
    assert 2 < row.size.ratio < 4.5
    assert row.time is not None
    assert row.time.before_ms > 0 < row.time.after_ms
    assert 20 < float(row.sqnr_db or 0) < 90
    assert "softmax" in {group.type for group in row.stays_float}


def test_simulated_integers_are_no_speed_measure(models):
    row = row_of(f"{models}:Net", "pt2e-static")
    assert (row.status, row.time, row.no_time) == ("done", None, NOT_A_SPEED_MEASURE)
    assert row.size is not None
    assert row.size.ratio > 2
    assert [(group.type, group.code) for group in row.stays_float] == [("softmax", "float.not_annotated")]
    assert {"linear", "softmax"} <= set(row.operators)


def test_lowered_kernels_are_timed(models):
    row = row_of(f"{models}:Net", "pt2e-static", lower=True, quantizer="x86_inductor")
    assert (row.status, row.stage) == ("done", "lowered")
    assert row.time is not None
    assert row.size is not None


def test_nothing_quantized_is_equal_and_not_timed(models):
    row = row_of(f"{models}:Net", "fx-weight-only")
    assert (row.low, row.sqnr_db, row.no_time) == ((), "inf", "time.nothing_in_low_precision")
    assert row.findings["error"] == 1


def test_dynamic_ranges_are_more_exact_than_those_of_the_calibration(models):
    exact, coarse = row_of(f"{models}:Net", "fx-dynamic"), row_of(f"{models}:Net", "fx-static")
    assert float(exact.sqnr_db or 0) > float(coarse.sqnr_db or 0)


def test_an_instance_of_the_users_stays_as_it_is(models):
    row = row_of(f"{models}:net", "fx-static")
    assert row.status == "done"
    assert row.findings.get("info") == 1  # that the model was in training mode


def test_a_failing_flow_is_a_row_and_the_others_go_on(models):
    sent: list[Message] = []
    compare(Compare(7, Plan(source=f"{models}:Branching"), ("fx-static", "pt2e-static")), sent.append)
    rows = [message.row for message in sent if isinstance(message, FlowCompared)]
    assert (rows[0].flow, rows[0].status) == ("fx-static", "failed")
    error = rows[0].error
    assert error is not None
    assert error.source is not None
    assert (error.step, error.source.code) == ("capturing", "if x.shape[0] > 1 and x.sum() > 1e9:")
    assert rows[1].flow == "pt2e-static"
    assert sent[-1] == ComparisonFinished(7)
    steps = [(message.flow, message.step) for message in sent if isinstance(message, StepStarted)]
    assert steps[0] == ("fx-static", "loading")
    assert ("pt2e-static", "capturing") in steps
    assert all(isinstance(message, FlowCompared | StepStarted | ModelLoaded) for message in sent[:-1])


def test_what_one_flow_refuses_does_not_reject_the_model(models):
    row = row_of(f"{models}:Net", "fx-static", backend="nowhere")
    assert row.status == "failed"
    assert row.error is not None
    assert 'Unknown backend "nowhere"' in row.error.message
    assert row_of(f"{models}:Net", "pt2e-static", backend="nowhere").status == "done"


def test_a_model_that_does_not_run_ends_the_comparison(models):
    with pytest.raises(QvizError, match="does not run"):
        row_of(f"{models}:Wrong", "fx-static")


def test_a_generator_of_batches_serves_the_measure_and_the_calibration(tmp_path):
    file = tmp_path / "streaming.py"
    file.write_text(
        MODELS + "def calibration_data():\n    return (torch.full((4, 64), i / 10) for i in range(12))\n",
        encoding="utf-8",
    )
    steps: list[StepStarted] = []
    plan = Plan(source=f"{file}:Net", flow="fx-static")
    row = compare_flow(plan, lambda message: steps.append(message) if isinstance(message, StepStarted) else None)
    assert row.status == "done"
    assert max(step.done for step in steps if "calibrating" in step.step) == 12


@pytest.mark.logs
def test_a_dying_engine_takes_one_flow_with_it(all_typed, models):
    comparison = compare_flows(
        all_typed(Plan(source=f"{models}:Deadly")),
        ("fx-static", "pt2e-static", "pt2e-dynamic"),
        lambda report: None,
        MANNER,
    )
    assert [row.status for row in comparison.rows] == ["died", "done", "done"]
    error = comparison.rows[0].error
    assert error is not None
    assert (error.step, error.message) == ("capturing", "The engine was ended by SIGKILL")
    assert comparison.types == ("Deadly", "Linear", "BatchNorm1d")


@pytest.mark.slow
def test_the_deadline_is_for_each_flow(all_typed, models, tmp_path):
    file = tmp_path / "slow.py"
    file.write_text(MODELS.replace("os.kill(os.getpid(), 9)", "__import__('time').sleep(60)"), encoding="utf-8")
    flows = ("pt2e-static", "fx-static")
    comparison = compare_flows(
        all_typed(Plan(source=f"{file}:Deadly")), flows, lambda report: None, MANNER._replace(timeout=25)
    )
    assert [row.status for row in comparison.rows] == ["done", "failed"]
    assert "stopped after 25 s" in comparison.rows[1].error.message  # type: ignore[union-attr]
