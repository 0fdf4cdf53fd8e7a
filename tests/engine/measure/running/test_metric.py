"""A metric of the user's: whom it is asked about, what it is given, and what becomes of its failure."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

from qviz.document.measurements import Measurements
from qviz.document.plan import Plan
from qviz.engine.loading.metric import UserMetric, find_metric, given_metric
from qviz.engine.loading.source import Loaded
from qviz.engine.serving.run import run_loaded
from qviz.errors import QvizError

EXAMPLE = (torch.linspace(-1, 1, 8).reshape(2, 4),)
DATA = [(torch.linspace(-1, 1, 12).reshape(3, 4) * scale, torch.tensor([0, 1, 1])) for scale in (1, 2)]


def measured(function: Any, data: Any = None, flow: str = "fx-static") -> Measurements:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(4, 4), nn.ReLU(), nn.Linear(4, 2)).eval()
    metric = given_metric(function)
    loaded = Loaded(model, EXAMPLE, evaluation=data, metric=metric)
    found = run_loaded(loaded, Plan(flow=flow), lambda report: None).measurements
    assert found is not None
    return found


def test_it_is_asked_about_three_models_with_labels_and_gets_floats():
    seen: list[tuple[torch.dtype, int]] = []

    def first_class(outputs: torch.Tensor, batch: Any) -> torch.Tensor:
        seen.append((outputs.dtype, len(batch)))
        return (outputs.argmax(1) == batch[1]).float().mean()

    metric = measured(first_class, DATA).metric
    assert metric is not None
    assert metric.name == "first_class"
    assert all(value is not None for value in (metric.original, metric.simulated, metric.converted))
    assert seen == [(torch.float32, 2)] * 6, "two batches of each model; the example inputs have no labels"


def test_a_batch_that_equals_the_example_inputs_keeps_its_labels():
    sizes: list[int] = []

    def count(outputs: torch.Tensor, batch: Any) -> float:
        sizes.append(len(batch))
        return 0.0

    measured(count, [(EXAMPLE[0], torch.zeros(2))])
    assert sizes == [2, 2, 2]


def test_the_mean_is_over_batches():
    values = iter([1.0, 3.0, 10.0, 20.0, 0.0, 0.5])
    metric = measured(lambda outputs, batch: next(values), DATA).metric
    assert metric is not None
    assert (metric.original, metric.simulated, metric.converted) == (2.0, 15.0, 0.25)


def test_without_data_it_is_asked_about_the_example_inputs():
    metric = measured(lambda outputs, batch: batch[0].sum()).metric
    assert metric is not None
    assert metric.original == pytest.approx(float(EXAMPLE[0].sum()))


def test_what_it_raises_is_told_with_its_line_and_stops_nothing():
    def fails(outputs: torch.Tensor, batch: Any) -> float:
        return float(vars(batch[1])["labels"])

    found = measured(fails, DATA)
    assert found.metric is None
    assert found.sqnr_db is not None
    told = [each.text for each in found.not_measured]
    line = fails.__code__.co_firstlineno + 1
    assert told == [f"the metric failed at test_metric.py:{line}: KeyError: 'labels'"]


def test_what_gives_no_number_is_told():
    told = [each.text for each in measured(lambda outputs, batch: outputs, DATA).not_measured]
    assert len(told) == 1
    assert "the metric failed" in told[0]


def test_a_model_that_does_not_run_on_the_data_is_told():
    found = measured(lambda outputs, batch: 0.0, [(torch.zeros(3, 5),)])
    assert found.sqnr_db is None
    assert found.not_measured[0].text.startswith("the original model does not run on the data: RuntimeError: ")


def test_a_name_that_is_no_function_is_refused():
    with pytest.raises(QvizError, match="sys:path is a list, not a function"):
        find_metric(Plan(metric="sys:path"))
    found = find_metric(Plan(metric="math:hypot"))
    assert isinstance(found, UserMetric)
    assert found.function(3, 4) == 5
