"""What other ways to round would gain: beside quantizers really changed, and offered only where torch takes it."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from qviz.document.measurements import Ledger, QuantizerNoise
from qviz.document.plan import Plan
from qviz.document.plan_patch import patched
from qviz.engine.loading.source import Loaded
from qviz.engine.measure.changes.counterfactuals import OtherWays, noise_alone
from qviz.engine.measure.changes.other_roundings import CLIPPING, RoundingGrid, SeenValues, of_activation
from qviz.engine.measure.ledger.ledger import names_of
from qviz.engine.measure.models.measured import Measured
from qviz.engine.measure.simulated.rounding import Affine
from qviz.engine.serving.run import run_loaded


class Uneven(nn.Module):
    """The rows of the first convolution differ by a factor of 64."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.conv, self.relu, self.fc = nn.Conv2d(3, 8, 3), nn.ReLU(), nn.Linear(8 * 36, 4)
        with torch.no_grad():
            self.conv.weight *= 2.0 ** -torch.arange(0, 8).clamp(max=6).reshape(-1, 1, 1, 1)
            self.fc.weight *= 2.0 ** torch.arange(0, 8).clamp(max=6).repeat_interleave(36)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.fc(self.relu(self.conv(x)).flatten(1))


class Stubbed(Uneven):
    def __init__(self) -> None:
        super().__init__()
        self.quant, self.dequant = torch.ao.quantization.QuantStub(), torch.ao.quantization.DeQuantStub()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.dequant(super().forward(self.quant(x)))


def measured(plan: Plan, model: nn.Module | None = None) -> tuple[Measured, Ledger]:
    found: list[tuple[Measured, Ledger | None]] = []
    random = torch.Generator().manual_seed(1)
    data = [torch.randn(4, 3, 8, 8, generator=random) for _ in range(2)]
    model = model or (Stubbed() if plan.flow in ("eager-static", "eager-qat") else Uneven())
    snapshot = run_loaded(
        Loaded(model.eval(), (data[0],), data), plan, lambda _: None, measured=lambda *each: found.append(each)
    )
    assert snapshot.run.error is None
    assert snapshot.measurements is not None
    assert snapshot.measurements.not_measured == ()
    kept, ledger = found[0]
    assert ledger is not None
    return kept, ledger


def weight_of(ledger: Ledger) -> QuantizerNoise:
    return next(row for row in ledger.quantizers if row.kind == "weight" and row.id.startswith("conv"))


@pytest.mark.parametrize(
    "plan",
    [
        Plan(flow="fx-static", backend="qnnpack"),
        Plan(flow="pt2e-static"),
        Plan(flow="eager-static", backend="qnnpack"),
        Plan(flow="fx-qat", backend="qnnpack"),
        Plan(flow="eager-qat", backend="qnnpack"),
    ],
    ids=["fx", "pt2e", "eager", "fx-qat", "eager-qat"],
)
def test_per_channel_is_offered_for_uneven_rows_and_gains_what_was_foretold(plan: Plan):
    plan = patched(plan, "measure = true")
    kept, ledger = measured(plan)
    row = weight_of(ledger)
    best = next(each for each in row.alternatives if each.name == "per_channel")
    assert best.offered
    assert float(best.gain_db) > 5
    after, _ = measured(patched(plan, best.patch))
    before = noise_alone(kept, names_of(kept).index(row.id), {})
    then = noise_alone(after, names_of(after).index(row.id), {})
    gained = 10 * torch.log10(torch.tensor(before / then)).item()
    assert gained == pytest.approx(float(best.gain_db), abs=3)


