"""The device of a model is looked up once, and what torch makes of it stays the same."""

from typing import Any

import pytest
import torch
import torch.ao.quantization.fx.utils
from torch import nn
from torch.ao.quantization import get_default_qconfig_mapping
from torch.ao.quantization.quantize_fx import convert_fx, prepare_fx

from qviz.engine.serving.unique_device import found_once

fx_utils: Any = torch.ao.quantization.fx.utils
LOOK = fx_utils._assert_and_get_unique_device


def _net() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(*(nn.Sequential(nn.Conv2d(3, 3, 1), nn.ReLU()) for _ in range(4))).eval()


def _converted(given: nn.Module) -> nn.Module:
    example = torch.ones(1, 3, 4, 4)
    prepared = prepare_fx(given, get_default_qconfig_mapping(), (example,))
    prepared(example)
    return convert_fx(prepared)


def test_the_converted_model_is_that_of_torch_alone():
    with found_once():
        found = _converted(_net())
    alone = _converted(_net())
    assert found.code == alone.code
    assert [*found.state_dict()] == [*alone.state_dict()]
    example = torch.ones(1, 3, 4, 4)
    assert torch.equal(found(example), alone(example))
    assert fx_utils._assert_and_get_unique_device is LOOK


def test_a_model_is_looked_at_once(monkeypatch):
    looked: list[int] = []

    def counted(module):
        looked.append(id(module))
        return LOOK(module)

    monkeypatch.setattr(fx_utils, "_assert_and_get_unique_device", counted)
    model = _net()
    with found_once():
        assert {str(fx_utils.assert_and_get_unique_device(model)) for _ in range(5)} == {"cpu"}
    assert looked == [id(model)]


def test_a_model_without_weights_is_asked_again_and_a_weight_without_numbers_is_told():
    model = nn.Sequential()
    with found_once():
        assert fx_utils.assert_and_get_unique_device(model) is None
        model.register_buffer("scale", torch.ones(1))
        assert fx_utils.assert_and_get_unique_device(model) == torch.device("cpu")
        with pytest.warns(UserWarning, match="Both 'meta' and 'cpu'"):
            fx_utils.assert_and_get_unique_device(nn.ModuleList([nn.Linear(1, 1), nn.Linear(1, 1, device="meta")]))


def test_a_model_that_a_training_moves_is_looked_at_again():
    model = _net()
    with found_once():
        assert fx_utils.assert_and_get_unique_device(model) == torch.device("cpu")
        model.to("meta")
        assert fx_utils.assert_and_get_unique_device(model) == torch.device("meta")
