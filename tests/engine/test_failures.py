from __future__ import annotations

import inspect
from pathlib import Path

import pytest
import torch

from qviz.document.plan import Plan
from qviz.document.snapshot import Snapshot
from qviz.engine.failures import line_of
from qviz.engine.loading.source import Loaded
from qviz.engine.serving.run import run_loaded
from qviz.errors import QvizError


class Flat(torch.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.fc = torch.nn.Linear(4, 4)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.fc(x)
        return x.view(2, 4)


class Exits(torch.nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        raise SystemExit(1)


class InPlace(torch.nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.add_(1)


class Star(torch.nn.Module):
    """torch.fx patches the code of a forward with a star, and spoils its table of lines."""

    def forward(self, *given: torch.Tensor) -> torch.Tensor:
        totals = [each.sum() for each in given]
        return torch.stack(totals).sum() if totals[0] > 0 else -totals[0]


def run(module: torch.nn.Module, flow: str, *batches: torch.Tensor) -> Snapshot:
    data = [(batch,) for batch in batches]
    loaded = Loaded(module.eval(), (torch.ones(2, 4),), data or None)
    return run_loaded(loaded, Plan(source="module", flow=flow), lambda _: None)


@pytest.mark.parametrize("flow", ["fx-static", "pt2e-static"])
def test_a_batch_that_does_not_fit_names_the_line_of_the_model(flow: str):
    snapshot = run(Flat(), flow, torch.ones(2, 4), torch.ones(3, 4))
    error = snapshot.run.error
    assert error is not None
    assert (error.step, error.type) == ("calibrating", "RuntimeError")
    assert "batches of the shape of the example inputs" in error.hint
    assert error.source is not None
    lines, first = inspect.getsourcelines(Flat.forward)
    assert (error.source.file, error.source.line) == (str(Path(__file__)), first + len(lines) - 1)
    assert [stage.name for stage in snapshot.stages][-1] == "prepared"


def test_a_model_that_ends_the_program_is_refused():
    with pytest.raises(QvizError, match=r"does not run on 2×4 float32 at .*raise SystemExit"):
        run(Exits(), "fx-static")


def test_inputs_that_the_model_changes_stay_what_they_were():
    inputs = (torch.zeros(1),)
    run_loaded(Loaded(InPlace(), inputs), Plan(source="in-place"), lambda _: None)
    assert inputs[0].item() == 0


def test_a_traceback_that_python_cannot_format_is_told_in_short():
    error = run(Star(), "fx-static").run.error
    assert error is not None
    assert error.traceback is not None
    assert error.traceback.rstrip().endswith(error.message)
    assert "in forward" in error.traceback


def test_the_wrapper_of_torchs_deprecated_functions_is_not_the_users_code():
    with pytest.raises(AttributeError) as caught:
        torch.ao.quantization.convert(None)
    where = line_of(caught.value)
    assert where is not None
    assert where.file == __file__
