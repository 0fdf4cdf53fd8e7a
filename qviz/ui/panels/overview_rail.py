"""The overview beside the panes: a tick for every node of both stages, in row order, also of what is folded."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import chain, groupby
from typing import NamedTuple

from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFont,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPixmap,
    QPolygonF,
    QWheelEvent,
)
from PySide6.QtWidgets import QToolTip, QWidget

from qviz.analysis.views.ticks import Ticks, squeezed
from qviz.document.graph import NodeId
from qviz.document.snapshot import Level
from qviz.session.sides import Side
from qviz.ui.canvas.fonts import subtitle_font
from qviz.ui.theme import Theme
from qviz.words import tr

WIDTH = 60
COLUMNS = {Side.LEFT: 9, Side.RIGHT: 26}
COLUMN = 13
MARKS = 51
HEAD = 26
FOOT = 10
TALLEST = 14.0
"""Pixels of a tick where there are few."""
LEAST_OUTLINE = 5.0
PAGES = 10
"""Parts of the rail that Page Up and Page Down step by."""
KEPT = 6
"""Pictures of ticks: of two stages with other colors, or swapped."""
NEAR = 8.0
"""Flags that are nearer to each other are one, the worst."""
_WORST = (Level.ERROR, Level.WARNING, Level.INFO)


class RailColumn(NamedTuple):
    """One side of the rail.

    Attributes:
        ticks: What the stage has.
        visible: The first and last row in sight.
        selected: The selected rows.
        flags: Rows with findings, and their levels.
        gone: Rows of what the other side has, and this one no longer.
    """

    ticks: Ticks
    visible: tuple[int, int] | None = None
    selected: frozenset[int] = frozenset()
    flags: tuple[tuple[int, Level], ...] = ()
    gone: frozenset[int] = frozenset()


class _TickLook(NamedTuple):
    """All that ticks depend on but their colors."""

    side: Side
    size: QSize
    pitch: float
    theme: str
    ratio: float


class _TickPicture(NamedTuple):
    """The ticks of a side, as large as the rail."""

    look: _TickLook
    tokens: Sequence[str]
    pixmap: QPixmap


class OverviewRail(QWidget):
    """Shows where on the whole model the panes look; keys go along it as they do along a scroll bar.

    Signals:
        chosen: `Side` and node id of a tick that the user pressed, dragged over, or went to by key.
        scrolled: Pixels that the wheel was turned by.
    """

    chosen = Signal(object, str)
    scrolled = Signal(float)

    def __init__(self, theme: Theme, say: Callable[[Side, NodeId], str]) -> None:
        super().__init__()
        self._theme, self._say = theme, say
        self._columns: Mapping[Side, RailColumn] = {}
        self._pictures: list[_TickPicture] = []
        self._letters = subtitle_font()
        self._row: int | None = None
        self.setFixedWidth(WIDTH)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAccessibleName(tr("Overview rail"))

    def set_theme(self, theme: Theme) -> None:
        """Repaint with another theme."""
        self._theme = theme
        self.update()

    def enlarge(self, text_scale: float) -> None:
        """Have larger or smaller letters over the columns."""
        self._letters = QFont(subtitle_font())
        self._letters.setPixelSize(round(self._letters.pixelSize() * text_scale))
        self._pictures = []
        self.update()

    def show_columns(self, columns: Mapping[Side, RailColumn]) -> None:
        """Show other ticks, or other marks beside the same."""
        self._columns = columns
        self.update()

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return max((len(each.ticks.tokens) for each in self._columns.values()), default=0)

    def row_at(self, y: float) -> int:
        """Return the row at a height of the widget."""
        return min(max(int((y - HEAD) / max(self._pitch, 1e-6)), 0), max(self.rows - 1, 0))

    def y_of(self, row: float) -> float:
        """Return the upper edge of a row."""
        return HEAD + row * self._pitch

    @property
    def _pitch(self) -> float:
        return min((self.height() - HEAD - FOOT) / max(self.rows, 1), TALLEST)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the ticks, then what is in sight, selected and flagged."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), self._theme.color("panel"))
        painter.setPen(self._theme.color("border"))
        painter.drawLine(0, 0, 0, self.height())
        if not self._columns:
            return
        for side, column in self._columns.items():
            painter.drawPixmap(0, 0, self._picture(side, column.ticks.tokens))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._draw_gone(painter)
        self._draw_sight(painter)
        self._draw_selection(painter)
        self._draw_flags(painter)
        self._draw_focus(painter)

    def _picture(self, side: Side, tokens: Sequence[str]) -> QPixmap:
        """Return the ticks of a side; those shown last are kept, as for stages that are swapped."""
        look = _TickLook(side, self.size(), self._pitch, self._theme.name, self.devicePixelRatioF())
        known = next((each for each in self._pictures if each[:2] == (look, tokens)), None)
        if known is None:
            pixmap = QPixmap(self.size() * look.ratio)
            pixmap.setDevicePixelRatio(look.ratio)
            pixmap.fill(Qt.GlobalColor.transparent)
            painter = QPainter(pixmap)
            self._write_letter(painter, side)
            self._draw_ticks(painter, COLUMNS[side], tokens)
            painter.end()
            known = _TickPicture(look, tokens, pixmap)
            self._pictures = [*self._pictures[1 - KEPT :], known]
        return known.pixmap

    def _write_letter(self, painter: QPainter, side: Side) -> None:
        painter.setFont(self._letters)
        painter.setPen(self._theme.color("text.muted"))
        head = QRect(COLUMNS[side] - 2, 2, COLUMN + 4, HEAD - 6)
        painter.drawText(head, Qt.AlignmentFlag.AlignCenter, "A" if side is Side.LEFT else "B")

    def _draw_ticks(self, painter: QPainter, x: int, tokens: Sequence[str]) -> None:
        pitch, shown = self._pitch, tokens
        if pitch < 1.0:
            shown = squeezed(tokens, max(int(pitch * len(tokens)), 1))
            pitch = 1.0
        gap, row = 1.0 if pitch >= 3.0 else 0.0, 0
        # Without gaps, ticks of one color beside each other are one.
        runs = ((each, 1) for each in shown) if gap else ((each, len([*same])) for each, same in groupby(shown))
        for token, count in runs:
            if token:
                area = QRectF(x, HEAD + row * pitch, COLUMN, max(count * pitch - gap, 1.0))
                painter.fillRect(area, self._theme.color(token))
            row += count

    def _draw_gone(self, painter: QPainter) -> None:
        """Draw dashed outlines of what is gone, where ticks are tall enough for one."""
        if self._pitch < LEAST_OUTLINE:
            return
        pen = QPen(self._theme.color("change.removed"), 1.0)
        pen.setDashPattern([2.0, 2.0])
        painter.setPen(pen)
        for side, column in self._columns.items():
            for row in column.gone:
                painter.drawRect(QRectF(COLUMNS[side] + 0.5, self.y_of(row) + 0.5, COLUMN - 1.0, self._pitch - 2.0))

    def _draw_sight(self, painter: QPainter) -> None:
        rows = [each.visible for each in self._columns.values() if each.visible is not None]
        if not rows:
            return
        top = self.y_of(min(first for first, _ in rows)) - 3
        bottom = self.y_of(max(last for _, last in rows) + 1) + 2
        painter.setPen(QPen(self._theme.color("text.muted"), 1.4))
        for x, hook in ((COLUMNS[Side.LEFT] - 5.0, 4.0), (COLUMNS[Side.RIGHT] + COLUMN + 5.0, -4.0)):
            corners = ((x + hook, top), (x, top), (x, bottom), (x + hook, bottom))
            painter.drawPolyline(QPolygonF([QPointF(*each) for each in corners]))

    def _draw_selection(self, painter: QPainter) -> None:
        color = self._theme.color("selection")
        soft = QColor(color)
        soft.setAlphaF(0.12)
        rows = [row for each in self._columns.values() for row in each.selected]
        if rows:
            top, bottom = self.y_of(min(rows)) - 2, self.y_of(max(rows) + 1) + 1
            painter.setPen(QPen(color, 1.8))
            painter.setBrush(soft)
            wide = COLUMNS[Side.RIGHT] + COLUMN - COLUMNS[Side.LEFT] + 6
            painter.drawRoundedRect(QRectF(COLUMNS[Side.LEFT] - 3, top, wide, max(bottom - top, 5.0)), 2.0, 2.0)
            painter.setBrush(Qt.BrushStyle.NoBrush)

    def _draw_flags(self, painter: QPainter) -> None:
        flags = sorted((row, level) for each in self._columns.values() for row, level in each.flags)
        drawn: list[tuple[float, Level]] = []
        for row, level in flags:
            y = self.y_of(row + 0.5)
            if drawn and y - drawn[-1][0] < NEAR:
                worst = min(drawn[-1][1], level, key=_WORST.index)
                drawn[-1] = (drawn[-1][0], worst)
            else:
                drawn.append((y, level))
        painter.setPen(Qt.PenStyle.NoPen)
        for y, level in drawn:
            painter.setBrush(self._theme.color(f"level.{level.value}"))
            if level is Level.INFO:
                painter.drawEllipse(QPointF(MARKS, y), 3.0, 3.0)
            elif level is Level.ERROR:
                turned = ((1.7, 4.0), (4.0, 1.7), (4.0, -1.7), (1.7, -4.0))
                corners = (*turned, *((-x, -y) for x, y in turned))
                painter.drawPolygon(QPolygonF([QPointF(MARKS + dx, y + dy) for dx, dy in corners]))
            else:
                corners = ((MARKS - 4.5, y + 3.5), (MARKS + 4.5, y + 3.5), (MARKS, y - 4.5))
                painter.drawPolygon(QPolygonF([QPointF(*each) for each in corners]))
        painter.setBrush(Qt.BrushStyle.NoBrush)

    def _draw_focus(self, painter: QPainter) -> None:
        """Draw where keys are: around the rail, and at the row that they went to."""
        if not self.hasFocus():
            return
        painter.setPen(QPen(self._theme.color("selection"), 2.0))
        painter.drawRect(QRectF(self.rect()).adjusted(1.0, 1.0, -1.0, -1.0))
        if self._row is not None and self._row < self.rows:
            y = self.y_of(self._row + 0.5)
            painter.drawLine(QPointF(3.0, y), QPointF(MARKS, y))

    def _node_at(self, at: QPointF) -> tuple[Side, NodeId] | None:
        """Return the node nearest to a place: of the column there, else of the other."""
        row = self.row_at(at.y())
        near = Side.LEFT if at.x() < (COLUMNS[Side.LEFT] + COLUMNS[Side.RIGHT] + COLUMN) / 2 else Side.RIGHT
        for away in range(self.rows):
            for here in dict.fromkeys((row - away, row + away)):
                for side in (near, near.other):
                    nodes = self._columns[side].ticks.nodes if side in self._columns else ()
                    node = nodes[here] if 0 <= here < len(nodes) else None
                    if node is not None:
                        return side, node
        return None

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Go to what was pressed."""
        self._choose(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Follow a drag."""
        if event.buttons() & Qt.MouseButton.LeftButton:
            self._choose(event)

    def _choose(self, event: QMouseEvent) -> None:
        found = self._node_at(event.position())
        if found is not None:
            self.chosen.emit(*found)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Go along the rail by rows, by pages, or to an end."""
        keys, page = Qt.Key, max(self.rows // PAGES, 1)
        steps = {keys.Key_Up: -1, keys.Key_Down: 1, keys.Key_PageUp: -page, keys.Key_PageDown: page}
        steps |= {keys.Key_Home: -self.rows, keys.Key_End: self.rows}
        step = steps.get(keys(event.key()))
        if step is None or not self.rows:
            super().keyPressEvent(event)
            return
        here = _first(self._columns) if self._row is None else self._row + step
        found = _nearest(self._columns, min(max(here, 0), self.rows - 1), self.rows, step)
        if found is not None:
            self._row, side, node = found
            told = self._say(side, node)
            self.setAccessibleDescription(told)
            self.chosen.emit(side, node)
            QToolTip.showText(self.mapToGlobal(QPoint(0, round(self.y_of(self._row)))), told, self)
            self.update()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Scroll the panes."""
        self.scrolled.emit(event.angleDelta().y())
        event.accept()

    def event(self, event: QEvent) -> bool:
        """Name the node under a pointer that rests."""
        if isinstance(event, QHelpEvent) and event.type() is QEvent.Type.ToolTip:
            found = self._node_at(QPointF(event.pos()))
            QToolTip.showText(event.globalPos(), self._say(*found) if found else "", self)
            return True
        return super().event(event)


def _first(columns: Mapping[Side, RailColumn]) -> int:
    """Return the row that keys begin at: what is selected, else the first in sight."""
    selected = [row for each in columns.values() for row in each.selected]
    visible = [each.visible[0] for each in columns.values() if each.visible is not None]
    return min(selected or visible, default=0)


def _nearest(columns: Mapping[Side, RailColumn], row: int, rows: int, by: int) -> tuple[int, Side, NodeId] | None:
    """Return the node nearest to a row in a direction, or before it; that of the later stage if both have one."""
    ahead, behind = range(row, rows), range(row, -1, -1)
    for here in chain(*((ahead, behind) if by > 0 else (behind, ahead))):
        for side in (Side.RIGHT, Side.LEFT):
            nodes = columns[side].ticks.nodes if side in columns else ()
            node = nodes[here] if here < len(nodes) else None
            if node is not None:
                return here, side, node
    return None
