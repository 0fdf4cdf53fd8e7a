"""The API page is what the installed torch and the texts give, and its examples run."""

from __future__ import annotations

import contextlib
import io
import subprocess
import sys
import warnings
from pathlib import Path

import pytest
import torch

from qviz.document.api_entries import FILE, load_entries
from tests.sweeps import some

ROOT = Path(__file__).parents[2]
EXAMPLES = {entry.example: entry.name for entry in load_entries() if entry.example}


def test_the_files_are_as_the_script_writes_them(tmp_path: Path):
    subprocess.run(
        [sys.executable, ROOT / "scripts/api_page.py", tmp_path], check=True, cwd=ROOT, env={"PYTHONPATH": str(ROOT)}
    )
    for name in (f"resources/{FILE}", "docs/api.md"):
        assert (tmp_path / name).read_bytes() == (ROOT / name).read_bytes(), f"run scripts/api_page.py for {name}"


@pytest.fixture
def _as_it_was():
    engine = torch.backends.quantized.engine
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
    torch.backends.quantized.engine = engine
    torch._dynamo.reset()


@pytest.mark.usefixtures("_as_it_was")
@pytest.mark.parametrize("example", some(EXAMPLES, one_in=3), ids=EXAMPLES.values())
def test_every_example_runs_and_prints(example: str):
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(example, "example", "exec"), {"__name__": "example"})
    assert printed.getvalue().strip()
