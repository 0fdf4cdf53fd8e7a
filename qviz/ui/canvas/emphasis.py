"""What stands out on a canvas, by node; as marks on the boxes of whatever scene is shown."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QObject, Signal

from qviz.analysis.views.view import View
from qviz.ui.canvas.exposure import Marks
from qviz.ui.canvas.scene import Scene


class Emphasis(QObject):
    """The selected box, and the nodes that other panels want to be seen.

    Signals:
        changed: Something else stands out.

    Attributes:
        selected_box: Its id.
        partners: The nodes that the other pane's selection is here.
        highlighted: All but these are dimmed; None dims nothing.
        is_dimming: Whether what is not highlighted is there to be dimmed, not left out.
        brackets: Nodes that one node of the other stage stands for.
    """

    changed = Signal()

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._boxes_of: tuple[tuple[frozenset[str], View], frozenset[str]] | None = None
        self.forget()

    def forget(self) -> None:
        """Let nothing stand out."""
        self.selected_box: str | None = None
        self.partners: frozenset[str] = frozenset()
        self.highlighted: frozenset[str] | None = None
        self.is_dimming = True
        self.brackets: tuple[frozenset[str], ...] = ()
        self._boxes_of = None
        self.changed.emit()

    @property
    def is_highlighting(self) -> bool:
        """Whether some nodes are dimmed."""
        return self.highlighted is not None

    def select(self, box_id: str | None) -> None:
        """Put a ring around a box."""
        self.selected_box = box_id
        self.changed.emit()

    def highlight(self, ids: Iterable[str] | None) -> None:
        """Dim everything but these nodes; None dims nothing."""
        self.highlighted = None if ids is None else frozenset(ids)
        self.changed.emit()

    def set_partners(self, ids: Iterable[str]) -> None:
        """Mark what the other pane's selection became here."""
        self.partners = frozenset(ids)
        self.changed.emit()

    def set_brackets(self, fused: Iterable[Iterable[str]]) -> None:
        """Put brackets around nodes that became one."""
        self.brackets = tuple(frozenset(each) for each in fused)
        self.changed.emit()

    def marks(self, scene: Scene | None, hovered: str | None) -> Marks:
        """Return what to emphasize of a scene."""
        box_of = scene.view.box_of if scene else {}
        return Marks(
            selected=frozenset({self.selected_box} if self.selected_box else ()),
            partners=frozenset(box_of[each] for each in self.partners if each in box_of),
            highlighted=self._highlighted_boxes(scene) if self.is_dimming else None,
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
