"""What nodes are drawn as: an operator in low precision as a quantized one, whatever torch calls it."""

from __future__ import annotations

from collections.abc import Mapping

from qviz.analysis.views.groups import Hierarchy
from qviz.analysis.views.view import drawn_as
from qviz.document.graph import Kind, NodeId


def roles(tree: Hierarchy) -> Mapping[Kind, tuple[NodeId, ...]]:
    """Return the nodes of each role, in graph order."""
    low, _ = tree.precision
    found: dict[Kind, list[NodeId]] = {}
    for node in tree.graph.nodes:
        role = drawn_as(node.kind, node.id in low)
        assert role is not None
        found.setdefault(role, []).append(node.id)
    return {role: tuple(ids) for role, ids in found.items()}
