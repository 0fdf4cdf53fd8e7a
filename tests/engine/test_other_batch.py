"""A model that was called before it came, and kept a state of another batch size than its inputs have."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from qviz.document.plan import Plan
from qviz.document.snapshot import Snapshot
from qviz.engine.loading.source import Loaded
from qviz.engine.serving.run import run_loaded
from qviz.errors import QvizError


class Cell(nn.Module):
    """Keeps what its cell gave last."""

    state: Tensor | None

    def __init__(self, in_buffer: bool = False) -> None:
        super().__init__()
        self.cell = nn.GRUCell(4, 6)
        if in_buffer:
            self.register_buffer("state", torch.zeros(3, 6))
        else:
            self.state = None

    def forward(self, x: Tensor) -> Tensor:
        before = torch.zeros(len(x), 6) if self.state is None else self.state
        self.state = self.cell(x, before)
        return self.state


class Table(nn.Module):
    """Adds a table that no call changes, and which has no row for each sample."""

    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(4, 6)
        self.register_buffer("table", torch.zeros(3, 6))

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(x) + self.table


def run(model: nn.Module, inputs: Tensor, flow: str) -> Snapshot:
    model.eval()
    return run_loaded(Loaded(model, (inputs,)), Plan(source="cell", flow=flow), lambda _: None)


def called() -> Cell:
    model = Cell()
    model(torch.zeros(3, 4))
    assert model.state is not None
    model.state = model.state.detach()
    return model


@pytest.mark.parametrize("flow", ["fx-static", "pt2e-static", "eager-dynamic"])
@pytest.mark.parametrize("make", [called, lambda: Cell(in_buffer=True)])
def test_a_state_of_another_batch_is_named(make, flow):
    with pytest.raises(QvizError, match=r"does not run on 5×4 float32") as raised:
        run(make(), torch.zeros(5, 4), flow)
    assert "keeps state of a batch of 3 from an earlier call" in raised.value.hint
    assert "Proxy" not in str(raised.value)
    assert "symbolically traced" not in str(raised.value)


def test_the_hint_works():
    model = called()
    model.state = None
    assert run(model, torch.zeros(5, 4), "eager-dynamic").run.error is None
    assert run(called(), torch.zeros(3, 4), "eager-dynamic").run.error is None


@pytest.mark.parametrize(
    ("model", "inputs"), [(called(), torch.zeros(3, 5)), (called(), torch.zeros(5, 5)), (Table(), torch.zeros(5, 4))]
)
def test_inputs_that_fit_no_batch_are_told_as_such(model, inputs):
    with pytest.raises(QvizError) as raised:
        run(model, inputs, "fx-static")
    assert "earlier call" not in raised.value.hint
