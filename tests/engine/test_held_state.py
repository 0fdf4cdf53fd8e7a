"""Models that keep something in plain attributes: measured from their start, and told where it is lost."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable
from enum import Enum
from typing import Any, NamedTuple

import pytest
import torch
from torch import nn
from torch.ao.nn.quantized import FloatFunctional
from torch.ao.quantization import DeQuantStub, QuantStub

from qviz.document.snapshot import Level, Snapshot
from qviz.engine.nodes import held_state
from tests.faults.cases import ROW
from tests.faults.test_statements import inspect

X = torch.randn(ROW, generator=torch.Generator().manual_seed(4))


class Cell(nn.Module):
    """A recurrent cell that keeps its state, as streaming models do."""

    def __init__(self) -> None:
        super().__init__()
        self.into, self.back = nn.Linear(8, 8), nn.Linear(8, 8)
        self.state: Any = None

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.into(x)
        if self.state is not None:
            y = y + self.back(self.state)
        self.state = torch.tanh(y).detach()
        return self.state


class Stubbed(Cell):
    """The same for eager mode; its state is a quantized tensor once it is converted, or a float one always."""

    def __init__(self, quantized: bool) -> None:
        super().__init__()
        self.quantized, self.add = quantized, FloatFunctional()
        self.quant, self.dequant = QuantStub(), DeQuantStub()
        self.quant_state, self.dequant_back = QuantStub(), DeQuantStub()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.into(self.quant(x))
        if self.quantized:
            if self.state is not None:
                y = self.add.add(y, self.back(self.state))
            self.state = torch.tanh(y).detach()
            return self.dequant(self.state)
        y = self.dequant(y)
        if self.state is not None:
            y = y + self.dequant_back(self.back(self.quant_state(self.state)))
        self.state = torch.tanh(y).detach()
        return self.state


class Watches(nn.Module):
    """Keeps what it computed, and never reads it."""

    def __init__(self) -> None:
        super().__init__()
        self.quant, self.dequant = QuantStub(), DeQuantStub()
        self.fc = nn.Linear(8, 8)
        self.features: Any = None

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.features = y = self.fc(self.quant(x))
        return self.dequant(y)


class Attends(nn.Module):
    """Attention over all keys and values so far."""

    def __init__(self) -> None:
        super().__init__()
        self.q, self.k, self.v = nn.Linear(8, 8), nn.Linear(8, 8), nn.Linear(8, 8)
        self.keys: Any = None
        self.values: Any = None

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        keys, values = self.k(x), self.v(x)
        if self.keys is not None:
            keys, values = torch.cat([self.keys, keys]), torch.cat([self.values, values])
        self.keys, self.values = keys.detach(), values.detach()
        return torch.softmax(self.q(x) @ keys.T, -1) @ values


def about_state(snapshot: Snapshot) -> list[tuple[str, Level]]:
    return [(each.code, each.level) for each in snapshot.findings if each.rule.startswith("state_")]


def test_a_dynamic_flow_is_measured_from_the_start_of_the_model():
    snapshot = inspect(Cell().eval(), "eager-dynamic", X)
    assert [each for each in snapshot.findings if each.level is not Level.INFO] == []


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda: Stubbed(quantized=True), [("state_left.stops", Level.ERROR)]),
        (lambda: Stubbed(quantized=False), [("state_left", Level.INFO)]),
        (Watches, []),
    ],
)
def test_what_calibration_left_is_told_where_it_changes_what_the_converted_model_gives(
    make: Callable[[], nn.Module], told: list[tuple[str, Level]]
):
    snapshot = inspect(make().eval(), "eager-static", X)
    assert about_state(snapshot) == told
    assert "converted_does_not_run" not in {each.rule for each in snapshot.findings}


def test_the_second_call_of_a_model_with_a_state_is_run_too():
    class Adds(Stubbed):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            y = self.into(self.quant(x))
            y = y if self.state is None else y + self.back(self.state)
            self.state = torch.tanh(y).detach()
            return self.dequant(self.state)

    (first, *_) = inspect(Adds(quantized=True).eval(), "eager-static", X).findings
    assert first.rule == "converted_does_not_run"
    assert "aten::add" in first.reason


@pytest.mark.parametrize(("make", "names"), [(Cell, ["state"]), (Attends, ["keys", "values"])])
def test_a_traced_graph_that_keeps_nothing_is_told_with_the_attributes(make: Callable[[], nn.Module], names: list[str]):
    (lost,) = [each for each in inspect(make().eval(), "fx-static", X).findings if each.rule == "state_lost"]
    assert (lost.code, lost.args["attributes"]) == ("state_lost.attributes", names)
    assert lost.level is not Level.INFO


def test_what_is_kept_and_never_read_is_not_lost():
    assert about_state(inspect(Watches().eval(), "fx-static", X)) == []


def test_attributes_come_back_as_they_were():
    model = nn.Sequential(Cell(), nn.ReLU())
    start = held_state.held(model)
    model(X)
    assert held_state.changed(model, start) == ("0.state",)
    with held_state.starting_from(model, start):
        assert model[0].state is None
    assert model[0].state is not None
    held_state.put(model, start)
    assert held_state.changed(model, start) == ()


class Grid(nn.Module):
    """Makes its grid anew where the shape is another, as detectors do; strict capture stops behind that."""

    shape: Any = None
    grid = torch.empty(0)

    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(8, 8)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if self.shape != x.shape:
            self.grid, self.shape = torch.ones(x.shape[-1]) / 2, x.shape
        torch._dynamo.graph_break()  # as any line that dynamo does not take
        return self.fc(x) + self.grid


def test_a_capture_that_failed_leaves_no_shape_behind():
    snapshot = inspect(nn.Sequential(Grid()).eval(), "pt2e-static", X)
    assert [each.rule for each in snapshot.findings if each.level >= Level.WARNING] == ["captured_without_strict"]
    assert [stage.name for stage in snapshot.stages][-1] == "converted"


class Mode(Enum):
    ON = 1


class Pair(NamedTuple):
    one: Any
    other: Any


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (torch.Size((2, 3)), torch.Size((2, 4))),
        (None, torch.Size((2, 3))),
        (torch.float32, torch.float16),
        (None, torch.device("cpu")),
        (None, Mode.ON),
        (Pair(1, torch.zeros(2)), Pair(2, torch.ones(2))),
        (deque([torch.zeros(2)], maxlen=2), deque([torch.ones(2)], maxlen=2)),
        ({1, 2}, {3}),
        (OrderedDict(a=1), OrderedDict(a=2)),
    ],
)
def test_every_kind_of_value_comes_back(before: Any, after: Any):
    model = Cell()
    model.state = before
    with held_state.unchanged(model):
        model.state = after
    assert type(model.state) is type(before)
    assert str(model.state) == str(before)


def test_what_is_written_into_in_place_comes_back():
    model = Cell()
    model.state = deque([torch.zeros(2)], maxlen=3)
    with held_state.unchanged(model):
        model.state[0].add_(1)
        model.state.append(torch.ones(2))
    assert len(model.state) == 1
    assert model.state.maxlen == 3
    assert not model.state[0].any()


def test_what_no_call_changes_stays_the_object_that_it_is():
    model = Watches()
    model.view, model.edges = model.fc.weight[:2], torch.eye(3).to_sparse()
    start = held_state.held(model)
    with held_state.unchanged(model):
        model(X)
    assert model.features is None
    assert held_state.changed(model, start) == ()
    assert model.view.data_ptr() == model.fc.weight.data_ptr()