class TwoLinear(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.fc, self.out = nn.Linear(192, 8), nn.Linear(8, 4)
        with torch.no_grad():
            self.fc.weight *= 2.0 ** -torch.arange(0, 8).clamp(max=6).reshape(-1, 1)
            self.out.weight *= 2.0 ** torch.arange(0, 8).clamp(max=6)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.out(self.fc(x.flatten(1)))


def test_dynamic_modules_are_offered_in_float_and_per_channel():
    plan = Plan(flow="eager-dynamic", measure=True)
    _, ledger = measured(plan, TwoLinear())
    row = next(each for each in ledger.quantizers if each.id == "fc weight")
    offered = {each.name: each for each in row.alternatives if each.offered}
    assert offered.keys() >= {"float", "per_channel"}
    _, after = measured(patched(plan, offered["float"].patch), TwoLinear())
    assert {each.module for each in after.quantizers} == {"out"}
    _, after = measured(patched(plan, offered["per_channel"].patch), TwoLinear())
    changed = next(each for each in after.quantizers if each.id == "fc weight")
    gained = float(changed.local_db or 0) - float(row.local_db or 0)
    assert gained > 3
    assert float(offered["per_channel"].gain_db) > 5


class Gate(nn.Module):
    """Adds a constant whose rows differ, which XNNPACK rounds as an activation."""

    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(8, 8)
        self.register_buffer("grid", torch.randn(8, 1) * torch.logspace(-3, 1, 8)[:, None])

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.fc(x) + self.grid


class Level(Gate):
    """Adds a constant of one row."""

    def __init__(self) -> None:
        super().__init__()
        self.grid = torch.randn(1, 8) * torch.logspace(-3, 1, 8)


@pytest.mark.parametrize("kind", [Gate, Level])
def test_a_constant_that_is_no_weight_of_a_layer_is_not_offered_per_channel(kind: type[Gate]):
    torch.manual_seed(0)
    snapshot = run_loaded(
        Loaded(kind().eval(), (torch.randn(8, 8),)), Plan(flow="pt2e-static", measure=True), lambda _: None
    )
    assert snapshot.measurements is not None
    assert snapshot.measurements.ledger is not None
    weights = [row for row in snapshot.measurements.ledger.quantizers if row.kind == "weight"]
    [constant] = [row for row in weights if not any("linear" in each for each in row.asked_by)]
    assert [each.name for each in constant.alternatives if each.offered and each.name == "per_channel"] == []
    assert kind is Gate or "uneven_channels" not in {each.rule for each in snapshot.findings}


def test_what_is_not_offered_says_so():
    _, ledger = measured(Plan(flow="fx-static", measure=True))
    ways = [each for row in ledger.quantizers for each in row.alternatives]
    assert {each.name for each in ways} >= {"sixteen_bits", "float", "symmetric", "per_tensor"}
    assert not any(each.offered for each in ways if each.name == "sixteen_bits")
    assert all(each.patch for each in ways if each.offered)
    assert all(each.verified_db is not None for each in ways if each.name in CLIPPING)
    assert any(each.name in CLIPPING for each in ways)


@pytest.mark.parametrize("flow", ["fx-static", "pt2e-static", "eager-dynamic"])
def test_gains_are_those_of_really_changed_quantizers(flow: str):
    kept, _ = measured(Plan(flow=flow, measure=True))
    ways, errors = OtherWays(kept), []
    for index, roundings in ways.roundings.items():
        now = noise_alone(kept, index, {})
        for name, rounding in roundings.items():
            then = noise_alone(kept, index, {index: rounding})
            if name not in (*CLIPPING, "sixteen_bits") and now > 0 and then > 0:
                foretold = ways.errors[index][""] / ways.errors[index][name]
                errors.append(abs(10 * torch.log10(torch.tensor(foretold / (now / then))).item()))
    errors.sort()
    assert len(errors) >= 3
    assert errors[len(errors) // 2] < 0.5


def test_ranges_and_histograms_are_the_same_batch_by_batch():
    values = torch.randn(4, 1000, generator=torch.Generator().manual_seed(0)).relu()
    whole, parts = SeenValues(), SeenValues()
    for take in ("widen", "count"):
        getattr(whole, take)(values)
        for each in values:
            getattr(parts, take)(each)
    assert (whole.low, whole.high) == (parts.low, parts.high)
    assert whole.counts is not None
    assert parts.counts is not None
    assert torch.equal(whole.counts, parts.counts)


def test_the_least_error_cuts_an_outlier_off_and_nothing_else():
    grid = RoundingGrid(Affine(torch.int8, torch.tensor(1.0), torch.tensor(0), -8, 7, by_kernel=False), -8, 7, False)
    values = torch.rand(100_000, generator=torch.Generator().manual_seed(0)) - 0.5
    errors = {}
    for outlier in (0.5, 4.0):
        values[0] = outlier
        seen = SeenValues()
        seen.widen(values)
        seen.count(values)
        ways = of_activation(grid, seen)
        errors[outlier] = {name: float((way(values) - values).square().sum()) for name, way in ways.items()}
    assert errors[4.0]["mse"] < errors[4.0]["min_max"] / 10
    assert errors[0.5]["mse"] == pytest.approx(errors[0.5]["min_max"], rel=0.05)


def test_channels_are_weighed_by_the_first_samples_where_a_batch_is_too_large(monkeypatch: pytest.MonkeyPatch):
    kept, ledger = measured(Plan(flow="fx-static", backend="qnnpack", measure=True))
    index = names_of(kept).index(weight_of(ledger).id)
    monkeypatch.setattr("qviz.engine.measure.changes.sensitivity.MEMORY", 1)
    errors = OtherWays(kept).errors[index]
    assert errors[""] / errors["per_channel"] > 300  # unweighed it is less than ten: wide rows hide the narrow ones
