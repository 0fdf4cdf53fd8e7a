"""Looks whether folding a batch norm changed what the model computes: the convolution may serve others too."""

from __future__ import annotations

from collections import Counter
from typing import Any

import torch
from torch.fx import GraphModule, Interpreter, Node
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.modules.conv import _ConvNd
from torch.utils import _pytree as pytree

from qviz.document.graph import Json
from qviz.document.snapshot import Finding, Level
from qviz.engine.loading.forward import Arguments
from qviz.engine.nodes.module_roles import OBSERVING, role_of

_NOISE = 1e-5
"""The part of the largest value that rounding alone may change; a batch norm that is fresh changes nothing."""


class _WithoutObservers(Interpreter):
    """Runs a prepared graph as it computes without observing, so that no statistics change."""

    def call_module(self, target: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if role_of(self.fetch_attr(str(target))) in OBSERVING:
            return args[0]
        return super().call_module(target, args, kwargs)


def output_of(module: GraphModule, inputs: Arguments) -> list[torch.Tensor]:
    """Return the float tensors that a graph gives, its observers passed by."""
    own = inputs.cloned().of_graph(module)  # forward may work in place
    with torch.no_grad():
        result = _WithoutObservers(module).run(*own)
    return [each.clone() for each in pytree.tree_leaves(result) if isinstance(each, torch.Tensor)]


def shared_convolutions(captured: GraphModule) -> dict[str, str]:
    """Return batch norms that ``prepare_pt2e`` folds into a convolution that somebody else reads too."""
    from torch.ao.quantization.pt2e.utils import _is_bn_node, _is_conv_or_conv_transpose_node  # brings dynamo along

    found = {}
    for node in captured.graph.nodes:
        before = node.args[0] if _is_bn_node(node) else None
        if isinstance(before, Node) and _is_conv_or_conv_transpose_node(before) and len(before.users) > 1:
            found[node.name] = before.name
    return found


def shared_calls(captured: GraphModule) -> dict[str, str]:
    """Return batch norms that FX folds into a convolution module which is called elsewhere, without this batch norm."""
    calls = Counter(str(node.target) for node in captured.graph.nodes if node.op == "call_module")
    found, normed = dict[str, str](), Counter[tuple[str, str]]()
    pairs: dict[str, tuple[str, str]] = {}
    for node in captured.graph.nodes:
        before = node.args[0] if node.args and _is_batch_norm(captured, node) else None
        if not isinstance(before, Node) or before.op != "call_module" or len(before.users) > 1:
            continue
        if calls[str(before.target)] > 1 and isinstance(captured.get_submodule(str(before.target)), _ConvNd):
            found[node.name], pairs[node.name] = before.name, (str(before.target), str(node.target))
            normed[pairs[node.name]] += 1
    return {norm: conv for norm, conv in found.items() if normed[pairs[norm]] < calls[pairs[norm][0]]}


def _is_batch_norm(module: GraphModule, node: Node) -> bool:
    return node.op == "call_module" and isinstance(module.get_submodule(str(node.target)), _BatchNorm)


def folded_wrongly(
    shared: dict[str, str], before: list[torch.Tensor], after: list[torch.Tensor], who: str = "prepare_pt2e"
) -> Finding:
    """Return the finding of batch norms folded into what others use, with what that does to the output.

    Args:
        shared: The convolution of each batch norm.
        before: What the captured graph gives.
        after: What the prepared one gives.
        who: The function of torch that folds.
    """
    use = "read_elsewhere" if who == "prepare_pt2e" else "called_elsewhere"
    pairs = [(a.float(), b.float()) for a, b in zip(before, after, strict=True) if a.numel() and not a.is_complex()]
    worst = max((float((a - b).abs().max()) for a, b in pairs), default=0.0)
    largest = max((float(a.abs().max()) for a, _ in pairs), default=0.0)
    code = "batch_norm_folded_into_shared_convolution." + use + ("_fresh" if worst <= _NOISE * largest else "")
    folded: list[Json] = [
        {"code": "batch_norm.into", "roles": {"subject": [norm], "producer": [conv]}} for norm, conv in shared.items()
    ]
    return Finding(
        rule="batch_norm_folded_into_shared_convolution",
        level=Level.ERROR,
        stage="captured",
        nodes=tuple(dict.fromkeys(name for pair in shared.items() for name in reversed(pair))),
        code=code,
        roles={"subject": tuple(shared), "convolution": tuple(dict.fromkeys(shared.values()))},
        args={"function": who, "pairs": folded, "difference": worst, "largest": largest},
    )
