"""Functions of the user's that cannot be called with what a run gives them are refused before anything runs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

import qviz
from qviz.document.plan import Plan
from qviz.engine.loading.calibration import calibration_batches
from qviz.engine.loading.forward import Arguments
from qviz.engine.loading.metric import find_metric, given_metric
from qviz.engine.loading.source import load
from qviz.engine.loading.training import given
from qviz.errors import QvizError

USERS = """
import torch

example_inputs = (torch.ones(2, 4),)

def make():
    return torch.nn.Linear(4, 4)

def without(): ...
def several(model, optimizer): ...
def whole(model, steps=1, *rest, **options): ...
def keyword(*, model): ...
def data(size):
    return [torch.ones(size, 4)]
def broken():
    return data()
def judge(outputs): ...
"""


@pytest.fixture
def file(tmp_path: Path) -> str:
    path = tmp_path / f"{tmp_path.name}.py"  # no two modules of one name
    path.write_text(USERS)
    return str(path)


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("without", "too many positional arguments"),
        ("several", "missing a required argument: 'optimizer'"),
        ("keyword", "too many positional arguments"),
        ("whole", None),
    ],
)
def test_a_training_takes_the_model(file: str, name: str, why: str | None):
    plan = Plan(source=f"{file}:make", flow="fx-qat", train=name)
    if why is None:
        assert load(plan).training is not None
        return
    with pytest.raises(QvizError, match=rf"{name} cannot be called with \(model\): {why}") as refused:
        load(plan)
    assert "def train(model)" in refused.value.hint


def test_one_in_hand_and_one_beside_the_model_too(tmp_path: Path):
    with pytest.raises(QvizError, match="<lambda> cannot be called"):
        given(lambda: None)  # type: ignore[arg-type, misc]
    (path := tmp_path / "trains_beside.py").write_text(f"{USERS}\ntrain = several\n")
    with pytest.raises(QvizError, match=r"trains_beside\.py:train cannot be called"):
        load(Plan(source=f"{path}:make", flow="fx-qat"))
    assert load(Plan(source=f"{path}:make", flow="fx-static")).training is None  # nothing trains there


@pytest.mark.parametrize("function", [lambda outputs: 0.0, lambda one, two, three: 0.0])
def test_a_metric_takes_outputs_and_batch(function: Callable[..., Any], file: str):
    with pytest.raises(QvizError, match=r"cannot be called with \(outputs, batch\)"):
        given_metric(function)
    with pytest.raises(QvizError, match=r"judge cannot be called with \(outputs, batch\)"):
        find_metric(Plan(metric=f"{file}:judge"))
    assert given_metric(lambda outputs, batch: 0.0)
    assert given_metric(max)  # whose signature Python cannot tell


def test_data_that_takes_arguments_says_how_to_give_them(file: str):
    inputs = Arguments((torch.ones(2, 4),))
    with pytest.raises(QvizError, match=r"data\(\) missing 1 required") as refused:
        calibration_batches(f"{file}:data", type(torch)("place"), inputs)
    assert f"as in {file}:data(size=8)" in refused.value.hint
    batches = calibration_batches(f"{file}:data(size=2)", type(torch)("place"), inputs)
    assert batches is not None
    with pytest.raises(QvizError, match=r":data\(\) missing|data\(\) missing") as refused:
        calibration_batches(f"{file}:broken", type(torch)("place"), inputs)
    assert refused.value.hint == "Fix that line."  # the call that lacks it is the user's own


def test_the_api_refuses_before_it_runs():
    with pytest.raises(QvizError, match="cannot be called"):
        qviz.inspect(torch.nn.Linear(4, 4), (torch.ones(2, 4),), flow="fx-qat", train=lambda: None)  # type: ignore[arg-type, misc]
