"""Parameters that forward() writes into: they are states, as buffers are, and no random numbers."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from qviz.document.plan import Plan
from qviz.document.snapshot import Snapshot
from qviz.engine.loading.forward import Arguments
from qviz.engine.loading.source import Loaded
from qviz.engine.serving.run import run_loaded


class Scales(nn.Module):
    """Scales by a parameter without a gradient, which grows with each call, or does not."""

    def __init__(self, is_written: bool) -> None:
        super().__init__()
        self.fc, self.is_written = nn.Linear(8, 8), is_written
        self.scale = nn.Parameter(torch.ones(8), requires_grad=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.fc(x)
        if self.is_written:
            self.scale.mul_(1.01)
        return y * self.scale


def run(is_written: bool, flow: str) -> Snapshot:
    torch.manual_seed(0)
    inputs = Arguments((torch.linspace(-1, 1, 16).reshape(2, 8),))
    return run_loaded(Loaded(Scales(is_written).eval(), inputs, None), Plan(flow=flow), lambda _: None)


@pytest.mark.parametrize(("flow", "code"), [("fx-static", "traced"), ("pt2e-static", "folded")])
@pytest.mark.parametrize("is_written", [True, False])
def test_a_parameter_that_forward_writes_into_is_frozen(flow: str, code: str, is_written: bool) -> None:
    found = [each for each in run(is_written, flow).findings if each.rule == "buffer_frozen"]
    assert [(each.code, each.args["name"]) for each in found] == ([(f"buffer_frozen.{code}", "scale")] * is_written)


@pytest.mark.parametrize("flow", ["eager-dynamic", "fx-static", "pt2e-static"])
def test_it_is_not_told_as_random(flow: str) -> None:
    snapshot = run(is_written=True, flow=flow)
    assert "not_repeatable" not in {each.rule for each in snapshot.findings}
