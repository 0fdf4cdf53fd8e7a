"""What stands out on a canvas, by node; as marks on the boxes of whatever scene is shown."""

from __future__ import annotations

from qviz.analysis.views.view import View
from qviz.ui.canvas.exposure import Marks
from qviz.ui.canvas.scene import Scene


class Emphasis:
    """The selected box, and the nodes that other panels want to be seen.

    Attributes:
        selected_box: Its id.
        partners: What the other pane's selection is here.
        highlighted: All but these are dimmed; None dims nothing.
        brackets: Nodes that one node of the other stage stands for.
    """

    def __init__(self) -> None:
        self.selected_box: str | None = None
        self.partners: frozenset[str] = frozenset()
        self.highlighted: frozenset[str] | None = None
        self.brackets: tuple[frozenset[str], ...] = ()
        self._boxes_of: tuple[tuple[frozenset[str], View], frozenset[str]] | None = None

    def marks(self, scene: Scene | None, hovered: str | None, is_dimming: bool) -> Marks:
        """Return what to emphasise of a scene."""
        box_of = scene.view.box_of if scene else {}
        return Marks(
            selected=frozenset({self.selected_box} if self.selected_box else ()),
            partners=frozenset(box_of[each] for each in self.partners if each in box_of),
            highlighted=self._highlighted_boxes(scene) if is_dimming else None,
            hovered=frozenset({hovered} if hovered else ()),
            brackets=tuple(
                boxes
                for each in self.brackets
                if len(boxes := frozenset(box_of[one] for one in each if one in box_of)) > 1
            ),
        )

    def _highlighted_boxes(self, scene: Scene | None) -> frozenset[str] | None:
        """Return the boxes of what is highlighted; the same object as long as neither changes, for every paint asks."""
        if self.highlighted is None or scene is None:
            return None
        key = (self.highlighted, scene.view)
        if self._boxes_of is None or any(a is not b for a, b in zip(self._boxes_of[0], key, strict=True)):
            box_of = scene.view.box_of
            self._boxes_of = key, frozenset([box_of[each] for each in self.highlighted if each in box_of])
        return self._boxes_of[1]
