"""The commands and examples of README and docs do what they say: in a folder with a small model and its results."""

from __future__ import annotations

import importlib
import os
import re
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import click
import pytest
from msgspec.structs import replace

from qviz import cli
from qviz.assets import asset
from qviz.cli.app import COMMANDS
from qviz.document import codec
from tests import fenced
from tests.factories import small_links
from tests.measured import measured_run

ALL = [block for page in fenced.PAGES for block in fenced.blocks(page)]
RUN = [block for block in ALL if not block.excuse]
SHELL = [(block, words) for block in RUN for words in fenced.commands(block)]
QUICK = [each for each in SHELL if fenced.is_quick(each[1])]
SLOW = [each for each in SHELL if not fenced.is_quick(each[1])]
MODEL = """
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv, self.relu, self.head = nn.Conv2d(3, 4, 8, 8), nn.ReLU(), nn.Sequential()
        self.head.fc = nn.Linear(4, 5)

    def forward(self, x):
        return self.head(self.relu(self.conv(x)).mean((2, 3)))


def batches():
    return [torch.randn(1, 3, 224, 224) for _ in range(2)]


def validation():
    return [(torch.randn(2, 3, 224, 224), torch.tensor([0, 1]))]


def top1(outputs, batch):
    images, labels = batch
    return (outputs.argmax(1) == labels).float().mean()


example_inputs = (torch.randn(1, 3, 224, 224),)
calibration_data = batches()
model = Net()
"""
SET_UP = """
import sys

import torch
from model import Net, batches as load, top1, validation

import qviz

model, x = Net().eval(), torch.randn(1, 3, 224, 224)
example_inputs, batches, labeled = (x,), load(), validation()
if sys.argv[1] == "measure":  # the sample of docs/measure.md
    from uneven import calibration_data, example_inputs, model as made

    model, (x,), batches = made(), example_inputs(), calibration_data()
    labeled = [(*each, torch.tensor([0, 1, 2, 3])) for each in batches]
one, other = (torch.fx.symbolic_trace(model) for _ in range(2))
qviz.show = lambda snap: None  # opens a window
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder with what the pages speak of, and work there."""
    for name in ("model", "net", "data", "big_model"):
        (tmp_path / f"{name}.py").write_text(MODEL, encoding="utf-8")
    (tmp_path / "uneven.py").write_bytes(asset("samples/uneven.py").read_bytes())
    run = replace(measured_run(), links=small_links())
    for name in ("review", "before", "after"):
        codec.save(codec.decode(codec.encode(run).replace(b"block.conv", b"layer1.0.conv1")), tmp_path / f"{name}.qviz")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def plan_above(block: fenced.Block) -> str:
    """Return the plan that a page shows: the last above a block, else its first."""
    plans = [each for each in fenced.blocks(block.page) if each.language == "toml" and "flow =" in each.text]
    above = [each for each in plans if each.line < block.line]
    return (above[-1:] or plans[:1])[0].text if plans else ""


def name_of(case: tuple[fenced.Block, list[str]]) -> str:
    block, words = case
    return f"{block.place} {' '.join(words)}"


def test_every_block_is_run_or_says_why_it_is_not():
    assert len(ALL) > 40
    excuses = {block.excuse for block in ALL if block.excuse}
    paths = {each for each in excuses - fenced.EXCUSES if (fenced.ROOT / each).is_file()}
    assert excuses - fenced.EXCUSES - paths == set()
    for block in ALL:
        if block.excuse in paths:
            assert block.page.name in (fenced.ROOT / block.excuse).read_text(encoding="utf-8"), block.place
        calls = re.search(r"^(\$ )?(\./scripts/)?qviz ", block.text, re.MULTILINE)
        assert not calls or block.excuse or block.language in ("sh", "console"), f"{block.place} has no language"
    assert len(QUICK) > 7
    assert len(SLOW) > 12


@pytest.mark.parametrize("case", SHELL, ids=name_of)
def test_every_command_has_the_options_that_pages_give_it(case, folder):
    block, words = case
    if words[0] not in COMMANDS:
        words = ["window", *words]
    module = importlib.import_module({**COMMANDS, "window": "qviz.cli.window"}[words[0]])
    command: click.Command = getattr(module, words[0])
    if plan := plan_above(block):
        (folder / "plan.toml").write_text(plan, encoding="utf-8")
    command.make_context(words[0], words[1:], parent=click.Context(click.Group()))


def run_command(case: tuple[fenced.Block, list[str]], folder: Path) -> int:
    """Run a command in this process; a plan is consented to, as its owner would."""
    block, words = case
    if plan := plan_above(block):
        (folder / "plan.toml").write_text(plan, encoding="utf-8")
    if "--baseline" in words and "--write-baseline" not in words:
        cli.main(["check", "review.qviz", "--baseline", words[words.index("--baseline") + 1], "--write-baseline"])
    code = cli.main([*words, *(["--trust"] if "--config" in words else [])])
    outs = [folder / out for flag, out in pairwise(words) if flag in ("-o", "--out")]
    assert [each.name for each in outs if not each.is_file()] == []
    return code


@pytest.mark.parametrize("case", QUICK, ids=name_of)
def test_a_command_that_starts_no_engine_runs(case, folder, qapp, capsys):
    assert run_command(case, folder) in ((0, 1) if case[1][0] == "check" else (0,)), capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("case", SLOW, ids=name_of)
def test_a_command_that_starts_an_engine_runs(case, folder, qapp, capsys):
    allowed = (0, 1) if case[1][0] in ("check", "repair") else (0,)
    assert run_command(case, folder) in allowed, capsys.readouterr().err


PYTHON = [block for block in RUN if block.language == "python"]


def needs_torch(block: fenced.Block) -> bool:
    return "model" in re.sub(r"#.*", "", block.text)


@pytest.mark.parametrize("block", [each for each in PYTHON if not needs_torch(each)], ids=lambda each: each.place)
def test_python_that_needs_no_model_runs(block, folder):
    exec(compile(block.text, block.place, "exec"), {"__name__": "example"})


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("block", [each for each in PYTHON if needs_torch(each)], ids=lambda each: each.place)
def test_python_that_runs_a_model_runs(block, folder):
    (folder / "example.py").write_text(SET_UP + block.text, encoding="utf-8")
    paths = os.pathsep.join([str(fenced.ROOT), os.environ.get("PYTHONPATH", "")])
    done = subprocess.run(
        [sys.executable, "example.py", block.page.stem],
        env={**os.environ, "PYTHONPATH": paths},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
