"""Finds batch norms that an exported graph has in training form, where it is quantized for evaluation."""

from __future__ import annotations

from collections.abc import Iterator

from torch.fx import GraphModule, Node

from qviz.document.snapshot import Finding, Level
from qviz.engine.nodes.targets import argument, bare_name

_NORMS = ("batch_norm", "native_batch_norm_legit", "native_batch_norm")


def exported_in_training(captured: GraphModule) -> Iterator[Finding]:
    """Yield that a graph in hand was exported in training mode, at its batch norms."""
    norms = tuple(node.name for node in captured.graph.nodes if node.op == "call_function" and _normalizes(node))
    if norms:
        yield Finding("mode_kept", Level.ERROR, "captured", norms, "mode_kept.exported_norms", {"subject": norms})


def _normalizes(node: Node) -> bool:
    """Return whether a batch norm has running statistics, and does not use them."""
    if bare_name(node.target) not in _NORMS or argument(node, "running_mean") is None:
        return False
    return any(argument(node, each) is True for each in ("training", "train"))
