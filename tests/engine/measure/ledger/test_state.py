"""A model that keeps something between calls is measured as one whose every run begins alike."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import Tensor, nn
from torch.ao.ns.fx.utils import compute_sqnr

import qviz

X = (torch.randn(4, 8, generator=torch.Generator().manual_seed(7)),)


class Summing(nn.Module):
    """Adds what it has seen to a buffer: in place, or with another tensor, or not at all."""

    state: Tensor

    def __init__(self, how: str) -> None:
        super().__init__()
        torch.manual_seed(8)
        self.how = how
        self.fc = nn.Linear(8, 8)
        self.register_buffer("state", torch.zeros(1, 8))

    def forward(self, x: Tensor) -> Tensor:
        y = self.fc(x)
        if self.how == "written":
            self.state.add_(y.mean(0, keepdim=True))
        elif self.how == "replaced":
            self.state = self.state + y.mean(0, keepdim=True)
        elif self.how == "attribute":
            self.last = y.mean(0, keepdim=True) + getattr(self, "last", 0)
            return self.last + y
        return self.state + y


@pytest.mark.parametrize("how", ["written", "replaced", "attribute", "untouched"])
def test_what_a_call_keeps_is_no_noise_of_a_quantizer(how: str):
    model = Summing(how).eval()
    dynamic = torch.ao.quantization.quantize_dynamic(copy.deepcopy(model), {nn.Linear})
    with torch.no_grad():
        expected = float(compute_sqnr(copy.deepcopy(model)(*X), dynamic(*X)))
    snap = qviz.inspect(model, X, flow="eager-dynamic", measure=True)
    assert snap.measurements is not None
    assert snap.measurements.sqnr_db is not None
    assert snap.measurements.sqnr_db.total == pytest.approx(expected, abs=0.01)
    assert snap.measurements.sqnr_db.simulated == pytest.approx(expected, abs=0.01)
    assert snap.ledger is not None
    assert snap.ledger.additivity == pytest.approx(1.0, abs=0.3)
    assert not model.state.any()


def test_shares_of_an_exported_model_that_writes_a_buffer_are_those_of_equal_runs():
    written = qviz.inspect(Summing("written").eval(), X, flow="pt2e-dynamic", measure=True)
    untouched = qviz.inspect(Summing("untouched").eval(), X, flow="pt2e-dynamic", measure=True)
    for snap in (written, untouched):
        assert snap.ledger is not None
        assert snap.ledger.additivity == pytest.approx(1.0, abs=0.4)
