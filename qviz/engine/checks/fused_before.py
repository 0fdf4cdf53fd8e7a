"""Finds the layers of a model in training that came fused for evaluation: their batch norms are gone."""

from __future__ import annotations

from collections.abc import Iterator

from torch import nn
from torch.ao.nn import intrinsic
from torch.fx import GraphModule

from qviz.document.snapshot import Finding, Level

_WITH_RELU = (intrinsic.ConvReLU1d, intrinsic.ConvReLU2d, intrinsic.ConvReLU3d)
_PARTS = 3
"""Convolution, batch norm and relu: fuse_modules keeps the first place, and puts an Identity in the others."""


def before_training(model: nn.Module, graph: GraphModule) -> Iterator[Finding]:
    """Yield the convolutions with a relu behind which fuse_modules left two Identities: one was a batch norm."""
    paths = [path for path, module in model.named_modules() for path in _fused_in(path, module)]
    nodes = tuple(node.name for node in graph.graph.nodes if node.op == "call_module" and node.target in paths)
    if paths:
        yield Finding(
            rule="batch_norm_fused_for_evaluation",
            level=Level.WARNING,
            stage="captured",
            nodes=nodes,
            code="batch_norm_fused_for_evaluation.before",
            roles={"subject": nodes} if nodes else {},
            args={"modules": [*paths]},
            place=() if nodes else tuple(paths),
        )


def _fused_in(path: str, parent: nn.Module) -> Iterator[str]:
    children = [*parent.named_children()]
    for place, (name, child) in enumerate(children):
        others = [each for _, each in children[place + 1 : place + _PARTS]]
        if (
            type(child) in _WITH_RELU
            and len(others) == _PARTS - 1
            and all(type(each) is nn.Identity for each in others)
        ):
            yield f"{path}.{name}".lstrip(".")
