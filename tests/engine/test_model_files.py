"""Files that hold a model whole: exported programs and pickled modules."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from qviz import cli
from qviz.document.plan import Plan
from qviz.engine.serving.run import run_plan
from qviz.errors import QvizError
from tests.engine.small_models import exported

INPUTS = (torch.randn(2, 3, 8, 8),)


def net() -> nn.Module:
    return nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU()).eval()


@pytest.fixture
def program(tmp_path: Path) -> str:
    path = tmp_path / "net.pt2"
    torch.export.save(torch.export.export(net(), INPUTS, strict=True), path)
    return str(path)


@pytest.mark.parametrize("flow", ["pt2e-static", None])
def test_a_program_is_its_own_capture(program: str, flow: str | None):
    snapshot = run_plan(Plan(program, flow), lambda _: None)
    assert snapshot.run.error is None
    captured = snapshot.stage("captured").graph
    module: Any = torch.export.load(program).module()
    expected = [node.name for node in module.graph.nodes]
    assert [node.id for node in captured.nodes] == expected
    assert all(node.values for node in captured.nodes if node.op != "output")
    if flow:
        assert "quantize_per_tensor" in (snapshot.stages[-1].code or "")
        assert f"torch.export.load({program!r})" in snapshot.run.python
        assert "torch.export.export(" not in snapshot.run.python


def test_a_quantized_program_opens_in_a_fresh_process(tmp_path: Path):
    """It names operators that torch registers only when they are imported."""
    from torch.ao.quantization.quantize_pt2e import convert_pt2e, prepare_pt2e

    from tests.engine.small_models import quantizer

    prepared = prepare_pt2e(exported(net(), INPUTS, strict=True), quantizer())
    prepared(*INPUTS)
    path = tmp_path / "int8.pt2"
    torch.export.save(torch.export.export(convert_pt2e(prepared), INPUTS), path)
    out = tmp_path / "out.json"
    assert cli.main(["run", str(path), "--flow", "pt2e-static", "-o", str(out), "--trust", "--quiet"]) == 0


def test_a_program_takes_only_the_flows_of_its_kind(program: str):
    with pytest.raises(QvizError, match="only PT2E flows accept"):
        run_plan(Plan(program, "fx-static"), lambda _: None)


def test_a_pickled_module_runs_any_flow(tmp_path: Path):
    torch.save(net(), tmp_path / "net.pt")
    snapshot = run_plan(Plan(str(tmp_path / "net.pt"), "fx-static", inputs=("2x3x8x8",)), lambda _: None)
    assert snapshot.run.status == "done"
    assert "torch.load(" in snapshot.run.python


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("none.pt2", "was not found"),
        ("broken.pt2", "could not be opened"),
        ("broken.pt", "is damaged, or not a file of torch.save: .*zip archive"),
        ("empty.pt", "empty.pt is empty"),
        ("cut.pt", "is damaged"),
        ("foreign.pt", "could not be opened: .*nowhere"),
        ("weights.pt", "weights without their model"),
        ("list.pt", "a list, not a model"),
        ("net.pt", "has no example inputs"),
    ],
)
def test_other_files_are_refused(name: str, message: str, tmp_path: Path):
    for broken in ("broken.pt2", "broken.pt"):
        (tmp_path / broken).write_bytes(b"PK\x03\x04 not a model")
    (tmp_path / "empty.pt").touch()
    torch.save(net(), tmp_path / "cut.pt")
    (tmp_path / "cut.pt").write_bytes((tmp_path / "cut.pt").read_bytes()[:700])
    (tmp_path / "foreign.pt").write_bytes(b"cnowhere\nNet\n.")
    torch.save(net().state_dict(), tmp_path / "weights.pt")
    torch.save([1], tmp_path / "list.pt")
    torch.save(net(), tmp_path / "net.pt")
    with pytest.raises(QvizError, match=message):
        run_plan(Plan(str(tmp_path / name), "pt2e-static"), lambda _: None)


def test_the_command_line_wants_trust(program: str, tmp_path: Path, capsys):
    words = ["run", program, "--flow", "pt2e-static", "-o", str(tmp_path / "out.json"), "--quiet"]
    assert cli.main(words) == 2
    assert "can run code when it is opened" in capsys.readouterr().err
    assert not (tmp_path / "out.json").exists()
