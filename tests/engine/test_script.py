"""The script of a run, executed by a plain Python, gives the graph of the run."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from qviz.document.plan import Plan
from qviz.document.snapshot import Level, Snapshot
from qviz.engine.loading.importing import forget
from qviz.engine.serving.run import run_plan
from qviz.engine.serving.torch_state import kept

MODEL = """
import torch

class Net(torch.nn.Module):
    def __init__(self, width=4):
        super().__init__()
        self.fc = torch.nn.Linear(width, 4)

    def forward(self, x, scale=None):
        return self.fc(x).relu()

def make(width=4):
    return Net(width), [torch.randn(2, width)]

net = Net()
example_inputs = torch.randn(2, 4)
"""
DATA = """
def calibration_data():
    for _ in range(3):
        yield {"x": torch.randn(2, 4)}
"""


def printed_by(python: str, capsys: pytest.CaptureFixture[str]) -> str:
    forget()
    capsys.readouterr()
    with kept(99):
        exec(compile(python, "again.py", "exec"), {"__name__": "again"})
    sys.modules.pop("net_of_script", None)
    return capsys.readouterr().out


@pytest.mark.parametrize(
    ("name", "data", "fields"),
    [
        ("net", "", {"flow": "fx-static", "reference": True}),
        ("make(5)", "", {"flow": "fx-static"}),
        ("Net(width=6)", "", {"flow": "pt2e-static", "inputs": ("x=2x6:float32:-1..1",), "quantizer": "x86_inductor"}),
        ("Net", DATA, {"flow": "pt2e-static", "seed": 7}),
        ("Net", "", {"flow": None}),
    ],
)
def test_a_script_does_the_run_again(name: str, data: str, fields: dict[str, Any], tmp_path: Path, capsys, monkeypatch):
    monkeypatch.setattr(sys, "path", list(sys.path))
    file = tmp_path / "net_of_script.py"
    file.write_text(MODEL + data)
    plan = Plan(source=f"{file}:{name}", **fields)
    snapshot = run_plan(plan, lambda _: None)
    assert snapshot.run.error is None
    printed = printed_by(snapshot.run.python, capsys)
    graph = snapshot.stages[-1].graph
    assert all(node.id in printed for node in graph.nodes if node.op != "output")
    scales = [
        argument
        for node in graph.nodes
        if node.target.startswith("quantized_decomposed.quantize")
        for argument in node.args
        if isinstance(argument, float)
    ] + [
        node.quant.output.scale for node in graph.nodes if node.op == "call_module" and node.quant and node.quant.output
    ]
    assert all(str(scale) in printed for scale in scales)
    assert scales or plan.flow is None


TRAINING = """
def train(model):
    assert model.training
    model(torch.full((2, 4), 3.0))
"""


@pytest.mark.parametrize("flow", ["fx-qat", "pt2e-qat", "eager-qat"])
def test_a_training_beside_the_model_runs_and_is_written(flow: str, tmp_path: Path, capsys, monkeypatch):
    monkeypatch.setattr(sys, "path", list(sys.path))
    file = tmp_path / "net_of_script.py"
    file.write_text(MODEL + TRAINING)
    snapshot = run_plan(Plan(source=f"{file}:Net", flow=flow), lambda _: None)
    assert snapshot.run.error is None
    assert snapshot.run.config["training"] == "train"
    assert "training_demonstrated" not in {each.rule for each in snapshot.findings}
    assert "train(prepared)" in snapshot.run.python
    printed = printed_by(snapshot.run.python, capsys)
    assert all(
        node.module_type in printed for node in snapshot.stages[-1].graph.nodes if node.kind.value == "quantized_op"
    )


def test_a_limit_leaves_batches_out(tmp_path: Path, capsys, monkeypatch):
    monkeypatch.setattr(sys, "path", list(sys.path))
    file = tmp_path / "net_of_script.py"
    file.write_text(MODEL + "calibration_data = [torch.full((2, 4), float(each)) for each in range(1, 9)]\n")

    def highest(limit: int | None) -> float:
        plan = Plan(source=f"{file}:net", flow="fx-static", batch_limit=limit)
        snapshot = run_plan(plan, lambda _: None)
        printed_by(snapshot.run.python, capsys)
        prepared = snapshot.stage("prepared").graph
        first = next(node.id for node in prepared.nodes if node.observer)
        fact: Any = snapshot.facts["prepared"][first].observer
        return float(fact.max)

    assert highest(2) == 2.0
    assert highest(None) == 8.0


def test_random_batches_are_drawn_as_the_script_draws_them(tmp_path: Path, capsys, monkeypatch):
    monkeypatch.setattr(sys, "path", list(sys.path))
    file = tmp_path / "net_of_script.py"
    file.write_text(MODEL)

    def observed(count: int) -> tuple[float, str]:
        plan = Plan(f"{file}:net", "fx-static", ("2x4",), random_batches=count, seed=3)
        snapshot = run_plan(plan, lambda _: None)
        assert snapshot.run.error is None
        prepared = snapshot.stage("prepared").graph
        first = next(node.id for node in prepared.nodes if node.observer)
        fact: Any = snapshot.facts["prepared"][first].observer
        printed = printed_by(snapshot.run.python, capsys)
        converted = snapshot.stage("converted").graph
        modules = [node.quant for node in converted.nodes if node.op == "call_module" and node.quant]
        scales = [quant.output.scale for quant in modules if quant.output]
        assert scales
        assert all(str(scale) in printed for scale in scales)
        return float(fact.max), str(snapshot.run.config["calibration"])

    one, many = observed(1), observed(6)
    assert one[1] == "example inputs"
    assert many[1] == "6 random batches"
    assert many[0] > one[0], "more numbers were seen"


def test_nothing_is_drawn_where_there_is_data(tmp_path: Path, monkeypatch):
    monkeypatch.setattr(sys, "path", list(sys.path))
    file = tmp_path / "net_of_script.py"
    file.write_text(MODEL + "calibration_data = [torch.ones(2, 4)]\n")
    snapshot = run_plan(Plan(f"{file}:net", "fx-static", ("2x4",), random_batches=9), lambda _: None)
    assert snapshot.run.config["calibration"] == "beside the model"
    assert not_drawn(snapshot) == [("setting_without_effect.batches.data", Level.INFO)]


def test_batches_that_cannot_be_drawn_are_told(tmp_path: Path, monkeypatch):
    monkeypatch.setattr(sys, "path", list(sys.path))
    file = tmp_path / "net_of_script.py"
    file.write_text(MODEL)

    def told(*inputs: str, source: str = "net", **plan: Any) -> list[tuple[str, Level]]:
        return not_drawn(run_plan(Plan(f"{file}:{source}", inputs=inputs, **plan), lambda _: None))

    own = [("setting_without_effect.batches.own_inputs", Level.WARNING)]
    assert told(flow="fx-static", random_batches=9) == own
    assert told(flow="pt2e-dynamic", random_batches=9) == own, "it measures with them"
    assert told("2x4", flow="fx-static", random_batches=9) == []
    assert told(flow="fx-static", random_batches=1) == told(flow="fx-fuse", random_batches=9) == []
    fake = told("2x4", source="Net", flow="pt2e-static", random_batches=9, fake=True)
    assert fake == [("setting_without_effect.batches.fake", Level.WARNING)]


def not_drawn(snapshot: Snapshot) -> list[tuple[str, Level]]:
    return [(each.code, each.level) for each in snapshot.findings if each.rule == "setting_without_effect"]
