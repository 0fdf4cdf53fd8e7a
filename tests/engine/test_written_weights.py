"""Weights that torch's own modules scale when they run are what a plain run would make of them."""

from __future__ import annotations

import copy
from typing import Any

import pytest
import torch
from torch import nn
from torch.ao.quantization import get_default_qconfig_mapping
from torch.ao.quantization.quantize_fx import convert_fx, prepare_fx

from qviz.document.plan import Plan
from qviz.engine.loading.calibration import Batches
from qviz.engine.loading.forward import Arguments
from qviz.engine.loading.kept_state import written_weights_kept
from qviz.engine.loading.source import Loaded
from qviz.engine.serving.run import run_loaded

FIRST, REST = torch.arange(5), torch.arange(5, 10)


class Rows(nn.Module):
    def __init__(self, max_norm: float | None = 0.5) -> None:
        super().__init__()
        self.rows = nn.Embedding(10, 8, max_norm=max_norm)
        self.fc = nn.Linear(8, 8)

    def forward(self, x: torch.Tensor) -> Any:
        return self.fc(self.rows(x))


@pytest.mark.parametrize("flow", ["fx-static", "eager-static"])
def test_rows_that_no_batch_names_stay_as_they_were(flow: str):
    model = Rows().eval()
    before = model.rows.weight.detach().clone()
    kept: list[Any] = []
    inputs = Arguments((FIRST,), {})
    loaded = Loaded(model, inputs, Batches([(REST,)], inputs))
    run_loaded(
        loaded,
        Plan(source="x", flow=flow, measure=False),
        lambda _: None,
        keep=lambda module: kept.append(
            [each.detach().clone() for name, each in module.named_parameters() if "rows" in name]
        ),
    )
    assert torch.equal(model.rows.weight, before)
    (captured, *_), *later = kept
    assert torch.equal(captured, before)  # neither the first run nor drawing it scaled a row
    scaled = next(each[0] for each in later if each and not torch.equal(each[0], before))
    assert torch.equal(scaled[FIRST], before[FIRST])  # the calibration does, as in a plain run
    assert not torch.equal(scaled[REST], before[REST])


def test_a_plain_run_scales_the_same_rows():
    model = Rows().eval()
    before = model.rows.weight.detach().clone()
    prepared: Any = prepare_fx(copy.deepcopy(model), get_default_qconfig_mapping("x86"), (FIRST,))
    with torch.no_grad():
        prepared(REST)
    assert torch.equal(prepared.rows.weight[FIRST], before[FIRST])
    assert not torch.equal(prepared.rows.weight[REST], before[REST])
    convert_fx(prepared)


@pytest.mark.parametrize("max_norm", [0.5, None])
def test_what_is_written_inside_is_given_back(max_norm: float | None):
    model = Rows(max_norm)
    before = model.rows.weight.detach().clone()
    with torch.no_grad(), written_weights_kept(model):
        model(FIRST)
        assert torch.equal(model.rows.weight, before) is (max_norm is None)
    assert torch.equal(model.rows.weight, before)
