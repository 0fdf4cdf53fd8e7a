"""Sizes that dynamic_shapes declares as variable, and the example inputs do not fit."""

from __future__ import annotations

from pathlib import Path

import pytest

from qviz.document.plan import Plan
from qviz.engine.serving.run import run_plan

MODEL = """
import torch
from torch.export import Dim

class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = torch.nn.Linear(4, 4)

    def forward(self, x):
        return self.fc(x)

def any_batch():
    return ({0: Dim("batch")},)

def large_batches():
    return ({0: Dim("batch", min=8)},)
"""


@pytest.mark.logs  # torch tells its guards
@pytest.mark.parametrize(
    ("shapes", "inputs", "code"),
    [
        ("any_batch", "1x4", "stop.dynamic_shapes_of_one"),
        ("any_batch", "2x4", None),
        ("large_batches", "2x4", "stop.dynamic_shapes_range"),
        ("large_batches", "8x4", None),
    ],
)
def test_a_batch_of_the_example_inputs_that_does_not_fit_is_the_cause(
    tmp_path: Path, shapes: str, inputs: str, code: str | None
):
    file = tmp_path / "net.py"
    file.write_text(MODEL)
    plan = Plan(f"{file}:Net", "pt2e-static", inputs=(inputs,), dynamic_shapes=f"{file}:{shapes}", measure=False)
    error = run_plan(plan, lambda _: None).run.error
    assert (error and error.code) == code
