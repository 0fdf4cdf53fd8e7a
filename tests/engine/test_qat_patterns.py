"""Patterns of convolutions that a graph does not have are not exported, and what torch makes of it stays the same."""

from contextlib import nullcontext
from typing import Any

import pytest
import torch
from torch import nn
from torch.ao.quantization import move_exported_model_to_eval
from torch.ao.quantization.pt2e import qat_utils
from torch.ao.quantization.quantize_pt2e import convert_pt2e, prepare_qat_pt2e
from torch.ao.quantization.quantizer.xnnpack_quantizer import XNNPACKQuantizer, get_symmetric_quantization_config

from qviz.engine.flows.qat_patterns import only_possible

LAYERS = {
    "2d": lambda: (nn.Conv2d(3, 4, 1), nn.BatchNorm2d(4), nn.ReLU()),
    "2d without bias": lambda: (nn.Conv2d(3, 4, 1, bias=False), nn.BatchNorm2d(4)),
    "transposed": lambda: (nn.ConvTranspose2d(3, 4, 1), nn.BatchNorm2d(4)),
    "none": lambda: (nn.BatchNorm2d(3), nn.ReLU()),
}


def _both(layers, context):
    """Return a model as prepared and as converted."""
    torch._dynamo.reset()  # it counts how often it compiled the same code
    torch.manual_seed(0)
    example = torch.randn(2, 3, 4, 4)
    captured: Any = torch.export.export_for_training(nn.Sequential(*layers()), (example,), strict=True).module()
    quantizer = XNNPACKQuantizer().set_global(get_symmetric_quantization_config(is_qat=True))
    with context:
        prepared = prepare_qat_pt2e(captured, quantizer)
        code = prepared.code
        prepared(example)
        move_exported_model_to_eval(prepared)
        converted = convert_pt2e(prepared)
    return code, converted.code, converted(example)


@pytest.mark.slow
@pytest.mark.parametrize("name", LAYERS)
def test_the_models_are_those_of_torch_alone(name):
    *found, result = _both(LAYERS[name], only_possible())
    *alone, expected = _both(LAYERS[name], nullcontext())
    assert found == alone
    assert torch.equal(result, expected)


def test_one_kind_of_convolution_costs_one_kind_of_patterns(monkeypatch):
    asked = []
    utils: Any = qat_utils
    export = utils._get_aten_graph_module_for_pattern

    def counted(pattern, *args, **kwargs):
        asked.append(pattern)
        return export(pattern, *args, **kwargs)

    monkeypatch.setattr(qat_utils, "_get_aten_graph_module_for_pattern", counted)
    _, converted, _ = _both(LAYERS["2d"], only_possible())
    assert len(asked) == 27
    assert "batch_norm" not in converted
    del asked[:]
    _both(LAYERS["none"], only_possible())
    assert not asked
