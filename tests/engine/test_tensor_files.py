"""Files of tensors as inputs and as calibration data, and the Python that reads them again."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch.nn import Module

from qviz.document.plan import Plan
from qviz.engine.loading.importing import forget
from qviz.engine.loading.tensor_files import read_tensors
from qviz.engine.serving.run import run_plan
from qviz.engine.serving.torch_state import kept
from qviz.errors import QvizError

MODEL = """
import torch

class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = torch.nn.Linear(4, 4)

    def forward(self, x, *, shift=None):
        return self.fc(x) + shift

def pair():
    return [torch.full((2, 4), 2.0)]

def by_name():
    return {"shift": torch.full((1, 4), 3.0), "x": torch.full((2, 4), 2.0)}
"""
X, SHIFT = torch.arange(8.0).reshape(2, 4), torch.ones(1, 4)


def write(path: Path, held: dict[str, torch.Tensor]) -> Path:
    match path.suffix:
        case ".npz":
            arrays: dict[str, Any] = {name: each.numpy() for name, each in held.items()}
            np.savez(path, **arrays)
        case ".safetensors":
            pytest.importorskip("safetensors.torch").save_file(held, path)
        case _:
            torch.save(held, path)
    return path


@pytest.fixture
def source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sys, "path", list(sys.path))
    (tmp_path / "net_of_files.py").write_text(MODEL)
    yield f"{tmp_path / 'net_of_files.py'}:Net"
    forget()


def again(python: str) -> dict[str, Any]:
    forget()
    found: dict[str, Any] = {}
    with kept(99):
        exec(compile(python, "again.py", "exec"), found)
    sys.modules.pop("net_of_files", None)
    return found


@pytest.mark.parametrize("suffix", [".npz", ".pt", ".safetensors"])
def test_names_of_a_file_are_arguments(suffix: str, source: str, tmp_path: Path):
    file = write(tmp_path / f"inputs{suffix}", {"shift": SHIFT, "x": X})
    snapshot = run_plan(Plan(source, "pt2e-static", inputs=(str(file),)), lambda _: None)
    assert snapshot.run.config["inputs"] == ["2×4 float32", "shift=1×4 float32"]
    made = again(snapshot.run.python)
    assert torch.equal(made["example_inputs"][0], X)
    assert torch.equal(made["example_kwargs"]["shift"], SHIFT)
    assert isinstance(made["converted"], Module)


def test_a_function_gives_inputs_by_name_or_by_position(source: str):
    place = source.partition(":")[0]
    named = run_plan(Plan(source, inputs=(f"{place}:by_name",)), lambda _: None)
    mixed = run_plan(Plan(source, inputs=(f"{place}:pair", "shift=1x4:float32:0..1")), lambda _: None)
    for snapshot in (named, mixed):
        assert snapshot.run.config["inputs"] == ["2×4 float32", "shift=1×4 float32"]
        made = again(snapshot.run.python)
        assert made["example_inputs"][0].max() == 2
    assert again(named.run.python)["example_kwargs"]["shift"].max() == 3


@pytest.mark.parametrize("by_keyword", [True, False])
def test_a_file_of_samples_is_cut_by_the_script_as_by_the_run(by_keyword: bool, source: str, tmp_path: Path):
    samples = torch.rand(7, 4) * 9
    held = {"shift": torch.rand(3, 4), "x": samples}
    inputs: tuple[str, ...] = ("2x4", "shift=1x4")
    if not by_keyword:
        held, inputs = {"x": samples}, ("2x4",)
        file = Path(source.partition(":")[0])
        file.write_text(MODEL.replace("*, shift=None", "shift=0"))
    data = write(tmp_path / "data.pt", held)
    snapshot = run_plan(Plan(source, "pt2e-static", inputs=inputs, calibrate=str(data)), lambda _: None)
    facts: list[Any] = [each.observer for each in snapshot.facts["prepared"].values() if each.observer]
    assert any(float(each.max) == pytest.approx(float(samples[:6].max()), rel=1e-6) for each in facts)
    batches = list(again(snapshot.run.python)["batches"])
    assert len(batches) == 3
    first = batches[0][0] if by_keyword else batches[0]
    assert torch.equal(first[0], samples[:2])


def test_a_library_that_is_not_there_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "safetensors.torch", None)
    monkeypatch.setitem(sys.modules, "numpy", None)
    for name, library in (("x.safetensors", "safetensors"), ("x.npy", "numpy")):
        (tmp_path / name).write_bytes(b"")
        with pytest.raises(QvizError, match=f"lacks {library}") as refused:
            read_tensors(tmp_path / name)
        assert f"Install {library} with pip" in refused.value.hint
