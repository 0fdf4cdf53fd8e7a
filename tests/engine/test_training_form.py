"""Graphs in hand that were exported in training mode, and taken to a flow that quantizes for evaluation."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

from qviz.document.plan import Plan
from qviz.document.snapshot import Finding, Level, Snapshot
from qviz.engine.loading.forward import Arguments
from qviz.engine.loading.source import Loaded
from qviz.engine.serving.run import run_loaded

IMAGES = torch.linspace(-1, 1, 768).reshape(4, 3, 8, 8)


class Net(nn.Module):
    def __init__(self, share: float = 0.3, has_statistics: bool = True) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3)
        self.bn = nn.BatchNorm2d(8, track_running_stats=has_statistics)
        self.drop = nn.Dropout(share)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.drop(torch.relu(self.bn(self.conv(x))))


class NormBefore(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.bn = nn.BatchNorm2d(3)
        self.conv = nn.Conv2d(3, 8, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.conv(self.bn(x) * 2)


def run(model: nn.Module, flow: str = "pt2e-static", is_strict: bool = False) -> Snapshot:
    torch._dynamo.reset()
    torch.manual_seed(0)
    graph: Any = torch.export.export(model, (IMAGES,), strict=is_strict).module()
    return run_loaded(Loaded(graph, Arguments((IMAGES,)), None), Plan(flow=flow), lambda _: None)


def kept(snapshot: Snapshot) -> dict[str, Finding]:
    return {each.code: each for each in snapshot.findings if each.rule == "mode_kept"}


def test_dropouts_and_batch_norms_in_training_form_are_named_at_the_node() -> None:
    snapshot = run(Net().train())
    found = kept(snapshot)
    assert {code: each.nodes for code, each in found.items()} == {"mode_kept.exported_norms": ("batch_norm",)}
    roots = [each for each in snapshot.findings if each.level is not Level.INFO and each.because_of is None]
    assert {each.code for each in roots} == {*found, "capture_differs.training_in_hand"}
    assert all(each.level is Level.ERROR for each in roots)


def test_what_follows_from_a_batch_norm_stands_under_it() -> None:
    snapshot = run(Net(share=0.0).train())
    loud = [each for each in snapshot.findings if each.level is not Level.INFO]
    assert [each.code for each in loud if each.because_of is None] == ["mode_kept.exported_norms"]


@pytest.mark.parametrize(
    ("model", "flow"),
    [
        (Net().eval(), "pt2e-static"),
        (Net(share=0.0, has_statistics=False).train(), "pt2e-static"),  # it always normalizes by the batch
        (Net(share=0.0).train(), "pt2e-qat"),
    ],
)
def test_evaluation_form_and_training_are_silent(model: nn.Module, flow: str) -> None:
    assert not kept(run(model, flow))


@pytest.mark.parametrize("is_strict", [False, True])
def test_a_program_that_was_exported_non_strict_is_to_be_exported_anew(is_strict: bool) -> None:
    error = run(NormBefore().train(), is_strict=is_strict).run.error
    assert (error.code if error is not None else None) == (None if is_strict else "stop.needs_strict_export")


def test_a_batch_norm_that_is_not_folded_stays_in_training_form_as_a_consequence() -> None:
    found = {each.rule: each for each in run(NormBefore().train(), is_strict=True).findings}
    assert found["batch_norm_in_training"].because_of is not None
    assert found["batch_norm_in_training"].because_of.rule == "mode_kept"
