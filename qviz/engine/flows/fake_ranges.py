"""Lets ``convert_pt2e`` convert a model whose observers saw nothing, as all of a run on fake tensors have.

What is converted has the right shape and placement of quantizes and dequantizes; its scales mean nothing, and
`qviz.engine.recording.without_numbers` takes them out of what is recorded.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.fx import GraphModule, Node
from torch.nn import Module

from qviz.engine.nodes.called import called_module
from qviz.engine.nodes.module_roles import OBSERVING, role_of
from qviz.engine.nodes.qparams import PER_CHANNEL


def give_ranges(prepared: GraphModule) -> None:
    """Give every observer and fake-quant a scale of 1 and a zero point of 0, for each channel where it has many."""
    for node in prepared.graph.nodes:
        if node.op == "call_module" and role_of(observer := called_module(prepared, node)) in OBSERVING:
            _give(observer, node.all_input_nodes[0])


def _give(observer: Module, watched: Node) -> None:
    if not hasattr(observer, "calculate_qparams"):
        return
    source: Any = getattr(observer, "activation_post_process", observer)
    is_per_channel = getattr(observer, "qscheme", getattr(source, "qscheme", None)) in PER_CHANNEL
    count = watched.meta["val"].shape[source.ch_axis] if is_per_channel else 1
    observer.__dict__["calculate_qparams"] = _constant(torch.ones(count), torch.zeros(count, dtype=torch.int64))


def _constant(scale: Tensor, zero_point: Tensor) -> Callable[[], tuple[Tensor, Tensor]]:
    return lambda: (scale, zero_point)
