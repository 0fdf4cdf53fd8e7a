"""Weights that a hook of torch.nn.utils computes at every call, and what else a run must leave as it was."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.nn.utils import prune, remove_spectral_norm, remove_weight_norm, spectral_norm, weight_norm

from qviz.document.snapshot import Level, Snapshot
from tests.faults.cases import ran
from tests.faults.models import linear, made

ROWS = (32, 8)
pytestmark = pytest.mark.filterwarnings("ignore::FutureWarning")  # torch would have them as parametrizations


def pruned(layer: nn.Linear) -> nn.Module:
    return prune.l1_unstructured(layer, "weight", amount=0.5)


def kept_pruned(layer: nn.Module) -> nn.Module:
    return prune.remove(layer, "weight")


HOOKS = [(weight_norm, remove_weight_norm), (spectral_norm, remove_spectral_norm), (pruned, kept_pruned)]


def model(change, remove=None):
    def make() -> nn.Module:
        found = made(
            lambda m, x: m.out(m.relu(m.fc(x))), fc=lambda: change(nn.Linear(8, 8)), relu=nn.ReLU, out=linear()
        )
        built = found()
        if remove is not None:
            remove(built.fc)
        return built

    return make


def loud(snapshot: Snapshot) -> list[str]:
    return [each.code for each in snapshot.findings if each.level is not Level.INFO]


def stopped_by(snapshot: Snapshot) -> str:
    assert snapshot.run.error is not None
    return snapshot.run.error.code


@pytest.mark.parametrize(("change", "remove"), HOOKS)
def test_a_hook_that_convert_moves_to_a_quantized_layer_stops_it_and_the_hint_works(change, remove):
    assert loud(ran(model(change), "eager-dynamic", [ROWS])()) == ["converted_does_not_run.weight_by_hook"]
    assert loud(ran(model(change, remove), "eager-dynamic", [ROWS])()) == []


@pytest.mark.parametrize("change", [weight_norm, pruned])
def test_what_a_hook_computes_is_quantized_as_it_is(change):
    assert loud(ran(model(change), "fx-dynamic", [ROWS])()) == []


def test_a_weight_that_its_hook_has_not_computed_yet_is_named():
    torch.manual_seed(0)
    (finding,) = [
        each for each in ran(model(spectral_norm), "fx-dynamic", [ROWS])().findings if each.level is not Level.INFO
    ]
    assert (finding.code, finding.nodes[0]) == ("kernel_differs.weight_by_hook", "fc")
    assert finding.args["hook"] == "spectral_norm"
    for removed in (remove_spectral_norm, lambda layer: layer(torch.zeros(1, 8))):  # both remedies of the hint
        assert loud(ran(model(spectral_norm, removed), "fx-dynamic", [ROWS])()) == []


class Batched(nn.Module):
    def __init__(self, counts: bool) -> None:
        super().__init__()
        self.counts, self.fc = counts, nn.Linear(8, 4)

    def forward(self, *rows: torch.Tensor) -> torch.Tensor:
        return self.fc(rows[0] * len(rows) if self.counts else rows[0] + rows[1])


def test_arguments_that_forward_counts():
    assert stopped_by(ran(lambda: Batched(counts=True), "fx-static", [ROWS, ROWS])()) == "stop.trace_variadic"
    assert loud(ran(lambda: Batched(counts=False), "fx-static", [ROWS, ROWS])()) == []


class Noisy(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.fc, self.generator = nn.Linear(8, 4), torch.Generator()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.fc(x)
        return x + torch.rand(x.shape, generator=self.generator)


def test_a_size_that_is_a_proxy_is_not_told_as_a_fault_of_the_line():
    assert stopped_by(ran(Noisy, "fx-static", [ROWS])()) == "stop.trace_proxy"


def normed(**options: bool):
    return made(
        lambda m, x: m.relu(m.bn(m.conv(x))),
        conv=lambda: nn.Conv2d(3, 4, 3),
        bn=lambda: nn.BatchNorm2d(4, **options),
        relu=nn.ReLU,
    )


def test_a_batch_norm_without_parameters_hears_of_them():
    (finding, *_) = ran(normed(affine=False), "pt2e-qat", [(2, 3, 8, 8)])().findings
    assert finding.rule == "stopped"
    assert "affine=True" in finding.hint
    assert "stopped" not in loud(ran(normed(affine=True), "pt2e-qat", [(2, 3, 8, 8)])())
