"""Checks of a model's tensors pass by what has no storage or counts no writes."""

from __future__ import annotations

import torch
from torch import nn
from torch.fx import symbolic_trace

from qviz.engine.checks.frozen_buffers import versions
from qviz.engine.checks.tied_weights import TiedWeights


def test_sparse_weights_have_no_place():
    model = nn.Sequential(nn.Linear(4, 4))
    model[0].weight = nn.Parameter(torch.eye(4).to_sparse(), requires_grad=False)
    graph, ties = symbolic_trace(model), TiedWeights(model)
    ties.captured(graph)
    assert [*ties.converted(graph)] == []


def test_buffers_of_inference_mode_are_not_counted():
    model = nn.Module()
    with torch.inference_mode():
        model.register_buffer("made", torch.zeros(2))
    model.register_buffer("count", torch.zeros(2))
    before = versions(model)
    assert [*before] == ["count"]
    model.get_buffer("count").add_(1)
    assert versions(model)["count"].writes > before["count"].writes
