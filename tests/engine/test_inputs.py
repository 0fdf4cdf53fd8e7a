from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from qviz.engine.loading.calibration import calibration_batches
from qviz.engine.loading.forward import Arguments, describe
from qviz.engine.loading.inputs import plan_inputs, read_inputs
from qviz.errors import QvizError


class Two(torch.nn.Module):
    def forward(self, left: torch.Tensor, right: torch.Tensor) -> torch.Tensor:
        return left + right


@given(st.lists(st.integers(1, 5), min_size=1, max_size=4), st.sampled_from(["float32", "float16", "int64", "bool"]))
def test_a_shape_and_dtype_give_a_tensor_of_them(shape: list[int], dtype: str):
    (made,) = read_inputs(("x".join(map(str, shape)) + f":{dtype}",), Two()).args
    assert list(made.shape) == shape
    assert made.dtype == getattr(torch, dtype)


def test_a_range_bounds_the_values_both_ends_included():
    ids, floats = read_inputs(("200:int64:5..7", "200:float32:-1..0.5"), Two()).args
    assert set(ids.tolist()) == {5, 6, 7}
    assert floats.min() >= -1
    assert floats.max() <= 0.5


def test_named_inputs_are_put_in_the_order_of_forward():
    left, right = read_inputs(("right=2x2", "left=1x2"), Two()).args
    assert (left.shape, right.shape) == ((1, 2), (2, 2))


def test_files_hold_tensors(tmp_path: Path):
    np.savez(tmp_path / "in.npz", a=np.ones((1, 2), np.float32), b=np.zeros((1, 2), np.float32))
    torch.save([torch.ones(3)], tmp_path / "in.pt")
    assert [each.sum().item() for each in read_inputs((str(tmp_path / "in.npz"),), Two()).args] == [2, 0]
    assert read_inputs((str(tmp_path / "in.pt"),), Two()).args[0].shape == (3,)


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        (("1xx3",), '"1xx3" is not an input'),
        (("1x3:float33",), 'no dtype "float33"'),
        (("middle=1x2",), "do not fit forward"),
        (("gone.npz",), "was not found"),
    ],
)
def test_what_is_no_input_is_said(texts: tuple[str, ...], message: str):
    with pytest.raises(QvizError, match=message):
        read_inputs(texts, Two())


def test_a_pickle_that_is_more_than_tensors_is_not_run(tmp_path: Path):
    torch.save(Two(), tmp_path / "model.pt")
    with pytest.raises(QvizError, match="could not be read"):
        read_inputs((str(tmp_path / "model.pt"),), Two())


def test_calibration_rows_of_a_file_are_batches(tmp_path: Path):
    np.savez(tmp_path / "data.npz", x=np.ones((5, 3), np.float32))
    batches = list(calibration_batches(str(tmp_path / "data.npz"), torch, Arguments((torch.ones(1, 3),))) or ())
    assert [batch.args[0].shape for batch in batches] == [(1, 3)] * 5


def test_inputs_are_described_for_people():
    ids = torch.zeros(2, dtype=torch.int64)
    assert describe(Arguments((torch.zeros(1, 3), ids, 4))) == ("1×3 float32", "2 int64", "int")
    assert describe(Arguments(({"a": ids, "b": [ids]},), {"mask": ids})) == (
        "{a: 2 int64, b: (2 int64)}",
        "mask=2 int64",
    )


class Many(torch.nn.Module):
    def forward(self, x, mask=None, scale=2.0, *, debug=False):
        return x


def test_arguments_go_by_position_up_to_a_gap_and_by_keyword_behind_it():
    whole = read_inputs(("1x2", "mask=3:bool"), Many())
    assert ([each.shape for each in whole.args], whole.kwargs) == ([(1, 2), (3,)], {})
    behind = read_inputs(("x=1x2", "scale=1", "debug=1:bool"), Many())
    assert (len(behind.args), list(behind.kwargs)) == (1, ["scale", "debug"])
    assert len(read_inputs(("x=1x2",), Many())) == 1


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        (("mask=1x2",), "missing a required argument: 'x'"),
        (("1x2", "depth=1"), "it has no depth"),
        (("1x2:int64:5..3",), "5 is above 3"),
        (("1x2:float32:low..high",), "is not an input"),
        (("1x2:quint8",), "random inputs of dtype quint8"),
        (("999999999x999999999",), "could not be created"),
    ],
)
def test_what_cannot_be_given_is_said(texts: tuple[str, ...], message: str):
    with pytest.raises(QvizError, match=message):
        read_inputs(texts, Many())


def test_normal_values_zeros_literals_and_parts():
    normal, zeros = read_inputs(("4000:float32:5~0.5", "3:int64:zeros"), Two()).args
    assert normal.mean().item() == pytest.approx(5, abs=0.1)
    assert normal.std().item() == pytest.approx(0.5, abs=0.1)
    assert zeros.tolist() == [0, 0, 0]
    called = read_inputs(("x=(1x2,{a=3,b=4:bool})", "scale==0.5", "debug==True"), Many())
    pair, kwargs = called.args[0], called.kwargs
    assert (pair[0].shape, pair[1]["a"].shape, pair[1]["b"].dtype) == ((1, 2), (3,), torch.bool)
    assert kwargs == {"scale": 0.5, "debug": True}


@pytest.mark.parametrize(
    "texts", [("x=(1x2,{a=3:int64:0..9})", "scale==0.5"), ("2x2:float32:1~3",), ("x=2:int64:zeros",)]
)
def test_the_python_of_inputs_makes_the_same(texts: tuple[str, ...]):
    planned = plan_inputs(texts, Many())
    for each in planned.values:
        torch.manual_seed(0)
        expected = each.make()
        torch.manual_seed(0)
        assert str(eval(each.python, {"torch": torch})) == str(expected)
