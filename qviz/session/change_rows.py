"""What changed between the stages in view, as rows of a table."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, NamedTuple, TypeAlias

from qviz.document.graph import NodeId
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
    """

    sort: ChangeSort
    left: tuple[NodeId, ...]
    right: tuple[NodeId, ...]
    place: str


def change_rows(project: Project) -> Iterator[ChangeRow]:
    """Yield the changes between the stages in view: by the graph order of the left stage, then what only right has."""
    changes = project.changes
    if changes is None:
        return
    places = {
        side: {node.id: node.place for node in stage.whole.nodes} if (stage := project.stage(name)) else {}
        for side in Side
        for name in [project.shown.on(side)]
    }
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
            yield ChangeRow(sort, here or (node,), there, places[Side.LEFT].get(node, ""))
        else:
            yield ChangeRow("removed" if is_forward else "added", (node,), (), places[Side.LEFT].get(node, ""))
    for node in changes.after:
        if node not in told and not project.partners(Side.RIGHT, (node,)):
            yield ChangeRow("added" if is_forward else "removed", (), (node,), places[Side.RIGHT].get(node, ""))


def change_cells(project: Project) -> tuple[list[str], list[list[str]]]:
    """Return the heads and cells of all changes for a file."""
    heads = ["change", project.shown.left or "", project.shown.right or "", "module"]
    return heads, [[row.sort, " ".join(row.left), " ".join(row.right), row.place] for row in change_rows(project)]
