"""The command line with the real engine, on a machine without a display."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

MODEL = """
import json  # the standard library's, although a json.py stands beside this file
from torch import nn

class Net(nn.Sequential):
    def __init__(self):
        super().__init__(nn.Linear(4, 4), nn.ReLU())
        print("a model that prints", json.dumps(1))
"""
BRANCHING = """from torch import nn
class Net(nn.Module):
    def forward(self, x):
        return x if x.sum() > 0 else -x
"""
UNCALLED = """import torch
from torch import nn
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(4, 4)
    def forward(self, x):
        return self.fc(x)
model, example_inputs = Net().eval(), (torch.ones(1, 4),)
"""


def qviz(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.endswith(("DISPLAY", "PLATFORM"))}
    start = "import sys; sys.path.remove(''); from qviz.__main__ import main; sys.exit(main())"
    return subprocess.run(
        [sys.executable, "-c", start, *words],
        cwd=folder,
        env={**environment, "XDG_STATE_HOME": str(folder / "state")},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_sample_becomes_a_picture(tmp_path: Path):
    words = ["sample:conv-bn-relu", "--flow", "fx-static", "--side-by-side", "captured,converted"]
    done = qviz(tmp_path, "render", *words, "-o", "out.png", "-o", "out.svg")
    assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / "out.png").read_bytes().startswith(b"\x89PNG")
    drawn = (tmp_path / "out.svg").read_text(encoding="utf-8")
    assert all(word in drawn for word in ("sample:conv-bn-relu", "fx-static", "Captured", "Converted", "quantize"))


def test_the_users_file_runs_and_gives_the_same_bytes_twice(tmp_path: Path):
    (tmp_path / "model.py").write_text(MODEL, encoding="utf-8")
    (tmp_path / "json.py").write_text("raise ImportError('shadows the standard library')\n", encoding="utf-8")
    words = ["model.py:Net", "--input", "2x4", "--flow", "fx-static", "--json"]
    for name in ("first.json", "second.json"):
        done = qviz(tmp_path, "run", *words, "-o", name)
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout)["status"] == "done"
    assert (tmp_path / "first.json").read_bytes() == (tmp_path / "second.json").read_bytes()


def test_a_flow_that_fails_says_where(tmp_path: Path):
    (tmp_path / "model.py").write_text(BRANCHING, encoding="utf-8")
    done = qviz(tmp_path, "run", "model.py:Net", "--input", "2", "--flow", "fx-static", "-o", "a.qviz", "-q")
    assert done.returncode == 3
    what, hint = done.stderr.splitlines()
    assert "model.py:4" in what
    assert hint
    assert (tmp_path / "a.qviz").exists()


def test_check_is_a_gate_with_a_baseline(tmp_path: Path):
    (tmp_path / "model.py").write_text(UNCALLED, encoding="utf-8")
    words = ["check", "model.py:model", "--flow", "fx-weight-only", "--baseline", "accepted.json"]
    first = qviz(tmp_path, *words[:4], "-o", "qviz.sarif")
    assert first.returncode == 1, first.stderr
    (result,) = (
        each
        for each in json.loads((tmp_path / "qviz.sarif").read_text())["runs"][0]["results"]
        if each["level"] == "error"
    )
    place = result["locations"][0]["physicalLocation"]
    assert result["ruleId"] == "nothing_quantized"
    assert (place["artifactLocation"]["uri"], place["region"]["startLine"]) == ("model.py", 8)
    assert qviz(tmp_path, *words).returncode == 2
    assert qviz(tmp_path, *words, "--write-baseline", "-q").returncode == 0
    (tmp_path / "model.py").write_text(f"# moved\n{UNCALLED}", encoding="utf-8")
    again = qviz(tmp_path, *words, "--json", "--fail-on", "info")
    assert again.returncode == 0, again.stderr
    told = json.loads(again.stdout)
    assert told["totals"]["accepted"] == len(told["findings"]) > 0
    (error,) = (each for each in told["findings"] if each["level"] == "error")
    assert error["sources"][0]["line"] == 9
    assert error["fingerprint"] == result["partialFingerprints"]["qvizFinding/v1"]


def test_two_runs_are_compared(tmp_path: Path):
    for name, seed in (("a.qviz", "0"), ("c.qviz", "1")):
        words = ["run", "sample:conv-bn-relu", "--flow", "fx-static", "--seed", seed, "-o", name, "-q"]
        assert qviz(tmp_path, *words).returncode == 0
    shutil.copy(tmp_path / "a.qviz", tmp_path / "b.qviz")  # the same seed gives the same bytes, by the test above
    assert qviz(tmp_path, "diff", "a.qviz", "b.qviz", "--exit-code").returncode == 0
    differs = qviz(tmp_path, "diff", "a.qviz", "c.qviz", "--exit-code")
    assert differs.returncode == 1
    assert "config.seed: 0 → 1" in differs.stdout
    assert "captured: 5 nodes, no difference" in differs.stdout
    assert "~ conv: input scale" in differs.stdout


def test_the_projects_own_rules_run_in_the_engine_alone(tmp_path: Path):
    (tmp_path / "net.py").write_text(UNCALLED, encoding="utf-8")
    (tmp_path / "pyproject.toml").write_text('[tool.qviz]\nrules = ["own.checks:rule", "own.checks:broken"]\n')
    (tmp_path / "own").mkdir()
    rule = """
import os, sys, pathlib
from qviz import Finding, Level
with open("imported.txt", "a") as file:
    print(os.getpid(), "torch" in sys.modules, file=file)
def rule(evidence):
    nodes = [node.id for node in evidence.captured.graph.nodes if node.op == "call_module"]
    yield Finding.of("has_modules", Level.ERROR, "captured", nodes, message="the model has modules")
def broken(evidence):
    return 1 / 0
"""
    (tmp_path / "own" / "checks.py").write_text(rule, encoding="utf-8")
    start = (
        "import os, sys; sys.path.remove(''); from qviz.__main__ import main; code = main(); "
        "print(os.getpid(), 'own.checks' in sys.modules, file=sys.stderr); sys.exit(code)"
    )
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            start,
            "check",
            "net.py:model",
            "--flow",
            "eager-dynamic",
            "--json",
            "--quiet",
            "--trust",
        ],
        cwd=tmp_path,
        env={**os.environ, "XDG_STATE_HOME": str(tmp_path / "state")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1, done.stderr
    found = {each["rule"]: each for each in json.loads(done.stdout)["findings"]}
    assert found["has_modules"]["fails"]
    assert found["has_modules"]["nodes"] == ["fc"]
    assert "own.checks:broken" in found["own_rule_failed"]["message"]
    assert "ZeroDivisionError" in found["own_rule_failed"]["message"]
    window, is_imported = done.stderr.split()[-2:]
    (engine,) = (tmp_path / "imported.txt").read_text(encoding="utf-8").splitlines()
    assert engine.split()[0] != window
    assert (engine.split()[1], is_imported) == ("True", "False")
