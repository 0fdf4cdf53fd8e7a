"""The legend of what is laid over the graph: shades of error, or outlines of what changed, drawn as they are."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from qviz.analysis.overlays.changes import SCALE as CHANGES
from qviz.analysis.overlays.numbers import SCALE as ERRORS
from qviz.analysis.overlays.numbers import STEPS, THIN, WIDE
from qviz.session.laid_over import OverlayChoice
from qviz.ui.canvas.edges import pen_of
from qviz.ui.canvas.fonts import subtitle_font, width
from qviz.ui.theme import Theme
from qviz.words import mark, tr
from qviz.words.formats import number
from qviz.words.untrusted import plain_tip

_CELL = 30.0
_SAMPLE = 26.0
_GAP = 18.0
_FUSED = mark("fused into one operator")
_NARROW = 480
"""Pixels; with less the words are shorter."""
_LIGHT = 0.58
"""The lightness from which black text is read better than white."""


class OverlayLegend(QWidget):
    """One row, as wide as there is room; what does not fit is left out at the end."""

    def __init__(self) -> None:
        super().__init__()
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._choice = OverlayChoice.ROLES
        self._theme: Theme | None = None
        self._x = 0.0

    def show_choice(self, choice: OverlayChoice, theme: Theme) -> None:
        """Show the legend of another overlay."""
        self._choice, self._theme = choice, theme
        self.setAccessibleName(self.words())
        self.setToolTip(plain_tip(self.words()))
        self.update()

    def words(self) -> str:
        """Return all of it in words."""
        if self._choice is OverlayChoice.NUMBERS:
            return tr("Left bar: weight error. Line color: activation error. Line width: noise carried.")
        if self._choice is OverlayChoice.CHANGES:
            return ", ".join(tr(each.title) for each in reversed(CHANGES.order))
        return ""

    def wanted(self) -> int:
        """Return how many pixels the legend of changes takes; 0 for others, which are shortened."""
        if self._choice is not OverlayChoice.CHANGES:
            return 0
        texts = [*(f"{each.sign} {tr(each.title)}" for each in CHANGES.order), tr(_FUSED)]
        return round(sum(_SAMPLE + 6 + width(each, subtitle_font()) + _GAP for each in texts) - _GAP)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the samples with their words."""
        if self._theme is None or self._choice is OverlayChoice.ROLES:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(subtitle_font())
        self._x = 0.0
        if self._choice is OverlayChoice.NUMBERS:
            self._paint_errors(painter, self._theme)
        else:
            self._paint_changes(painter, self._theme)

    def _say(self, painter: QPainter, theme: Theme, text: str, is_muted: bool = True) -> None:
        wide = width(text, subtitle_font())
        painter.setPen(theme.color("text.muted" if is_muted else "text"))
        painter.drawText(QRectF(self._x, 0.0, wide + 2, self.height()), Qt.AlignmentFlag.AlignVCenter, text)
        self._x += wide + 6

    def _paint_errors(self, painter: QPainter, theme: Theme) -> None:
        if self.width() < _NARROW:
            self._say(painter, theme, tr("Bar and line"))
        else:
            self._say(painter, theme, tr("Left bar"))
            self._say(painter, theme, tr("weight error"), is_muted=False)
            self._x += 8
            self._say(painter, theme, tr("Line color"))
            self._say(painter, theme, tr("activation error"), is_muted=False)
            self._x += 8
        ticks, middle = ERRORS.ticks(), self.height() / 2
        for place, level in enumerate(ticks):
            bound = f"≥ {number(level)}" if not place else number(level)
            text = f"< {number(STEPS[-1])}" if place == len(ticks) - 1 else bound
            cell = QRectF(self._x, middle - 8, _CELL + (6 if place in (0, len(ticks) - 1) else 0), 16)
            painter.setPen(Qt.PenStyle.NoPen)
            color = theme.color(ERRORS.look(level).token)
            painter.setBrush(color)
            painter.drawRoundedRect(cell, 2.0, 2.0)
            painter.setPen(Qt.GlobalColor.black if color.lightnessF() > _LIGHT else Qt.GlobalColor.white)
            painter.drawText(cell, Qt.AlignmentFlag.AlignCenter, text)
            self._x = cell.right() + 1
        self._x += 4
        self._say(painter, theme, "dB")
        self._x += _GAP
        if self.width() < _NARROW:
            told = tr("Width: noise")
            if self._x + width(told, subtitle_font()) <= self.width():
                self._say(painter, theme, told)
            return
        self._paint_widths(painter, theme)

    def _paint_widths(self, painter: QPainter, theme: Theme) -> None:
        """Explain how wide lines are, where there is room for all of it."""
        middle, (line, noise, reach) = (
            self.height() / 2,
            (tr("Line width"), tr("noise carried"), f"{THIN:.0f} … {WIDE:.0f} dB"),
        )
        needed = sum(width(each, subtitle_font()) + 6 for each in (line, noise, reach)) + 3 * 24.0
        if self._x + needed > self.width():
            return
        self._say(painter, theme, line)
        self._say(painter, theme, noise, is_muted=False)
        for level in ERRORS.width_ticks():
            painter.setPen(QPen(theme.color("text.muted"), ERRORS.width(level)))
            painter.drawLine(QPointF(self._x + 2, middle), QPointF(self._x + 18, middle))
            self._x += 24
        self._say(painter, theme, reach)
        painter.setBrush(Qt.BrushStyle.NoBrush)

    def _paint_changes(self, painter: QPainter, theme: Theme) -> None:
        middle = self.height() / 2
        for each in reversed(CHANGES.order):
            pen = pen_of(CHANGES.look(each.code), theme)
            pen.setWidthF(2.0)
            painter.setPen(pen)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(QRectF(self._x + 1, middle - 6, _SAMPLE - 2, 12), 4.0, 4.0)
            self._x += _SAMPLE + 6
            self._say(painter, theme, f"{each.sign} {tr(each.title)}")
            self._x += _GAP - 6
        painter.setPen(QPen(theme.color("text"), 1.8))
        for x, hook in ((self._x + 2, 5.0), (self._x + _SAMPLE - 2, -5.0)):
            corners = ((x + hook, middle - 6), (x, middle - 6), (x, middle + 6), (x + hook, middle + 6))
            painter.drawPolyline(QPolygonF([QPointF(*corner) for corner in corners]))
        self._x += _SAMPLE + 6
        self._say(painter, theme, tr(_FUSED))
