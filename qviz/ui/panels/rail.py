"""The narrow left side: a button for each part of the left panel, which opens it there."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QIcon, QPainter, QPen, QPixmap
from PySide6.QtWidgets import QFrame, QToolButton, QVBoxLayout

from qviz.ui.panels.widgets import choose
from qviz.ui.theme import Theme
from qviz.words import mark, tr

_ICON, _RATIO = 20, 2
_PARTS = (
    ("runs", mark("Runs")),
    ("model", mark("Model")),
    ("flow", mark("Flow")),
    ("data", mark("Data")),
    ("outline", mark("Outline")),
)
"""Name and title of each part, from the top."""


class Rail(QFrame):
    """Stands where the left panel has no room.

    Signals:
        part_chosen: The name of the part of the left panel to open.
        expanded: The user wants the whole panel.
    """

    part_chosen = Signal(str)
    expanded = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("role", "rail")
        column = QVBoxLayout(self)
        column.setContentsMargins(3, 6, 3, 6)
        column.setSpacing(4)
        self._buttons: dict[str, QToolButton] = {}
        for name, title in _PARTS:
            column.addWidget(self._button(name, tr(title), partial(self.part_chosen.emit, name)))
        column.addStretch(1)
        column.addWidget(self._button("expand", tr("Expand"), self.expanded.emit))

    def _button(self, name: str, title: str, act: Callable[[], object]) -> QToolButton:
        made = self._buttons[name] = QToolButton()
        made.setProperty("role", "rail")
        made.setText(title)
        made.setIconSize(QSize(_ICON, _ICON))
        choose(made, toolButtonStyle="ToolButtonTextUnderIcon", focusPolicy="TabFocus")
        made.clicked.connect(lambda _checked: act())
        return made

    def set_theme(self, theme: Theme) -> None:
        """Draw the icons in these colors."""
        for name, each in self._buttons.items():
            each.setIcon(_icon(name, theme.color("text.muted")))


def _icon(name: str, color: QColor) -> QIcon:
    pixmap = QPixmap(_ICON * _RATIO, _ICON * _RATIO)
    pixmap.setDevicePixelRatio(_RATIO)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(color, 1.5, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin))
    for line in _LINES[name]:
        painter.drawPolyline([QPointF(x, y) for x, y in line])
    for x, y in _RINGS.get(name, ()):
        painter.drawEllipse(QRectF(x - 2, y - 2, 4, 4))
    painter.end()
    return QIcon(pixmap)


_LINES: dict[str, tuple[tuple[tuple[float, float], ...], ...]] = {
    "runs": (((2, 5), (13, 5)), ((2, 10), (10, 10)), ((2, 15), (8, 15)), ((13, 10), (18, 13), (13, 16), (13, 10))),
    "model": (
        ((10, 2), (17, 6), (17, 14), (10, 18), (3, 14), (3, 6), (10, 2)),
        ((3, 6), (10, 10), (17, 6)),
        ((10, 10), (10, 18)),
    ),
    "flow": (((2, 6), (10, 6)), ((14, 6), (18, 6)), ((2, 14), (5, 14)), ((9, 14), (18, 14))),
    "data": (((3, 4), (17, 4), (17, 16), (3, 16), (3, 4)), ((3, 8), (17, 8)), ((3, 12), (17, 12)), ((8, 8), (8, 16))),
    "outline": (
        ((3, 3), (8, 3)),
        ((5, 3), (5, 15), (9, 15)),
        ((5, 9), (9, 9)),
        ((12, 9), (17, 9)),
        ((12, 15), (17, 15)),
    ),
    "expand": (((8, 5), (13, 10), (8, 15)),),
}
_RINGS: dict[str, tuple[tuple[float, float], ...]] = {"flow": ((12, 6), (7, 14))}
