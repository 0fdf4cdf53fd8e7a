"""The ledger: estimates against exact measurements, segments against whole passes, shares that add up."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn
from torch.ao.quantization.quantize_fx import convert_fx
from torch.ao.quantization.quantize_pt2e import convert_pt2e

import qviz
from qviz.document.measurements import Ledger
from qviz.document.plan import Plan
from qviz.engine.loading.forward import Arguments
from qviz.engine.measure.ledger import estimate, tensors
from qviz.engine.measure.ledger.anchors import Anchoring
from qviz.engine.measure.ledger.inner_products import InnerProducts
from qviz.engine.measure.ledger.segments import in_segments
from qviz.engine.measure.models import four_models
from qviz.engine.measure.models.four_models import FourModels
from qviz.engine.measure.models.measured import Measured
from qviz.engine.measure.running.data import Evaluation
from qviz.engine.measure.simulated.simulation import copied, simulate
from tests.engine.small_models import exported, fx_prepared, pt2e_prepared

INPUTS = (torch.linspace(-2, 2, 3 * 3 * 6 * 6).reshape(3, 3, 6, 6).sin(),)


class Heads(nn.Module):
    """A skip, a split, and two heads of which one is small."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Conv2d(3, 8, 3, padding=1), nn.Conv2d(8, 8, 3, padding=1)
        self.large, self.small = nn.Linear(8, 5), nn.Linear(8, 2)
        with torch.no_grad():
            for head, factor in ((self.large, 100), (self.small, 0.01)):
                for each in head.parameters():
                    each.mul_(factor)

    def forward(self, x: torch.Tensor) -> dict[str, torch.Tensor]:
        x = torch.relu(self.first(x))
        left, right = torch.relu(self.second(x) + x).chunk(2, 1)
        pooled = torch.cat([right, left], 1).mean((2, 3))
        return {"large": self.large(pooled), "small": self.small(pooled)}


def measured(way: str, model: nn.Module | None = None, inputs: tuple[Any, ...] = INPUTS) -> Measured:
    torch.manual_seed(0)
    model = (model or Heads()).eval()
    prepared = fx_prepared(model, inputs) if way == "fx" else pt2e_prepared(exported(model, inputs), inputs)
    kept = copied(prepared)
    converted = convert_fx(prepared) if way == "fx" else convert_pt2e(prepared)
    simulation = simulate(kept, converted, way == "fx")
    batches = (Arguments(inputs),)
    floating, simulated = four_models.floating(simulation, batches), four_models.simulated(simulation, batches)
    models = FourModels(floating, floating, simulated, simulated, None)
    return Measured(Plan(), Evaluation(batches, ""), simulation, converted, models, (), (), lambda *step: None)


@pytest.mark.parametrize("limit", [0, 4000])
@pytest.mark.parametrize("is_simulated", [False, True])
@pytest.mark.parametrize("way", ["fx", "pt2e"])
def test_segments_give_what_a_whole_pass_gives(way: str, is_simulated: bool, limit: int):
    case = measured(way)
    idle, batch = tensors.look(case).idle, case.evaluation.batches[0]
    signs = {(name, k): torch.ones_like(value) for name, value in case.outputs.floating[0].items() for k in (0, 1)}
    found = []
    for passes in (estimate.at_once, in_segments):
        inner = InnerProducts(samples=3)
        probe = Anchoring(case.simulation, inner, idle, is_simulated)
        more: dict[str, Any] = {"limit": limit} if passes is in_segments else {}
        assert len(list(passes(case.simulation, batch, probe, inner, signs, **more))) == len(signs)
        found.append({(quantizer, name): power for quantizer, name, power in inner.powers()})
    assert found[0] == pytest.approx(found[1], rel=1e-3)  # a value at a bound of rounding may fall to either side
    assert max(found[0].values()) > 0


def ledger(model: nn.Module, flow: str, inputs: tuple[Any, ...] = INPUTS, **fields: Any) -> Ledger:
    torch.manual_seed(0)
    result = qviz.inspect(model, inputs, flow=flow, plan=Plan(flow=flow, measure=True, **fields))
    measurements = result.document.measurements
    assert measurements is not None
    assert measurements.ledger is not None, measurements.not_measured
    return measurements.ledger


def number(value: float | str | None) -> float:
    assert isinstance(value, float)
    return value


@pytest.mark.parametrize("flow", ["fx-static", "pt2e-static", "fx-dynamic"])
def test_estimates_are_near_the_exact_powers_and_leaders_are_exact(flow: str):
    torch.manual_seed(1)
    model = Heads()
    estimated, exact = ledger(model, flow), ledger(model, flow, exact=True)
    assert exact.method == "exact"
    assert all(row.is_exact for row in exact.quantizers)
    known = {row.id: row for row in exact.quantizers}
    leader = estimated.quantizers[0]
    assert leader.is_exact
    assert leader.powers == pytest.approx(known[leader.id].powers)
    assert leader.id == exact.quantizers[0].id
    for row in estimated.quantizers:
        assert row.share == pytest.approx(known[row.id].share, rel=2.0, abs=0.1)


def test_a_short_time_is_given_to_the_largest_and_the_estimate_stands_for_the_rest():
    torch.manual_seed(1)
    model = Heads()
    estimated, found = ledger(model, "fx-static"), ledger(model, "fx-static", exact=True, at_most=1e-6)
    assert (found.method, found.is_complete) == ("exact", False)
    measured = [row for row in found.quantizers if row.is_exact]
    assert len(measured) == 1
    assert measured[0] in estimated.quantizers[:4]
    assert all(row.share is not None for row in found.quantizers)
    assert found.projections == estimated.projections


def test_a_small_head_does_not_vanish_beside_a_large_one():
    found = ledger(Heads(), "fx-static", exact=True)
    small = [row for row in found.quantizers if row.powers.get("small") and not row.powers.get("large")]
    assert "small weight" in [row.id for row in small]
    assert sum(number(row.share) for row in small) > 0.1  # of signals that are 10,000 times smaller


def test_shares_and_what_is_unexplained_sum_to_one():
    found = ledger(Heads(), "pt2e-static")
    assert isinstance(found.additivity, float)
    assert sum(number(row.share) for row in found.quantizers) == pytest.approx(found.additivity)
    assert found.unexplained == pytest.approx(1 - found.additivity)
    shares = [number(row.share) for row in found.quantizers]
    assert shares == sorted(shares, reverse=True)


class Cancels(nn.Module):
    """Two outputs of one weight take each other away, so that noise alone is no measure of noise together."""

    def __init__(self) -> None:
        super().__init__()
        self.one, self.other = nn.Linear(4, 4, bias=False), nn.Linear(4, 4, bias=False)
        self.other.weight = nn.Parameter(self.one.weight.detach().clone())

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.one(x) - 0.5 * self.other(x)


def test_telescoping_shares_sum_to_one_where_others_do_not_add_up():
    inputs = (torch.linspace(-1, 1, 20).reshape(5, 4),)
    found = ledger(Cancels(), "fx-dynamic", inputs, exact=True)
    if not isinstance(found.additivity, float) or 0.8 <= found.additivity <= 1.25:
        pytest.fail(f"the model was made not to add up: {found.additivity}")
    assert sum(row.telescoped for row in found.quantizers if isinstance(row.telescoped, float)) == pytest.approx(1)


def test_a_run_tells_the_same_numbers_again():
    model = Heads()
    assert ledger(model, "fx-static") == ledger(model, "fx-static")
