"""Finds the layers of a model in training that came fused for evaluation: their batch norms are gone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from torch import nn
from torch.ao.nn import intrinsic
from torch.fx import GraphModule, Node
from torch.nn.modules.batchnorm import _BatchNorm

from qviz.document.snapshot import Finding, Level
from qviz.engine.nodes.module_paths import own_place

_WITH_RELU = (intrinsic.ConvReLU1d, intrinsic.ConvReLU2d, intrinsic.ConvReLU3d)
_ALONE = (nn.Conv1d, nn.Conv2d, nn.Conv3d, nn.Linear)
"""What stays a layer of its own class where a batch norm is folded into it."""
_PARTS = 3
"""Convolution, batch norm and relu: fuse_modules keeps the first place, and puts an Identity in the others."""
_NORM = re.compile(r"bn|norm", re.IGNORECASE)


class _FusedBefore(NamedTuple):
    """A layer, and how it shows that a batch norm was folded into it: the end of the finding's code."""

    path: str
    sign: str


def before_training(model: nn.Module, graph: GraphModule) -> Iterator[Finding]:
    """Yield the layers behind which fuse_modules left the place of a batch norm, one finding for each sign of it.

    With a relu there are two Identities, and one was a batch norm. Without one the layer keeps its class: a bias that
    does not train beside a weight that does is made by folding; an Identity where a batch norm would stand, by its name
    or in a row of layers without any batch norm, is no more than a hint.
    """
    has_norms = any(isinstance(each, _BatchNorm) for each in model.modules())
    found: dict[str, list[str]] = {}
    for path, module in model.named_modules():
        for each in _fused_in(path, module, has_norms):
            found.setdefault(each.sign, []).append(each.path)
    for sign, paths in found.items():
        nodes = tuple(node.name for node in graph.graph.nodes if _path_of(graph, node) in paths)
        yield Finding(
            rule="batch_norm_fused_for_evaluation",
            level=Level.WARNING,
            stage="captured",
            nodes=nodes,
            code=f"batch_norm_fused_for_evaluation.{sign}",
            roles={"subject": nodes} if nodes else {},
            args={"modules": [*paths]},
            place=() if nodes else tuple(paths),
        )


def _path_of(graph: GraphModule, node: Node) -> str | None:
    """Return the path of the layer that computes at a node."""
    place = own_place(graph, node) if node.op in ("call_module", "call_function") else None
    return place.path if place is not None else None


def _fused_in(path: str, parent: nn.Module, has_norms: bool) -> Iterator[_FusedBefore]:
    children = [*parent.named_children()]
    for place, (name, child) in enumerate(children):
        behind = children[place + 1 : place + _PARTS]
        left = [other for other, each in behind if type(each) is nn.Identity]
        own = f"{path}.{name}".lstrip(".")
        if type(child) in _WITH_RELU:
            if len(left) == _PARTS - 1:
                yield _FusedBefore(own, "before")
        elif type(child) in _ALONE and behind and left[:1] == [behind[0][0]] and child.bias is not None:
            if child.weight.requires_grad and not child.bias.requires_grad:
                yield _FusedBefore(own, "before_without_relu")
            elif _NORM.search(left[0]) or (left[0].isdigit() and not has_norms):
                yield _FusedBefore(own, "seems_before")
