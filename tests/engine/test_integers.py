"""The integers in a document are those of torch's own tensors, and stand for the floats that torch gives."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch.ao.nn import quantized
from torch.fx import GraphModule

from qviz.document.snapshot import Integers
from qviz.engine.nodes.integers import CHANNELS, VALUES
from qviz.engine.recording.extract import record
from tests.engine.small_models import exported, fx_prepared, pt2e_prepared


def floats(found: Integers, row: int) -> list[float]:
    scale: Any = found.scale[row] if isinstance(found.scale, tuple) else found.scale
    zero_point: Any = found.zero_point[row] if isinstance(found.zero_point, tuple) else found.zero_point
    numbers: Any = found.channels[row]
    return [(each - zero_point) * scale for each in numbers]


@pytest.mark.parametrize("channels", [3, 40])
def test_a_quantized_module_shows_its_weight(channels: int):
    linear = quantized.Linear(64, channels)
    weight = torch.quantize_per_channel(
        torch.randn(channels, 64), torch.rand(channels) + 0.01, torch.arange(channels), 0, torch.qint8
    )
    linear.set_weight_bias(weight, None)
    root = torch.nn.Module()
    root.fc = linear
    graph = torch.fx.Graph()
    graph.output(graph.call_module("fc", (graph.placeholder("x"),)))
    x = torch.quantize_per_tensor(torch.randn(2, 64), 0.1, 0, torch.quint8)
    _, facts = record("converted", GraphModule(root, graph), (x,))
    found = facts["fc"].integers
    assert found is not None
    assert found.dtype == "torch.qint8"
    assert found.shape == (channels, 64)
    assert found.total == channels
    assert len(found.channels) == min(channels, CHANNELS)
    assert list(found.channels[2]) == weight.int_repr()[2, :VALUES].tolist()
    assert (found.min, found.max) == (int(weight.int_repr().min()), int(weight.int_repr().max()))
    assert floats(found, 2) == pytest.approx(weight.dequantize()[2, :VALUES].tolist())
    assert found.counts is not None
    width = (found.max - found.min + 1) / len(found.counts)
    places = ((weight.int_repr().double() - found.min) / width).floor().flatten().tolist()
    assert found.counts == tuple(places.count(place) for place in range(len(found.counts)))


def test_plain_integers_are_read_as_their_dequantize_takes_them():
    from torch.ao.quantization.quantize_pt2e import convert_pt2e

    model, inputs = torch.nn.Sequential(torch.nn.Conv2d(3, 8, 3)).eval(), (torch.randn(1, 3, 8, 8),)
    converted = convert_pt2e(pt2e_prepared(exported(model, inputs), inputs))
    stage, facts = record("converted", converted, inputs)
    (name,) = [each for each, fact in facts.items() if fact.integers]
    found = facts[name].integers
    assert found is not None
    held = converted.get_buffer(name)
    assert list(found.channels[1]) == held[1].flatten()[:VALUES].tolist()
    node = next(each for each in stage.graph.nodes if each.id == name)
    assert node.quant is not None
    assert node.quant.output is not None
    assert node.quant.output.scale == found.scale


def test_nothing_else_has_integers():
    model, inputs = torch.nn.Sequential(torch.nn.Linear(4, 4), torch.nn.Embedding(4, 4)).eval(), (torch.randn(1, 4),)
    _, facts = record("captured", exported(torch.nn.Sequential(model[0]), inputs), inputs)
    assert not any(fact.integers for fact in facts.values())
    _, facts = record("prepared", fx_prepared(torch.nn.Sequential(model[0]).eval(), inputs), inputs)
    assert not any(fact.integers for fact in facts.values())
