"""Changes fall out as predicted when the changed plan runs, and a repair finds the quantizer that was spoiled."""

from __future__ import annotations

import msgspec
import pytest
import torch
from torch import nn

from qviz.analysis.possible_changes import module_in_float, possible_changes
from qviz.analysis.what_if import remaining
from qviz.document.changes import Change, changed
from qviz.document.measurements import Ledger
from qviz.document.plan import Plan
from qviz.document.plan_patch import patched
from qviz.engine.loading.source import Loaded
from qviz.engine.measure.changes.repair import ChangeSearch
from qviz.engine.measure.ledger.ledger import names_of
from qviz.engine.measure.models.measured import Measured
from qviz.engine.serving.repair import repair
from qviz.engine.serving.run import run_loaded
from tests.engine.small_models import Net

FLOWS = ("fx-static", "pt2e-static")


class Spoiled(nn.Module):
    """One channel of the first convolution is wide and nobody needs it: all others lose their steps to it."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.first = nn.Conv2d(4, 5, 1)
        self.net = Net()
        with torch.no_grad():
            self.first.weight[0] *= 300

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.net(self.first(x)[:, 1:])


def loaded() -> Loaded:
    random = torch.Generator().manual_seed(1)
    data = [torch.randn(4, 4, 8, 8, generator=random) for _ in range(2)]
    return Loaded(Spoiled().eval(), (data[0],), data)


def measured(plan: Plan) -> tuple[Measured, Ledger]:
    found: list[tuple[Measured, Ledger | None]] = []
    snapshot = run_loaded(loaded(), plan, lambda _: None, measured=lambda *each: found.append(each))
    assert snapshot.run.error is None
    assert snapshot.measurements is not None
    assert snapshot.measurements.not_measured == ()
    kept, ledger = found[0]
    assert ledger is not None
    return kept, ledger


@pytest.mark.parametrize("flow", FLOWS)
def test_a_changed_plan_has_the_quantizers_and_the_noise_that_were_foretold(flow: str):
    plan = Plan(flow=flow, measure=True)
    kept, ledger = measured(plan)
    names = set(names_of(kept))
    changes = possible_changes(plan, ledger, kept.stage.graph)
    search = ChangeSearch(kept, ledger, changes)
    block = module_in_float(plan, ledger, kept.stage.graph, "net.layer1.0")
    several = max(changes, key=lambda each: (each.kind == "operator", len(each.nodes)))
    assert block is not None
    for change in (changes[0], several, block):
        after, _ = measured(changed(plan, (change,)))
        gone = {name for name, factor in remaining(ledger, (change,)).items() if factor == 0}
        assert gone
        assert set(names_of(after)) == names - gone
        assert search.measure((change,)) == pytest.approx(_simulated_db(after), abs=1e-4)


def _simulated_db(kept: Measured) -> float:
    from qviz.engine.measure.running.outputs import together

    found = together(kept.outputs.floating, kept.outputs.simulated)
    assert isinstance(found, float)
    return found


@pytest.mark.parametrize("flow", FLOWS)
def test_one_change_repairs_what_one_quantizer_spoils(flow: str):
    plan = Plan(flow=flow)
    found = repair(loaded(), plan, 25.0, 3, lambda _: None)
    assert isinstance(found.before_db, float)
    assert found.before_db < 15
    assert found.reached
    assert found.stopped == ""
    assert len(found.changes) == 1
    assert found.measured is not None
    assert found.measured.simulated == pytest.approx(found.simulated_db, abs=1e-4)
    assert patched(plan, found.patch) == found.plan
    assert any(each.is_run for each in found.tried)
    assert ("quantizer = LeftInFloat(" if flow == "pt2e-static" else ".set_module_name") in found.python


def test_a_target_out_of_reach_is_said_to_be():
    found = repair(loaded(), Plan(flow="fx-static"), 200.0, 1, lambda _: None)
    assert not found.reached
    assert found.stopped == "most"
    assert len(found.changes) == 1
    assert found.best_db == "inf" or float(found.best_db or 0) > 25


def test_a_target_that_is_met_needs_no_change():
    found = repair(loaded(), Plan(flow="fx-static"), 1.0, 3, lambda _: None)
    assert found.reached
    assert found.changes == ()
    assert found.patch == ""


def test_a_stub_alone_cannot_be_changed():
    model = nn.Sequential(torch.ao.quantization.QuantStub(), torch.ao.quantization.DeQuantStub())
    loaded = Loaded(model.eval(), (torch.linspace(-1, 1, 33).reshape(3, 11),))
    found = repair(loaded, Plan(flow="eager-static"), 90.0, 3, lambda _: None)
    assert not found.reached
    assert found.stopped == "flow"


def test_a_change_is_plain_data():
    change = Change("operator", "fc", ("fc weight",), nodes=("fc",))
    assert msgspec.json.decode(msgspec.json.encode(change), type=Change) == change
