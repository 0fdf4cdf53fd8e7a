"""What the overview beside the graphs shows: a tick for every operator, cast and observer of a stage, in row order.

Folded groups hide nothing of it: it tells what they hold.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from qviz.analysis.views.group import ModuleGroup
from qviz.analysis.views.groups import Hierarchy
from qviz.analysis.views.view import drawn_as
from qviz.document.graph import Kind, Node, NodeId

FLOAT = "border.strong"
ABSENT = ""
CHANGE = "change."
"""How the colors of changes begin."""
_PLAIN = (Kind.OP, Kind.FUSED_OP, Kind.CONSTANT, Kind.INPUT, Kind.OUTPUT)


class Ticks(NamedTuple):
    """The column of one stage.

    Attributes:
        tokens: The color of each row; empty where the stage has nothing.
        row_of: The row of each node of the stage that has one.
        nodes: The node of each row, or None.
    """

    tokens: tuple[str, ...]
    row_of: Mapping[str, int]
    nodes: tuple[str | None, ...]


def ticks(order: Hierarchy, tree: Hierarchy, to_order: Mapping[str, str] | None = None) -> Ticks:
    """Return the ticks of a stage.

    Args:
        order: Of the graph whose rows they stand in: the union of two stages, or the stage itself.
        tree: Of the stage.
        to_order: The node of `order` for each of the stage; None where both are the same.
    """
    low, _ = tree.precision
    here = {each: node_id for node_id, each in to_order.items()} if to_order is not None else None
    tokens: list[str] = []
    nodes: list[str | None] = []
    row_of: dict[str, int] = {}
    for unit in _units(order.root):
        own = unit if here is None else here.get(unit)
        node = tree.index.nodes.get(own) if own is not None else None
        tokens.append(ABSENT if node is None else token(node, node.id in low))
        nodes.append(None if node is None else node.id)
        if node is not None:
            row_of[node.id] = len(tokens) - 1
    for each, main in tree.plumbing.repeats.items():
        if main in row_of:
            row_of.setdefault(each, row_of[main])
    for each, hosts in tree.plumbing.hosts.items():
        if hosts[0] in row_of:
            row_of.setdefault(each, row_of[hosts[0]])
    return Ticks(tuple(tokens), row_of, tuple(nodes))


def token(node: Node, is_low: bool) -> str:
    """Return the color of a node: its role's, or low precision's, whatever torch calls the operator."""
    role = drawn_as(node.kind, is_low)
    return FLOAT if role is None or role in _PLAIN else f"role.{role.value}.line"


def recolored(column: Ticks, tokens: Mapping[NodeId, str]) -> Ticks:
    """Return ticks of which some nodes have other colors, and all others that of float."""
    found = (ABSENT if node is None else tokens.get(node, FLOAT) for node in column.nodes)
    return column._replace(tokens=tuple(found))


def squeezed(tokens: Sequence[str], pixels: int) -> list[str]:
    """Return a color for each pixel: the most frequent one, but float among low precision always shows.

    So does what changed among what did not.
    """
    low, found = f"role.{Kind.QUANTIZED_OP.value}.line", []
    count = len(tokens)
    for pixel in range(pixels):
        rows = tokens[pixel * count // pixels : (pixel + 1) * count // pixels]
        kinds = dict.fromkeys(rows)  # few: a large model has many rows for each pixel
        kinds.pop(ABSENT, None)
        if FLOAT in kinds and low in kinds:
            found.append(FLOAT)
        else:
            changed = [each for each in kinds if each.startswith(CHANGE)]
            found.append(max(changed or kinds, key=rows.count, default=ABSENT))
    return found


def _units(group: ModuleGroup) -> Iterator[str]:
    """Yield what a group holds, in the order in which it is drawn."""
    for item in group.items:
        if isinstance(item, str):
            yield item
        else:
            yield from _units(item)
