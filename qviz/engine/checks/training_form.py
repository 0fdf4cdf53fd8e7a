"""Finds dropouts and batch norms that an exported graph has in training form, where it is quantized for evaluation."""

from __future__ import annotations

from collections.abc import Iterator

from torch.fx import GraphModule, Node

from qviz.document.snapshot import Finding, Level
from qviz.engine.nodes.targets import argument, bare_name

_DROPS = ("dropout", "feature_dropout", "alpha_dropout", "feature_alpha_dropout")
_NORMS = ("batch_norm", "native_batch_norm_legit", "native_batch_norm")


def exported_in_training(captured: GraphModule) -> Iterator[Finding]:
    """Yield that a graph in hand was exported in training mode, at the operators that do something else then."""
    nodes = [node for node in captured.graph.nodes if node.op == "call_function"]
    norms = tuple(node.name for node in nodes if _normalizes_by_batch(node))
    drops = tuple(node.name for node in nodes if _drops(node))
    if norms:
        yield _finding(norms, "mode_kept.exported_norms")
    if drops:
        yield _finding(drops, "mode_kept.exported_dropouts")


def _normalizes_by_batch(node: Node) -> bool:
    """Return whether a batch norm has running statistics, and does not use them."""
    if bare_name(node.target) not in _NORMS or argument(node, "running_mean") is None:
        return False
    return any(argument(node, each) is True for each in ("training", "train"))


def _drops(node: Node) -> bool:
    name = bare_name(node.target)
    if name == "native_dropout":
        return argument(node, "train") is not False and argument(node, "p") != 0
    return name in _DROPS and argument(node, "train") is True and argument(node, "p") != 0


def _finding(nodes: tuple[str, ...], code: str) -> Finding:
    return Finding("mode_kept", Level.ERROR, "captured", nodes, code, {"subject": nodes})
