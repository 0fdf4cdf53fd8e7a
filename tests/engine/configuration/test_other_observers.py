"""Single tensors of PT2E models with observers of their own: set, printed, refused, and offered with what they gain."""

from __future__ import annotations

import copy
import math
from typing import Any

import pytest
import torch
from torch import nn

from qviz.document.configuration import Factory, Quantizer, QuantizerRule
from qviz.document.measurements import QuantizerNoise
from qviz.document.plan import Plan
from qviz.document.plan_patch import patched
from qviz.document.snapshot import Snapshot
from qviz.engine.loading.forward import Arguments
from qviz.engine.loading.source import Loaded
from qviz.engine.measure.changes import offers
from qviz.engine.measure.changes.trial import is_observed
from qviz.engine.serving.run import run_loaded
from qviz.errors import QvizError

X = (torch.linspace(-1, 2, 16).reshape(4, 4),)
SYMMETRIC = Factory("MinMaxObserver", {"qscheme": "torch.per_tensor_symmetric", "eps": 1e-4})


class Two(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.one, self.two = nn.Linear(4, 4), nn.Linear(4, 4)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.two(self.one(x))


def run(plan: Plan, model: nn.Module | None = None, batches: list[Any] | None = None, x: Any = X) -> Snapshot:
    return run_loaded(Loaded((model or Two()).eval(), Arguments(x), batches), plan, lambda _: None)


def ruled(*rules: QuantizerRule, **fields: Any) -> Plan:
    return Plan(source="test", quantizer_options=Quantizer(rules=rules), **{"flow": "pt2e-static", **fields})


def test_a_tensor_has_its_own_observer_and_the_python_makes_it_again():
    in_float = QuantizerRule("tensor", "linear_1", enabled=False)
    snapshot = run(ruled(QuantizerRule("tensor", "linear", observer=SYMMETRIC), in_float))
    assert snapshot.run.error is None
    prepared = snapshot.stage("prepared").graph
    watching = {edge.from_id: edge.to_id for edge in prepared.edges}
    observers = {node.id: node.observer for node in prepared.nodes if node.observer is not None}
    assert observers[watching["linear"]].type == "MinMaxObserver"
    assert observers[watching["x"]].type == "HistogramObserver"
    scales = [node.quant.output for node in snapshot.stage("converted").graph.nodes if node.quant and node.quant.output]
    assert 0 in [each.zero_point for each in scales]
    given: dict[str, Any] = {"model": copy.deepcopy(Two()).eval(), "example_inputs": X, "batches": [X]}
    exec("\n".join(line for line in snapshot.run.python.splitlines() if "= ..." not in line), given)
    assert type(given["quantizer"]).__name__ == "LeftInFloat"
    types = [type(each).__name__ for each in given["prepared"].modules()]
    assert types.count("MinMaxObserver") == 3  # the two weights have one anyway


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        (QuantizerRule("node", "linear", observer=SYMMETRIC), "only tensors"),
        (QuantizerRule("tensor", "linear", enabled=False, observer=SYMMETRIC), "only tensors"),
        (QuantizerRule("tensor", "linear", observer=Factory("MinMaxObsever")), "MinMaxObsever"),
        (QuantizerRule("tensor", "linear"), "changes nothing"),
    ],
)
def test_what_cannot_be_meant_is_refused(rule: QuantizerRule, message: str):
    with pytest.raises(QvizError, match=message):
        run(ruled(rule))


def test_a_tensor_whose_range_nobody_observes_stops_the_run():
    snapshot = run(ruled(QuantizerRule("tensor", "gone", observer=SYMMETRIC)))
    assert snapshot.run.error is not None
    assert "No range is observed at 'gone'" in snapshot.run.error.message


def test_what_the_quantizer_takes_is_offered_and_gives_what_was_foretold(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(offers, "_WORTH_DB", -100.0)  # histograms choose well: hardly anything gains
    random = torch.Generator().manual_seed(2)
    data = [(torch.randn(32, 4, generator=random) * 2 + 1,) for _ in range(3)]
    plan = Plan(source="test", flow="pt2e-static", measure=True)
    before = row_of(run(plan, batches=data, x=data[0]))
    ways = {each.name: each for each in before.alternatives if each.offered and each.name != "float"}
    assert ways.keys() == {"min_max", "symmetric"}
    for way in ways.values():
        after = row_of(run(patched(plan, way.patch), batches=data, x=data[0]))
        gained = 10 * math.log10(float(before.powers["output"]) / float(after.powers["output"]))
        assert gained == pytest.approx(float(way.gain_db), abs=1)


def row_of(snapshot: Snapshot) -> QuantizerNoise:
    assert snapshot.run.error is None
    assert snapshot.measurements is not None
    assert snapshot.measurements.not_measured == ()
    assert snapshot.measurements.ledger is not None
    return next(each for each in snapshot.measurements.ledger.quantizers if each.id == "one:linear output")


def test_a_fake_quant_is_tried_as_one():
    plan = Plan(source="test", flow="pt2e-qat")
    assert is_observed(plan, Factory("FakeQuantize", {"observer": "MinMaxObserver", "eps": 1e-4}))
    assert not is_observed(plan, Factory("FakeQuantize", {"observer": "PerChannelMinMaxObserver"}))
