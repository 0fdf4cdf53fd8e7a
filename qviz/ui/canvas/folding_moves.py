"""What a click on a box does to the folds."""

from __future__ import annotations

from qviz.analysis.views.folding import group_path
from qviz.analysis.views.view import Box, Folds


def can_toggle(box: Box) -> bool:
    """Return whether a box opens or closes."""
    return box.stub_of is None and (box.kind is None or box.has_plumbing)


def toggled(folds: Folds, box: Box) -> Folds:
    """Return the folds with a group's box, or an operator's plumbing, opened or closed."""
    path = group_path(box.id)
    if path is not None:
        return Folds(folds.groups ^ {path}, folds.plumbing)
    return Folds(folds.groups, folds.plumbing ^ {box.members[0]})
