"""F.dropout without training= drops in eval mode: that is said before what comes of it."""

from __future__ import annotations

import pytest
from torch.nn import functional as F  # noqa: N812 - torch's own name

from tests.faults.cases import ROW, ran
from tests.faults.models import linear, made

PARTS = {"fc": linear(), "fc2": linear()}


@pytest.mark.parametrize(
    ("flow", "node", "code"),
    [
        ("fx-static", "dropout_1", "drops_in_original"),  # quantized::dropout drops nothing
        ("fx-dynamic", "dropout", "drops_in_eval"),
        ("pt2e-static", "dropout", "drops_in_eval"),
    ],
)
def test_the_cause_comes_first(flow: str, node: str, code: str):
    model = made(lambda m, x: m.fc2(F.dropout(F.relu(m.fc(x)))), **PARTS)
    first, *others = ran(model, flow, [ROW])().findings
    assert (first.code, first.nodes) == (f"capture_differs.{code}", (node,))
    assert "training=self.training" in first.hint
    caused = [each for each in others if each.rule in ("kernel_differs", "not_repeatable", "scales_differ")]
    assert all(each.because_of is not None and each.because_of.rule == "capture_differs" for each in caused)


@pytest.mark.parametrize("flow", ["fx-static", "pt2e-static"])
def test_one_that_follows_the_mode_is_no_fault(flow: str):
    model = made(lambda m, x: m.fc2(F.dropout(F.relu(m.fc(x)), training=m.training)), **PARTS)
    rules = {each.rule for each in ran(model, flow, [ROW])().findings}
    assert rules.isdisjoint({"capture_differs", "kernel_differs", "not_repeatable"})
