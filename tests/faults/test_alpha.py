"""``torch.add(x, y, alpha=a)``: FX drops alpha, PT2E refuses it, and no FloatFunctional takes it."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.ao.quantization import QuantWrapper

from qviz.document.snapshot import Level, Snapshot
from tests.faults.cases import ROW, ran
from tests.faults.models import linear, made

PARTS = {"a": linear(), "b": linear()}
WITH_ALPHA = made(lambda m, x: torch.add(m.a(x), m.b(x), alpha=0.1), **PARTS)
WRITTEN_OUT = made(lambda m, x: m.a(x) + 0.1 * m.b(x), **PARTS)
WITH_ONE = made(lambda m, x: torch.add(m.a(x), m.b(x), alpha=1), **PARTS)


def run(make, flow: str) -> Snapshot:
    return ran(make, flow, [(32, *ROW[1:])])()


def test_fx_drops_it():
    found = run(WITH_ALPHA, "fx-static").findings[0]
    assert (found.code, found.level) == ("kernel_differs.arguments_dropped", Level.ERROR)
    assert found.args["arguments"] == ["alpha=0.1"]
    assert "torch.add" in found.message


@pytest.mark.parametrize("make", [WRITTEN_OUT, WITH_ONE])
def test_the_hint_works_in_fx(make):
    assert [each for each in run(make, "fx-static").findings if each.level is not Level.INFO] == []


def test_pt2e_refuses_it():
    snapshot = run(WITH_ALPHA, "pt2e-static")
    assert snapshot.run.error is not None
    assert (snapshot.run.error.code, snapshot.run.error.roles) == ("stop.keywords_observed", {"subject": ("add",)})
    assert run(WRITTEN_OUT, "pt2e-static").run.error is None


@pytest.mark.parametrize(
    ("make", "better"), [(WITH_ALPHA, "mul_scalar and then FloatFunctional.add"), (WITH_ONE, "add")]
)
def test_eager_mode_names_what_takes_its_place(make, better: str):
    def wrapped() -> nn.Module:
        return QuantWrapper(make())

    found = next(each for each in run(wrapped, "eager-static").findings if each.rule == "functional_in_eager")
    assert found.hint == f"Use FloatFunctional.{better} instead."


def test_working_in_place_is_no_argument_that_changes_the_result():
    model = made(lambda m, x: nn.functional.dropout(m.fc(x), 0.3), fc=linear())
    snapshot = ran(model, "fx-static", [(32, 8)])()
    assert "kernel_differs.arguments_dropped" not in [each.code for each in snapshot.findings]
