"""Rules of PT2E quantizers for modules whose names the quantizer cannot read in the captured graph."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn
from torch.ao.quantization.quantizer.composable_quantizer import ComposableQuantizer
from torch.ao.quantization.quantizer.x86_inductor_quantizer import (
    X86InductorQuantizer,
    get_default_x86_inductor_quantization_config,
)
from torch.ao.quantization.quantizer.xnnpack_quantizer import XNNPACKQuantizer, get_symmetric_quantization_config

from qviz.document.causes import by_cause
from qviz.document.plan import Plan
from qviz.document.snapshot import Level, Snapshot
from qviz.engine.loading.source import Loaded
from qviz.engine.serving.run import run_loaded

ROWS = torch.linspace(-1, 1, 32).reshape(4, 8)


class Layers(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first, self.last = nn.Linear(8, 8), nn.Linear(8, 4)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.last(self.first(x))


class CalledOtherwise(Layers):
    def forward(m, x: torch.Tensor) -> torch.Tensor:  # noqa: N805 - what is tested
        return m.last(m.first(x))


def of_the_first() -> Any:
    return XNNPACKQuantizer().set_module_name("first", get_symmetric_quantization_config())


def all_but_the_first() -> Any:
    quantizer = X86InductorQuantizer().set_global(get_default_x86_inductor_quantization_config())
    return quantizer.set_module_name_qconfig("first", None)


def composed() -> Any:
    rest = XNNPACKQuantizer().set_module_type(nn.Linear, get_symmetric_quantization_config())
    return ComposableQuantizer([of_the_first(), rest])


def ran(model: nn.Module, quantizer: Any, **options: Any) -> Snapshot:
    plan = Plan(source="module", flow="pt2e-static", quantizer=f"{__file__}:{quantizer.__name__}", **options)
    return run_loaded(Loaded(model.eval(), (ROWS,)), plan, lambda _: None)


def watched(snapshot: Snapshot) -> bool:
    return any(node.observer for node in snapshot.stage("prepared").graph.nodes)


@pytest.mark.parametrize(
    ("quantizer", "follows"), [(of_the_first, "nothing_quantized"), (composed, "quantizer_without_effect")]
)
def test_a_model_that_forward_does_not_call_self_is_the_cause(quantizer: Any, follows: str):
    snapshot = ran(CalledOtherwise(), quantizer)
    (lost, *_) = by_cause(snapshot.findings)
    assert (lost.cause.code, lost.cause.level) == ("rule_matches_nothing.not_called_self", Level.ERROR)
    assert "the first parameter of forward(), here m" in lost.cause.reason
    assert follows in {each.rule for each in lost.consequences}
    as_hinted = ran(Layers(), quantizer)
    assert watched(as_hinted)
    assert not {"rule_matches_nothing", follows} & {each.rule for each in as_hinted.findings}


def test_non_strict_capture_needs_no_self():
    snapshot = ran(CalledOtherwise(), of_the_first, strict=False)
    assert watched(snapshot)
    assert "rule_matches_nothing" not in {each.rule for each in snapshot.findings}


def test_a_layer_that_was_to_stay_in_float_is_no_cause_of_what_is_in_float():
    snapshot = ran(CalledOtherwise(), all_but_the_first)
    (lost,) = [each for each in snapshot.findings if each.rule == "rule_matches_nothing"]
    assert lost.code == "rule_matches_nothing.not_called_self"
    assert watched(snapshot)
    assert not [each for each in snapshot.findings if each.because_of is not None]
