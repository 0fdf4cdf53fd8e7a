"""Ties two canvases together: they show the same rows at the same height and zoom, with the same groups open."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QObject

from qviz.analysis.views.folding import group_path
from qviz.analysis.views.view import Folds, group_box_id
from qviz.session.sides import Side
from qviz.ui.canvas.camera import Camera
from qviz.ui.canvas.view import GraphCanvas


class Axis(QObject):
    """One vertical axis for both sides.

    Attributes:
        leading: The side that the user moved or unfolded last; the other follows.
    """

    def __init__(self, parent: QObject, canvases: Mapping[Side, GraphCanvas]) -> None:
        super().__init__(parent)
        self._canvases = canvases
        self.leading = Side.RIGHT
        self._is_agreed = False
        for side in canvases:
            self._connect(side)

    def _connect(self, side: Side) -> None:
        canvas = self._canvases[side]
        canvas.viewport.travelled.connect(lambda before, after: self.on_canvas_travelled(side, before, after))
        canvas.folds_changed.connect(lambda folds: self.on_canvas_folds_changed(side, folds))
        canvas.laid_out.connect(lambda: self.on_canvas_laid_out(side))
        canvas.viewport.resized.connect(self.on_canvas_resized)
        canvas.fit_asked.connect(self._canvases[side.other].readable.fit)

    @property
    def is_shared(self) -> bool:
        """Whether both sides show stages whose rows are the same."""
        one, other = self._canvases.values()
        if one.stage is None or other.stage is None or one.family is not other.family or one.family is None:
            return False
        return one.family.has(one.stage) and one.family.has(other.stage) and not one.is_hiding and not other.is_hiding

    def lead(self, side: Side) -> None:
        """Look with the other side where this one looks, now and once both are placed."""
        self.leading = side
        self.on_canvas_laid_out(side)

    def mark_group(self, side: Side, path: str) -> None:
        """Mark a module on both sides, its frame where it is open; "" marks what is selected as a node again."""
        box_id = self._canvases[side].selection.group
        if group_path(box_id) != path:  # else it is known which call of the module it is
            box_id = group_box_id(path) if path else ""
        for canvas in self._canvases.values():
            canvas.selection.select_group(box_id)
            if box_id:
                canvas.emphasis.set_partners(())

    def on_canvas_travelled(self, side: Side, before: Camera, after: Camera) -> None:
        """Look with the other side where the user looks with this one."""
        self.leading = side
        other = self._canvases[side.other]
        if self.is_shared:
            if not other.is_busy and not self._canvases[side].is_busy:
                other.viewport.copy(self._canvases[side].viewport)
        else:
            other.viewport.travel(before, after)

    def on_canvas_folds_changed(self, side: Side, folds: Folds) -> None:
        """Open and close on the other side what the user opened and closed on this one."""
        self.leading = side
        if self.is_shared:
            self._follow(side, folds)

    def on_canvas_laid_out(self, side: Side) -> None:
        """Look with both sides at the same rows once both show them."""
        mine, other = self._canvases[side], self._canvases[side.other]
        if not self.is_shared or mine.is_busy or other.is_busy or other.scene is None or mine.scene is None:
            return
        if self._is_agreed or _agree(mine, other):
            self._is_agreed = False
            self._join()
            return
        self._is_agreed = True  # more than once nothing is asked
        # Each chose what fits its own room, or is written as it was alone: what is folded more fits both. What is
        # hidden has no room of its own.
        sides = sorted(
            Side, key=lambda each: (not self._canvases[each].surface.isVisible(), _size(self._canvases[each]))
        )
        folds = self._canvases[sides[0]].folding.folds
        if folds is not None:
            self._follow(sides[0], folds)

    def _follow(self, side: Side, folds: Folds) -> None:
        """Open on the other side what is open on this one, and write it alike."""
        mine, other = self._canvases[side], self._canvases[side.other]
        if mine.family is not None and mine.stage is not None and other.stage is not None:
            of_union = mine.family.to_union(mine.stage, folds)
            other.follow(mine.family.of_union(other.stage, of_union), mine.readable.form(has_columns=False))
            other.readable.is_opening = mine.readable.is_opening  # both choose anew for another size, or neither

    def on_canvas_resized(self) -> None:
        """Look with both sides at the same rows in the room that they have now."""
        if self.is_shared and all(each.scene is not None and not each.is_busy for each in self._canvases.values()):
            self._join()

    def _join(self) -> None:
        """Look where the leading side looks; at all of both, where both show all of theirs."""
        first, second = (self._canvases[side] for side in (self.leading, self.leading.other))
        if not first.surface.isVisible() and second.surface.isVisible():
            first, second = second, first  # what is hidden has no size of its own
        leading, other = first.viewport, second.viewport
        if leading.pose == other.pose != "free":
            for each in (leading, other):
                each.look_again()
            if other.camera.scale < leading.camera.scale and second.surface.isVisible():
                leading, other = other, leading  # what has to be seen on one side is cut on neither
        other.copy(leading)


def _agree(one: GraphCanvas, other: GraphCanvas) -> bool:
    """Tell whether two canvases have the same groups open, and their boxes written alike, so that rows are the same."""
    mine, others = one.folding.folds, other.folding.folds
    if mine is None or others is None or one.scene is None or other.scene is None:
        return True
    if (one.scene.rows, one.scene.is_narrow) != (other.scene.rows, other.scene.is_narrow):
        return False
    return (mine.groups, mine.apart, mine.has_seams) == (others.groups, others.apart, others.has_seams)


def _size(canvas: GraphCanvas) -> tuple[int, int, bool]:
    """Return how much room what is open takes: rows of text, groups, and whether boxes are wide."""
    assert canvas.scene is not None
    groups = len(canvas.folding.folds.groups) if canvas.folding.folds is not None else 0
    return canvas.scene.rows, groups, not canvas.scene.is_narrow
