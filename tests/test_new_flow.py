"""A flow of another package: two files of its own, and it is listed, chosen, compared, run and written down."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from msgspec.structs import replace

import qviz
from qviz import cli
from qviz.document.comparison import compared
from qviz.document.flows import DEFAULT_FLOW, REGISTRY, Flow, Method, Mode, flow
from qviz.document.plan import Plan, expected_stages
from qviz.errors import QvizError

FLOW = '''
"""Rounds weights in eager mode; imported by every process, so nothing here needs torch."""

from qviz.document.flows import Flow, Method, Mode, register

ROUNDING = Flow(
    id="eager-rounding",
    title="Eager, weights rounded",
    mode=Mode.EAGER,
    method=Method.WEIGHT_ONLY,
    stages=("captured", "converted"),
    options=frozenset({"weight_dtype", "reference"}),
    calls=("round_weights",),
    implementation="my_flows.engine:ROUNDING",
)
register(ROUNDING)
'''
ENGINE = '''
"""What carries the flow out; imported by the engine alone."""

from dataclasses import dataclass

import torch
from torch.fx import symbolic_trace

from qviz.engine.flow_table import Implementation
from qviz.engine.flows.results import FlowResult


@dataclass(frozen=True, kw_only=True)
class Rounded(FlowResult):
    names: tuple[str, ...]


def run(job):
    job.reporter.started("capturing")
    job.reporter.reached("captured", symbolic_trace(job.model))
    names = tuple(name for name, _ in job.model.named_parameters())
    result = Rounded(names=names, configured={"rounded": len(names)})
    job.reporter.so_far(result)
    job.reporter.started("rounding")
    with torch.no_grad():
        for each in job.model.parameters():
            if each.isnan().any():
                raise RuntimeError("there is nothing to round")
            each.copy_(each.round(decimals=1))
    job.reporter.reached("converted", symbolic_trace(job.model))
    return result


def write(job, result):
    names = result.names if result is not None else ()
    return f"for name in {list(names)}:\\n    model.get_parameter(name).data.round_(decimals=1)\\n"


ROUNDING = Implementation(run, write)
'''


class Net(torch.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.fc = torch.nn.Linear(4, 2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.relu(self.fc(x))


@pytest.fixture
def rounding(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Flow]:
    package = tmp_path / "my_flows"
    package.mkdir()
    for name, text in (("__init__", ""), ("added", FLOW), ("engine", ENGINE)):
        (package / f"{name}.py").write_text(text)
    monkeypatch.syspath_prepend(str(tmp_path))
    __import__("my_flows.added")
    found = flow("eager-rounding")
    assert found is not None
    yield found
    REGISTRY.remove("eager-rounding")
    for name in [each for each in sys.modules if each.partition(".")[0] == "my_flows"]:
        del sys.modules[name]


def test_it_is_listed_and_its_options_are_its_own(rounding: Flow, capsys: pytest.CaptureFixture[str]):
    assert cli.main(["flows"]) == 0
    assert "eager-rounding     round_weights; weights only" in capsys.readouterr().out
    words = ["run", "m.py:Net", "--flow", "eager-rounding", "-o", "a.qviz"]
    assert cli.main([*words, "--strict"]) == 2
    assert "--strict is for PT2E flows" in capsys.readouterr().err
    assert cli.main([*words, "--weight-dtype", "float16", "--help"]) == 0
    assert "eager-rounding" in capsys.readouterr().out


def test_it_is_compared(rounding: Flow, capsys: pytest.CaptureFixture[str]):
    assert compared("m.py:Net")[-1] == "eager-rounding"
    assert "eager-rounding" not in compared("m.pt2")
    assert cli.main(["compare", "m.pt2", "--flows", "eager-rounding,mine"]) == 2
    said = capsys.readouterr().err
    assert "mine" in said
    assert "eager-rounding" in said  # among those there are


def test_it_is_chosen_in_the_window(rounding: Flow, qtbot):
    from qviz.ui.panels.setup import Setup

    setup = Setup()
    qtbot.addWidget(setup)
    setup.show_plan(Plan("m.py:Net", "eager-static"))
    texts = [setup.flow.methods.itemText(place) for place in range(setup.flow.methods.count())]
    assert texts[-1] == "Eager, weights rounded"
    setup.flow.methods.setCurrentIndex(len(texts) - 1)
    with qtbot.waitSignal(setup.plan_changed) as told:
        setup.flow.methods.activated.emit(len(texts) - 1)
    assert told.args[0].flow == "eager-rounding"
    assert setup.flow.backend.isHidden()
    assert not setup.with_reference.isHidden()


def test_it_runs_and_writes_its_python(rounding: Flow):
    assert expected_stages(Plan("m", rounding.id)) == rounding.stages
    result = qviz.inspect(Net(), (torch.ones(1, 4),), flow="eager-rounding")
    assert [stage.name for stage in result.stages] == ["captured", "converted"]
    assert result.run.status == "done"
    assert result.run.config["rounded"] == 2
    assert "backend" not in result.run.config
    assert "for name in ['fc.weight', 'fc.bias']:" in result.run.python


def test_one_that_stops_half_way_writes_its_python_too(rounding: Flow):
    net = Net()
    net.fc.bias.data.fill_(float("nan"))
    result = qviz.inspect(net, (torch.ones(1, 4),), flow="eager-rounding")
    assert [stage.name for stage in result.stages] == ["captured"]
    assert result.run.error is not None
    assert result.run.error.step == "rounding"
    assert "for name in ['fc.weight', 'fc.bias']:" in result.run.python


def test_a_program_with_torch_can_hand_over_the_functions(monkeypatch: pytest.MonkeyPatch):
    from qviz.engine import flow_table
    from qviz.engine.flows.results import FlowResult

    monkeypatch.setattr(flow_table, "_LOADERS", dict(flow_table._LOADERS))
    monkeypatch.setattr(REGISTRY, "_items", dict(REGISTRY._items))
    mine = Flow(id="mine", title="Mine", mode=Mode.FX, method=Method.STATIC, stages=("captured",))
    flow_table.register_flow(mine, lambda job: FlowResult(), lambda job, result: f"print({result is not None})\n")
    assert qviz.inspect(Net(), (torch.ones(1, 4),), flow="mine").run.python.endswith("\nprint(True)\n")
    with pytest.raises(ValueError, match="'mine' has its runner already"):
        flow_table.register_flow(mine, lambda job: FlowResult(), lambda job, result: "")


def test_the_example_of_the_docs_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    text = (Path(__file__).parents[1] / "docs" / "flows.md").read_text(encoding="utf-8")
    declared, engine = re.findall(r"```python[^\n]*\n(.*?)```", text, re.DOTALL)
    package = tmp_path / "my_package"
    package.mkdir()
    for name, code in (("__init__", ""), ("rounding", declared), ("rounding_engine", engine)):
        (package / f"{name}.py").write_text(code)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(REGISTRY, "_items", dict(REGISTRY._items))
    __import__("my_package.rounding")
    result = qviz.inspect(Net(), (torch.ones(1, 4),), flow="eager-rounding")
    assert (result.run.status, len(result.stages)) == ("done", 2)
    names = {"model": Net()}
    exec(result.run.python.partition("\nfor each")[1] + result.run.python.partition("\nfor each")[2], names)
    assert torch.equal(names["model"].fc.weight, names["model"].fc.weight.round(decimals=1))


def test_a_result_of_a_flow_that_this_version_does_not_know_opens(qtbot):
    from qviz.analysis import findings
    from qviz.analysis.verdicts.float_reasons import why_float
    from qviz.ui.panels.setup import Setup
    from tests.factories import snapshot

    known = snapshot()
    newer = replace(known, run=replace(known.run, flow="of-a-newer-qviz"))
    assert flow(newer.run.flow) is None
    assert isinstance(findings.find(newer), tuple)
    assert why_float(newer) == why_float(known)
    setup = Setup()
    qtbot.addWidget(setup)
    setup.show_plan(Plan("m.py:Net", "of-a-newer-qviz"))
    assert setup.flow.chosen().id == DEFAULT_FLOW


def test_a_flow_that_nothing_carries_out_is_said(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(REGISTRY, "_items", dict(REGISTRY._items))
    REGISTRY.add("idle", Flow(id="idle", title="Idle", mode=Mode.FX, method=Method.STATIC, stages=("captured",)))
    with pytest.raises(QvizError, match='"idle" has no implementation'):
        qviz.inspect(Net(), (torch.ones(1, 4),), flow="idle")
