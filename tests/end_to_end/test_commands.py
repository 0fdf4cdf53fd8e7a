"""The command line with the real engine, on a machine without a display."""

from __future__ import annotations

import json
import os
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
