"""Backend configurations and training in FX flows, on models in hand."""

from __future__ import annotations

import pytest
import torch

from qviz.document.configuration import Rule
from qviz.document.graph import Kind
from qviz.document.plan import Plan
from qviz.engine.loading.source import Loaded
from qviz.engine.serving.run import run_loaded


class Leaky(torch.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.fc = torch.nn.Linear(4, 4)
        self.act = torch.nn.LeakyReLU()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.act(self.fc(x))


@pytest.mark.parametrize(
    ("name", "types", "kind"),
    [
        ("onednn", ["LinearLeakyReLU", "LinearLeakyReLU", "LinearLeakyReLU"], Kind.QUANTIZED_OP),
        ("native", ["Linear", "Linear", "Linear"], Kind.QUANTIZED_OP),
        ("tensorrt", ["Linear", "Linear", "Linear"], Kind.OP),  # its activations are qint8, not the qconfig's quint8
    ],
)
def test_a_backend_config_is_that_of_prepare_convert_and_the_fused_stage(name: str, types: list[str], kind: Kind):
    loaded = Loaded(Leaky().eval(), (torch.randn(2, 4),))
    snapshot = run_loaded(loaded, Plan("leaky", "fx-static", backend="onednn", backend_config=name), lambda _: None)
    assert snapshot.run.error is None
    assert snapshot.run.config["backend_config"] == name
    fcs = [next(node for node in stage.graph.nodes if node.id == "fc") for stage in snapshot.stages[1:]]
    assert [fc.module_type for fc in fcs] == types
    assert fcs[-1].kind is kind


class AddsANumber(torch.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = torch.nn.Conv2d(3, 4, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.add(self.conv(x), 1.0)


def test_an_addition_that_the_onednn_config_stops_at_is_told_how_to_mend():
    loaded = Loaded(AddsANumber().eval(), (torch.randn(1, 3, 4, 4),))
    failed = run_loaded(loaded, Plan("adds", "fx-static", backend_config="onednn"), lambda _: None)
    assert failed.run.error is not None
    assert (failed.run.error.step, failed.run.error.type) == ("fusing", "AttributeError")
    assert "Add a tensor instead" in failed.run.error.hint
    assert "fails on a plain number" in failed.findings[0].message
    assert run_loaded(loaded, Plan("adds", "fx-static", backend_config="x86"), lambda _: None).run.error is None


class Drops(torch.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.fc = torch.nn.Linear(4, 4)
        self.drop = torch.nn.Dropout()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.drop(self.fc(x))


def test_what_training_leaves_in_float_is_converted_in_eval_mode():
    stages: list[torch.nn.Module] = []
    loaded = Loaded(Drops().train(), (torch.randn(2, 4),))
    plan = Plan("drops", "fx-qat", rules=(Rule("module_name", "drop"),), reference=True)
    was_training: list[bool] = []

    def keep(module: torch.nn.Module) -> None:
        stages.append(module)
        was_training.append(module.get_submodule("drop").training)

    assert run_loaded(loaded, plan, lambda _: None, keep=keep).run.error is None
    assert was_training == [True, True, True, False, False]
    assert type(stages[-1].get_submodule("drop")) is torch.nn.Dropout
