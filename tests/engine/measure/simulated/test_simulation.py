"""The measuring copy against torch: float with all quantizers off, the converted model's bits with all on."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn
from torch.ao.quantization import DeQuantStub, QuantStub
from torch.ao.quantization.quantize_fx import convert_fx
from torch.ao.quantization.quantize_pt2e import convert_pt2e

import qviz
from qviz.document.measurements import Ledger, Measurements
from qviz.document.plan import Plan
from qviz.engine.loading.forward import Arguments
from qviz.engine.measure.ledger.exact import Reruns
from qviz.engine.measure.models import four_models
from qviz.engine.measure.running import outputs
from qviz.engine.measure.simulated.simulation import Simulation, copied, simulate
from tests.engine.small_models import NET_INPUTS, Net, exported, fx_prepared, pt2e_prepared

IMAGES = (torch.linspace(-2, 2, 2 * 3 * 6 * 6).reshape(2, 3, 6, 6).sin(),)


class Joins(nn.Module):
    """Two branches that are joined: their observers are one."""

    def __init__(self) -> None:
        super().__init__()
        self.one, self.two, self.last = nn.Conv2d(3, 4, 1), nn.Conv2d(3, 4, 1), nn.Conv2d(8, 2, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.last(torch.cat([self.one(x), torch.relu(self.two(x))], 1))


class InPlace(nn.Module):
    """Changes what it has, also what two read."""

    def __init__(self, is_in_place: bool = True) -> None:
        super().__init__()
        self.one, self.two, self.is_in_place = nn.Conv2d(3, 4, 1), nn.Conv2d(4, 4, 1), is_in_place

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.one(x)
        if self.is_in_place:
            y = self.two(x.relu_())
            y += x
            return y.clamp_(-1, 1)
        x = x.relu()
        return (self.two(x) + x).clamp(-1, 1)


def simulated(way: str, model: nn.Module, inputs: tuple[Any, ...]) -> tuple[Simulation, nn.Module, nn.Module]:
    """Return the simulation, the prepared and the converted model."""
    prepared = fx_prepared(model.eval(), inputs) if way == "fx" else pt2e_prepared(exported(model, inputs), inputs)
    watching, kept = copied(prepared), copied(prepared)
    converted = convert_fx(prepared) if way == "fx" else convert_pt2e(prepared)
    return simulate(kept, converted, way == "fx"), watching, converted


MODELS = [(Net, NET_INPUTS), (Joins, IMAGES), (InPlace, IMAGES)]


@pytest.mark.parametrize(("make", "inputs"), MODELS, ids=[make.__name__ for make, _ in MODELS])
@pytest.mark.parametrize("way", ["fx", "pt2e"])
def test_all_on_are_the_converted_models_bits_and_all_off_the_prepared_ones(way: str, make: Any, inputs: Any):
    torch.manual_seed(0)
    simulation, prepared, converted = simulated(way, make(), inputs)
    batches = [Arguments(inputs)]
    (off,), (on,) = four_models.floating(simulation, batches), four_models.simulated(simulation, batches)
    assert outputs.is_equal(off, outputs.run(prepared, batches)[0])
    assert outputs.is_equal(on, outputs.run(converted, batches)[0])
    assert not outputs.is_equal(on, off)


@pytest.mark.parametrize("way", ["fx", "pt2e"])
def test_observers_that_are_one_object_are_one_quantizer(way: str):
    simulation, _, _ = simulated(way, Joins(), IMAGES)
    places = [len(each.paths) for each in simulation.quantizers if each.kind == "activation"]
    assert max(places) > 1
    names = [path for each in simulation.quantizers for path in each.paths if each.kind == "activation"]
    assert len(names) == len(set(names)), "no place belongs to two quantizers"


@pytest.mark.parametrize("way", ["fx", "pt2e"])
def test_a_model_that_works_in_place_has_the_powers_of_one_that_does_not(way: str):
    found = []
    for is_in_place in (True, False):
        torch.manual_seed(0)
        simulation, _, _ = simulated(way, InPlace(is_in_place), IMAGES)
        reruns = Reruns(simulation, [Arguments(IMAGES)])
        found.append(sorted(reruns.noise({each.index})["output"] for each in simulation.quantizers))
    assert found[0] == found[1]
    assert found[0][-1] > 0


class Stubs(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.quant, self.dequant = QuantStub(), DeQuantStub()
        self.conv, self.bn, self.relu, self.fc = nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Linear(64, 5)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.relu(self.bn(self.conv(self.quant(x))))
        return self.dequant(self.fc(torch.flatten(x, 1)))


class Plain(nn.Module):
    """Without batch norm: torch would take minutes to export all patterns that it folds in training."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.relu, self.fc = nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Linear(64, 5)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.fc(torch.flatten(self.relu(self.conv(x)), 1))


