"""Measurements in Python: what `inspect` takes for them, and the ledger of a result."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

import qviz
from qviz.errors import QvizError
from tests.factories import snapshot
from tests.measured import measured, measured_run

X = torch.linspace(-1, 1, 32).reshape(4, 8)


def inspected(**options: Any) -> qviz.Snapshot:
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(8, 8), nn.ReLU(), nn.Linear(8, 3)).eval()
    return qviz.inspect(net, (X,), flow="fx-static", **options)


def test_a_ledger_is_made_when_asked_for_and_names_all_quantizers():
    result = inspected(measure=True)
    assert result.ledger is not None
    kinds = [row.kind for row in result.ledger]
    assert kinds.count("weight") == 2
    shares = [float(row.share or 0) for row in result.ledger.quantizers]
    assert shares == sorted(shares, reverse=True)
    assert result.ledger[result.ledger[0].id] is result.ledger[0]
    assert len(result.ledger) == len(kinds)


def test_a_clean_output_has_errors_and_no_ledger_by_itself():
    result = inspected()
    assert result.ledger is None
    assert result.measurements is not None
    assert result.measurements.sqnr_db is not None
    assert float(result.measurements.sqnr_db.total or 0) > 20


def test_nothing_is_measured_when_told_not_to():
    assert inspected(measure=False).measurements is None
    assert inspected(plan=qviz.Plan(flow="fx-static", measure=False)).measurements is None


def test_data_and_metric_are_taken():
    def agreement(outputs: torch.Tensor, batch: Any) -> float:
        return float((outputs.argmax(1) == batch[1]).float().mean())

    result = inspected(evaluation=[(X * 2, torch.zeros(4)), (X / 2, torch.ones(4))], metric=agreement)
    found = result.measurements
    assert found is not None
    assert (found.data, found.batches, found.samples) == ("given", 3, 12)
    assert found.metric is not None
    assert found.metric.name == "agreement"


def test_a_ledger_prints_as_its_table_and_in_notebooks():
    made = qviz.Snapshot(measured_run()).ledger
    assert made is not None
    assert repr(made).startswith(f"{made.answer}\n\nQuantizers by their share of the noise:\n")
    assert "<td>layer1.0.conv1 weight</td>" in made._repr_html_()
    assert made._repr_markdown_().startswith(f"**{made.answer}**")
    assert made.report("csv").startswith("share,name")
    assert made["relu output"].share == 0.3
    with pytest.raises(KeyError):
        made["nothing"]
    with pytest.raises(QvizError, match='no report format "yaml"'):
        made.report("yaml")


def test_a_result_that_was_not_measured_has_none():
    assert qviz.Snapshot(snapshot()).ledger is None
    assert qviz.Snapshot(snapshot()).measurements is None
    assert qviz.Snapshot(measured_run(measured())).ledger is None


def test_a_repair_runs_the_model_again_and_needs_it():
    found = inspected(calibration=[X]).repair(1.0)
    assert (found.reached, found.changes, found.target_db) == (True, (), 1.0)
    with pytest.raises(QvizError, match="no loaded model"):
        qviz.Snapshot(measured_run()).repair(25.0)
    with pytest.raises(QvizError, match="can be read only once"):
        inspected(calibration=iter([X])).repair(1.0)
