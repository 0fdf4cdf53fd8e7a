"""What nodes are drawn as: an operator in low precision as a quantized one, whatever torch calls it."""

from __future__ import annotations

from collections.abc import Mapping

from qviz.analysis.views.groups import Hierarchy
from qviz.document.graph import Kind, NodeId

_PLAIN = (Kind.OP, Kind.FUSED_OP)


def roles(tree: Hierarchy) -> Mapping[Kind, tuple[NodeId, ...]]:
    """Return the nodes of each role, in graph order."""
    low, _ = tree.precision
    found: dict[Kind, list[NodeId]] = {}
    for node in tree.graph.nodes:
        role = Kind.QUANTIZED_OP if node.kind in _PLAIN and node.id in low else node.kind
        found.setdefault(role, []).append(node.id)
    return {role: tuple(ids) for role, ids in found.items()}