class Bags(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.bag, self.fc = nn.EmbeddingBag(20, 16, mode="sum", include_last_offset=True), nn.Linear(16, 5)

    def forward(self, ids: torch.Tensor, offsets: torch.Tensor) -> torch.Tensor:
        return self.fc(self.bag(ids, offsets))


BAGS = (torch.tensor([1, 2, 4, 5, 4, 3]), torch.tensor([0, 2, 4, 6]))
FLOWS = [
    *((flow, Stubs, IMAGES) for flow in ("eager-static", "eager-dynamic", "eager-qat")),
    *((flow, Stubs, IMAGES) for flow in ("fx-static", "fx-dynamic", "fx-qat")),
    *((flow, Stubs, IMAGES) for flow in ("pt2e-static", "pt2e-dynamic")),
    ("pt2e-qat", Plain, IMAGES),
    *((flow, Bags, BAGS) for flow in ("eager-weight-only", "fx-weight-only")),
]


def measurements(flow: str, model: nn.Module, inputs: Any) -> Measurements:
    result = qviz.inspect(model, inputs, flow=flow, plan=Plan(flow=flow, measure=True))
    found = result.document.measurements
    assert found is not None
    assert [each.text for each in found.not_measured] == []
    return found


def ledger(flow: str, model: nn.Module, inputs: Any) -> Ledger:
    found = measurements(flow, model, inputs).ledger
    assert found is not None
    return found


@pytest.mark.parametrize(("flow", "make", "inputs"), FLOWS, ids=[flow for flow, _, _ in FLOWS])
def test_every_flow_that_quantizes_has_a_ledger(flow: str, make: Any, inputs: Any):
    torch.manual_seed(0)
    found = measurements(flow, make().eval(), inputs)
    assert found.ledger is not None
    rows = found.ledger.quantizers
    assert rows
    assert any(isinstance(row.share, float) and row.share > 0 for row in rows)
    assert all(row.nodes or row.module for row in rows), "each stands somewhere"
    (errors,) = found.outputs
    assert errors.simulated not in (None, "inf")
    assert errors.total not in (None, "inf")


class Recurs(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.lstm, self.fc = nn.LSTM(6, 4), nn.Linear(4, 2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.fc(self.lstm(x)[0])


@pytest.mark.parametrize("flow", ["eager-dynamic", "fx-dynamic"])
def test_what_happens_inside_a_cell_is_one_row(flow: str):
    torch.manual_seed(0)
    rows = ledger(flow, Recurs(), (torch.randn(5, 3, 6),)).quantizers
    cells = [row for row in rows if row.kind == "cell"]
    assert [row.id for row in cells] == ["lstm inside the cell"]
    weights = {row.id for row in rows if row.kind == "weight"}
    assert {"lstm weight_ih_l0", "lstm weight_hh_l0", "fc weight"} <= weights
    assert all(isinstance(row.share, float) and row.share > 0 for row in cells)


class Frequencies(nn.Module):
    """Multiplies with a vector, as an encoding of positions does."""

    frequencies: torch.Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("frequencies", torch.tensor([1.0, 2.0, 4.0]))
        self.fc = nn.Linear(3, 2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.fc(x * self.frequencies)


@pytest.mark.parametrize("flow", ["fx-static", "pt2e-static"])
def test_a_vector_is_measured_without_channels(flow: str):
    assert ledger(flow, Frequencies().eval(), (torch.randn(5, 3),)).quantizers
