from __future__ import annotations

from functools import partial
from typing import Any

import pytest
import torch
from torch.ao import quantization as q
from torch.ao.quantization.qconfig import _obs_or_fq_ctr_equals

from qviz.document.configuration import Factory
from qviz.engine.configuration.factories import _constructors, make_factory
from qviz.engine.loading.written import Written
from qviz.errors import QvizError

WEIGHT: dict[str, Any] = {
    "dtype": "torch.qint8",
    "qscheme": "torch.per_tensor_symmetric",
    "quant_min": -127,
    "quant_max": 127,
}
MEANT: dict[str, Any] = {**WEIGHT, "dtype": torch.qint8, "qscheme": torch.per_tensor_symmetric}


def again(made: Written) -> Any:
    names: dict[str, Any] = {"torch": torch}
    exec("\n".join(made.imports), names)
    return eval(made.python, names)


@pytest.mark.parametrize(
    ("factory", "meant"),
    [
        (Factory("HistogramObserver"), q.HistogramObserver),
        (Factory("HistogramObserver", {"bins": 128}), q.HistogramObserver.with_args(bins=128)),
        (Factory("MinMaxObserver", WEIGHT), q.MinMaxObserver.with_args(**MEANT)),
        (Factory("MinMaxObserver", {"dtype": "qint8"}), q.MinMaxObserver.with_args(dtype=torch.qint8)),
        (Factory("default_weight_observer", {"quant_min": -127}), q.default_weight_observer.with_args(quant_min=-127)),
        (
            Factory("FakeQuantize", {"observer": "HistogramObserver", "quant_max": 127, "reduce_range": True}),
            q.FakeQuantize.with_args(observer=q.HistogramObserver, quant_max=127, reduce_range=True),
        ),
        (
            Factory("FakeQuantize", {"observer": {"name": "HistogramObserver", "arguments": {"bins": 64}}}),
            q.FakeQuantize.with_args(observer=q.HistogramObserver.with_args(bins=64)),
        ),
    ],
)
def test_a_constructor_with_its_arguments_and_its_python(factory: Factory, meant: Any):
    made = make_factory(factory)
    assert _obs_or_fq_ctr_equals(made.value, meant) or repr(made.value()) == repr(meant())
    assert repr(again(made)()) == repr(meant())


def test_each_of_torchs_constructors_is_there_and_makes_an_observer_unless_it_needs_arguments():
    names = set(_constructors())
    assert {
        "MovingAveragePerChannelMinMaxObserver",
        "default_fused_wt_fake_quant",
        "FusedMovingAvgObsFakeQuantize",
    } <= names
    assert not {"ObserverBase", "FakeQuantizeBase", "QConfig"} & names
    refused = set()
    for name in names:
        try:
            make_factory(Factory(name))
        except QvizError:
            refused.add(name)
    assert refused == {"FixedQParamsObserver", "FixedQParamsFakeQuantize"}


@pytest.mark.parametrize(
    ("factory", "message", "hint"),
    [
        (Factory("HistogramObsever"), 'no observer or fake-quantize "HistogramObsever"', "HistogramObserver"),
        (Factory("zzz"), 'no observer or fake-quantize "zzz"', "For example"),
        (Factory("HistogramObserver", {"bin": 3}), 'has no argument "bin"', "Did you mean bins?"),
        (Factory("FakeQuantize", {"reduce_rnge": True}), 'has no argument "reduce_rnge"', "reduce_range"),
        (Factory("default_weight_observer", {"quantmin": 3}), 'has no argument "quantmin"', "quant_min"),
        (Factory("ReuseInputObserver", {"zzz": 3}), 'has no argument "zzz"', "It takes no arguments"),
        (Factory("MinMaxObserver", {"dtype": "torch.qint9"}), 'no dtype or qscheme "torch.qint9"', "torch.qint"),
        (Factory("MinMaxObserver", {"quant_min": 3, "quant_max": 2}), "could not be created", "Check"),
        (Factory("FixedQParamsObserver"), "missing 2 required", "Check"),
    ],
)
def test_what_torch_does_not_take_is_told_before_anything_runs(factory: Factory, message: str, hint: str):
    with pytest.raises(QvizError, match=message) as error:
        make_factory(factory)
    assert hint in (error.value.hint or "")


MINE = """
from torch.ao.quantization import MinMaxObserver
import torch

class Mine(MinMaxObserver):
    pass

class NoObserver(torch.nn.Module):
    pass

def function(quant_max=255):
    return MinMaxObserver(quant_min=0, quant_max=quant_max)

def make(bits):
    return Mine.with_args(quant_min=0, quant_max=2**bits - 1)
"""


@pytest.mark.parametrize(
    ("name", "arguments", "quant_max"),
    [("Mine", {"quant_min": 0, "quant_max": 3}, 3), ("function", {"quant_max": 7}, 7), ("make(4)", {}, 15)],
)
def test_constructors_of_the_users_own(tmp_path, monkeypatch, name: str, arguments: dict, quant_max: int):
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "mine_of_factories.py").write_text(MINE)
    made = make_factory(Factory(f"mine_of_factories:{name}", arguments))
    assert made.value().quant_max == quant_max
    assert again(made)().quant_max == quant_max
    assert isinstance(made.value, partial) == (name == "function")
    with pytest.raises(QvizError, match="makes a NoObserver, which is neither an observer"):
        make_factory(Factory("mine_of_factories:NoObserver"))
