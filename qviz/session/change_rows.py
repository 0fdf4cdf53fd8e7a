"""What changed between the stages in view, as rows of a table."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, NamedTuple, TypeAlias

from qviz.document.graph import Kind, NodeId
from qviz.session.project import Project
from qviz.session.sides import Side

ChangeSort: TypeAlias = Literal["added", "removed", "replaced", "fused"]


class ChangeRow(NamedTuple):
    """One change.

    Attributes:
        sort: What happened on the way from the earlier stage to the later.
        left: The nodes of the left stage.
        right: The nodes of the right stage.
        place: The module path of the first.
        is_constant: Whether it is of constants, which stand in the box of their operator.
    """

    sort: ChangeSort
    left: tuple[NodeId, ...]
    right: tuple[NodeId, ...]
    place: str
    is_constant: bool = False


def change_rows(project: Project) -> Iterator[ChangeRow]:
    """Yield the changes between the stages in view: by the graph order of the left stage, then what only right has."""
    changes = project.changes
    if changes is None:
        return
    stages = {side: project.stage(project.shown.on(side)) for side in Side}
    nodes = {side: {node.id: node for node in stage.whole.nodes} if stage else {} for side, stage in stages.items()}

    def row(sort: ChangeSort, left: tuple[NodeId, ...], right: tuple[NodeId, ...]) -> ChangeRow:
        found = [*(nodes[Side.LEFT].get(each) for each in left), *(nodes[Side.RIGHT].get(each) for each in right)]
        first = found[0].place if found[0] is not None else ""
        return ChangeRow(sort, left, right, first, all(each and each.kind is Kind.CONSTANT for each in found))

    is_forward = changes.earlier == project.shown.left
    fused = {part for parts in changes.fused for part in parts}
    told: set[NodeId] = set()
    for node in changes.before:
        there = project.partners(Side.LEFT, (node,))
        if there:
            here = project.partners(Side.RIGHT, there)
            if set(there) <= told:
                continue
            told.update(there)
            sort: ChangeSort = "fused" if fused & {node, *here, *there} and len(here) != len(there) else "replaced"
            yield row(sort, here or (node,), there)
        else:
            yield row("removed" if is_forward else "added", (node,), ())
    for node in changes.after:
        if node not in told and not project.partners(Side.RIGHT, (node,)):
            yield row("added" if is_forward else "removed", (), (node,))


def change_cells(project: Project) -> tuple[list[str], list[list[str]]]:
    """Return the heads and cells of all changes for a file."""
    heads = ["change", project.shown.left or "", project.shown.right or "", "module"]
    return heads, [[row.sort, " ".join(row.left), " ".join(row.right), row.place] for row in change_rows(project)]
