"""qviz in Python: results of a run, of graphs in hand, of a file; pictures of them."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import pytest
import torch

import qviz
from qviz.document import codec
from qviz.errors import QvizError
from tests.factories import snapshot


@pytest.fixture
def result() -> qviz.Snapshot:
    return qviz.Snapshot(snapshot())


def test_a_result_survives_its_file(result, tmp_path: Path):
    result.save(tmp_path / "review.qviz")
    again = qviz.load(tmp_path / "review.qviz")
    assert again == result
    assert again.run.flow == "fx-static"
    assert [stage.name for stage in again.stages] == ["captured", "converted"]
    assert again.stage("converted").graph.nodes[0].kind == "input"
    assert (again.links, again.findings) == (result.document.links, result.document.findings)


def test_a_result_says_what_it_is(result):
    assert repr(result) == "<qviz.Snapshot of sample:small-conv: fx-static, done; captured, converted>"


def test_a_missing_file_is_a_clear_error(tmp_path: Path):
    with pytest.raises(QvizError, match="was not found"):
        qviz.load(tmp_path / "none.qviz")


def test_a_picture_of_a_result(result, tmp_path: Path):
    result.render(tmp_path / "one.svg", stage="captured", theme="dark")
    result.render(tmp_path / "two.png", side_by_side=("captured", "converted"), scale=2)
    assert "<svg" in (tmp_path / "one.svg").read_text(encoding="utf-8")
    assert (tmp_path / "two.png").read_bytes().startswith(b"\x89PNG")


def test_a_part_of_a_result_in_every_format(result, tmp_path: Path):
    for ending in ("pdf", "dot"):
        result.render(tmp_path / f"a.{ending}", focus="view", hops=1, wrap=2)
    assert (tmp_path / "a.pdf").read_bytes().startswith(b"%PDF")
    assert '"0/view"' in (tmp_path / "a.dot").read_text(encoding="utf-8")
    assert '"0/output"' not in (tmp_path / "a.dot").read_text(encoding="utf-8")
    with pytest.raises(QvizError, match="was measured"):
        result.render(tmp_path / "a.md", numbers=True)


def test_a_picture_that_cannot_be_is_a_clear_error(result, tmp_path: Path):
    with pytest.raises(QvizError, match="no stage 'prepared'; there are: captured, converted") as caught:
        result.render(tmp_path / "one.svg", stage="prepared")
    assert caught.value.hint
    with pytest.raises(QvizError, match="is not one of"):
        result.render(tmp_path / "one.gif")


def test_a_notebook_gets_both_pictures_of_one_drawing(result, monkeypatch):
    assert "<svg" in result._repr_svg_()

    def again(*_):
        raise AssertionError("drawn twice")

    monkeypatch.setattr(result, "_draw", again)
    assert result._repr_png_().startswith(b"\x89PNG")


def test_a_result_without_stages_has_no_picture(tmp_path):
    import msgspec

    empty = qviz.Snapshot(msgspec.structs.replace(snapshot(), stages=()))
    assert empty._repr_svg_() is None
    assert empty._repr_png_() is None


def test_show_says_that_there_is_no_display(result, monkeypatch):
    monkeypatch.setattr("qviz.ui.shell.display.display_fault", lambda: "there is no display")
    with pytest.raises(QvizError, match="there is no display"):
        qviz.show(result)


def test_show_opens_the_result_in_a_process_of_its_own(result, monkeypatch, tmp_path):
    opened = tmp_path / "opened.qviz"
    script = f"import sys, shutil; shutil.copy(sys.argv[1], {str(opened)!r})"
    monkeypatch.setattr("qviz.ui.shell.display.display_fault", lambda: None)
    monkeypatch.setattr("qviz.api._BOOT", script)
    qviz.show(result)
    for thread in [each for each in threading.enumerate() if each.name == "qviz-window"]:
        thread.join(20)
    assert codec.load(opened) == result.document


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"flow": "fx-dance"}, 'Unknown flow "fx-dance"'),
        ({"backend": "arm"}, 'Unknown backend "arm"'),
        ({"flow": "pt2e-static", "quantizer": "mine"}, 'Unknown quantizer "mine"'),
    ],
)
def test_what_there_is_not_is_named(options, told):
    with pytest.raises(QvizError, match=told) as caught:
        qviz.inspect(torch.nn.Identity(), (), **options)
    assert caught.value.hint.startswith("Choose one of: ")


INSPECT = """
import warnings; warnings.simplefilter("ignore")
import torch, qviz
from torch import nn
net = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU()).eval()
x = torch.ones(1, 3, 8, 8)
for flow in ("fx-static", "pt2e-static"):
    before = [name for name, _ in net.named_modules()], net[0].weight.clone(), torch.backends.quantized.engine
    snap = qviz.inspect(net, (x,), flow=flow, calibration=[x, (x * 2,)])
    assert snap.run.status == "done", snap.run.error
    after = [name for name, _ in net.named_modules()], net[0].weight, torch.backends.quantized.engine
    assert before[0] == after[0] and torch.equal(before[1], after[1]) and before[2] == after[2]
    print(snap)
"""


def test_inspect_runs_a_flow_on_a_copy():
    done = subprocess.run([sys.executable, "-c", INSPECT], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    for flow, line in zip(("fx-static", "pt2e-static"), done.stdout.splitlines(), strict=True):
        assert f"Sequential: {flow}, done; captured, " in line
        assert line.endswith("prepared, converted>")


IN_HAND = """
import warnings; warnings.simplefilter("ignore")
import torch, qviz
from torch import fx, nn
net = nn.Sequential(nn.Linear(4, 4), nn.ReLU()).eval()
graph = fx.symbolic_trace(net)
program = torch.export.export(net, (torch.ones(1, 4),), strict=True)
snap = qviz.snapshot({"traced": graph, "exported": program})
assert [stage.name for stage in snap.stages] == ["traced", "exported"]
assert len(snap.stage("traced").graph.nodes) == len(graph.graph.nodes)
kinds = [node.kind.value for node in snap.stage("exported").graph.nodes]
assert kinds == ["constant", "constant", "input", "op", "op", "output"], kinds
assert snap.links and snap.run.versions["torch"].startswith("2.")
for wrong in ({}, {"a": net}):
    try:
        qviz.snapshot(wrong)
    except Exception as error:
        print(type(error).__name__, error)
"""


def test_graphs_in_hand():
    done = subprocess.run([sys.executable, "-c", IN_HAND], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "QvizError No graph was given" in done.stdout
    assert "QvizError a is a Sequential, not a graph" in done.stdout


def test_a_plan_is_public_and_needs_no_source_for_a_model_in_hand():
    import torch
    from torch import nn

    plan = qviz.Plan(flow="eager-dynamic", backend="qnnpack")
    made = qviz.inspect(nn.Linear(4, 2), (torch.zeros(1, 4),), plan=plan)
    assert made.run.flow == "eager-dynamic"
    assert made.run.config["backend"] == "qnnpack"
    assert made.run.source == "torch.nn.modules.linear:Linear"


def test_what_a_model_is_called_with_is_guessed():
    model = torch.nn.Sequential(torch.nn.Conv2d(5, 2, 3), torch.nn.BatchNorm2d(2))
    state = torch.random.get_rng_state()
    call = qviz.guess_inputs(model)
    assert (call.runs, call.texts) == (True, ("input=1x5x224x224",))
    assert call.arguments[0].layer_path == "0"
    assert model.training
    assert torch.equal(torch.random.get_rng_state(), state)
