"""What a click on a box does to the folds."""

from __future__ import annotations

from collections.abc import Callable

from msgspec.structs import replace

from qviz.analysis.views.folding import group_path
from qviz.analysis.views.view import Box, Folds


def can_toggle(box: Box) -> bool:
    """Return whether a box opens or closes."""
    return box.stub_of is None and (box.kind is None or box.has_plumbing)


def toggled(folds: Folds, box: Box, union_id: Callable[[str], str] = str) -> Folds:
    """Return the folds with a group's box, a seam, or an operator's plumbing and parts opened or closed.

    Args:
        folds: What is open.
        box: The box.
        union_id: Tells what a node is in the union of the stages in view, by which seams are known.
    """
    if box.alike:
        return replace(folds, apart=folds.apart | {*box.alike})
    path = group_path(box.id)
    if path is not None:
        # Equal groups inside stand together again when the group around them opens next.
        inside = {each for each in folds.apart if each.startswith(f"{path}.")} if path in folds.groups else set()
        return replace(folds, groups=folds.groups ^ {path}, apart=folds.apart - inside)
    if box.is_seam:
        return replace(folds, seams=folds.seams | {*map(union_id, box.members)})
    is_open = box.members[0] in folds.plumbing
    seams = folds.seams - {*map(union_id, box.members)} if is_open else folds.seams
    return replace(folds, plumbing=folds.plumbing ^ {box.members[0]}, seams=seams)
