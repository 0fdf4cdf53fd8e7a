from __future__ import annotations

import operator

import pytest
import torch

from qviz.engine.configuration.object_types import object_type
from qviz.errors import QvizError


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("torch.nn.Linear", torch.nn.Linear),
        ("torch.nn.functional.relu", torch.nn.functional.relu),
        ("torch.ao.nn.quantizable.LSTM", torch.ao.nn.quantizable.LSTM),
        ("torch.ao.nn.intrinsic.ConvReLU2d", torch.ao.nn.intrinsic.ConvReLU2d),
        ("operator.add", operator.add),
        ("_operator.add", operator.add),
        ("reshape", "reshape"),
    ],
)
def test_a_type_a_function_a_method_and_the_python_of_each(text: str, value: object):
    made = object_type(text)
    assert made.value == value
    names: dict[str, object] = {"torch": torch}
    exec("\n".join(made.imports), names)
    assert eval(made.python, names) == value


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("torch.nn.Linaer", "Did you mean torch.nn.Linear?"),
        ("torch.nn.functional.rleu", "Did you mean torch.nn.functional.relu?"),
        ("Linear", "Did you mean torch.nn.Linear?"),
        ("reshap", "Did you mean reshape?"),
        ("softmaxed_2d", "Did you mean torch.nn.Softmax2d?"),
        ("zzzzzz", "Name one of"),
        ("numpy.add", "Name one of"),
        ("torch.float32", "For example"),
    ],
)
def test_what_does_not_exist_is_told_with_the_nearest(text: str, hint: str):
    with pytest.raises(QvizError) as error:
        object_type(text)
    assert hint in (error.value.hint or "")


def test_a_class_of_the_users_own_is_not_called(tmp_path):
    (tmp_path / "mine_of_types.py").write_text("class Mine:\n    pass\n")
    made = object_type(f"{tmp_path}/mine_of_types.py:Mine")
    assert isinstance(made.value, type)
    assert (made.python, made.value.__name__) == ("Mine", "Mine")
