"""The strip of key figures over the panes; a click on one dims all but what it counts."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QEnterEvent, QFont, QFontMetrics, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QAbstractButton, QFrame, QHBoxLayout, QSizePolicy

from qviz.analysis.tables.summary import MEASURE, SummaryTile
from qviz.ui.canvas.level_shape import draw_level
from qviz.ui.panels.widgets import label
from qviz.ui.theme import Theme
from qviz.words import mark, names, tr
from qviz.words.formats import every, grouped
from qviz.words.untrusted import plain_tip

HIGH, LOW = 46, 30
"""Pixels in a window that is high, and in one that is not."""
_PAD, _GAP, _BAR, _FUNNEL = 11, 7, QSize(36, 7), 8
_LOW_PAD, _MOST_BESIDE = 8, 130
_NARROW_PAD = 4
_SIGN = 12
_SMALL, _LARGE, _PLAIN = 11, 15, 12
_ACTIONS = {MEASURE: mark("Measure")}
_BRIEF = {
    "parameters": mark("Params"),
    "macs": mark("MACs"),
    "sqnr": mark("SQNR"),
    "islands": mark("Islands"),
    "linears": mark("Float"),
}
"""Names by code for where the whole ones have no room."""
_EMPTY = mark("Key figures appear here when a run is done.")


class TileButton(QAbstractButton):
    """One figure: its name, the value, what stands beside it.

    A figure that is not known is a button that makes it known; any other one dims what it does not count.

    Attributes:
        tile: What is shown.
    """

    def __init__(self, tile: SummaryTile, theme: Theme) -> None:
        super().__init__()
        self.tile, self._theme = tile, theme
        self._is_low, self._text_scale, self._is_hovered = False, 1.0, False
        self.setCheckable(bool(tile.query))
        self.setEnabled(bool(tile.query or tile.action))
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus if self.isEnabled() else Qt.FocusPolicy.NoFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        if self.isEnabled():
            self.setCursor(Qt.CursorShape.PointingHandCursor)
        self._describe()

    def _describe(self) -> None:
        tile = self.tile
        counts = every(f"{names.level(level.value)} {count}" for level, count in tile.levels.items())
        said = " ".join(filter(None, (tile.value, tile.detail, counts, _offered(tile))))
        self.setAccessibleName(tr("{name}: {value}", name=tile.title, value=said))
        hint = tr("Click to dim everything else. Click again, or press Esc, to show everything.") if tile.query else ""
        self.setToolTip(plain_tip("\n".join(filter(None, (self.accessibleName(), tile.about, hint)))))

    def fit(self, is_low: bool, text_scale: float) -> None:
        """Take one line or two, in text of a size."""
        self._is_low, self._text_scale = is_low, text_scale
        self.setFixedHeight(round((LOW if is_low else HIGH) * text_scale))
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        """Return the room that all of it takes."""
        return QSize(self._width(has_detail=True), self.height())

    def minimumSizeHint(self) -> QSize:
        """Return the room that name and value take, in one line what it came to; the rest is in the tooltip."""
        if self._is_low:
            came = QFontMetrics(self._value_font).horizontalAdvance(_came_to(self.tile.value))
            return QSize(came + 2 * _LOW_PAD, self.height())
        return QSize(self._width(has_detail=False), self.height())

    def _width(self, has_detail: bool) -> int:
        name = QFontMetrics(self._font(_SMALL)).horizontalAdvance(self.tile.title) + _GAP + _FUNNEL
        value = QFontMetrics(self._font(_LARGE, is_bold=True)).horizontalAdvance(self.tile.value)
        beside = 0
        if has_detail:
            beside += _BAR.width() + _GAP if self.tile.share is not None else 0
            beside += (_SIGN + 22) * len(self.tile.levels)
            told = _beside(self.tile)
            room = QFontMetrics(self._font(_SMALL)).horizontalAdvance(told) + _GAP if told else 0
            beside += min(room, round(_MOST_BESIDE * self._text_scale))  # module paths are long
        if self._is_low:
            return name + _GAP + value + (beside if has_detail else 0) + 2 * _PAD
        return max(name, value + beside) + 2 * _PAD

    def _font(self, pixels: int, is_bold: bool = False) -> QFont:
        font = QFont(self.font())
        font.setPixelSize(round(pixels * self._text_scale))
        font.setBold(is_bold)
        return font

    @property
    def _value_font(self) -> QFont:
        return self._font(_PLAIN) if self.tile.action else self._font(_LARGE, is_bold=True)

    def _in_one_line(self, room: float) -> tuple[str, str]:
        """Return the name and the value, or as much of them as says what the figure is and what it came to."""
        small, large, value = QFontMetrics(self._font(_SMALL)), QFontMetrics(self._value_font), self.tile.value
        brief = _brief(self.tile)
        pairs = ((self.tile.title, value), (brief, value), (brief, _came_to(value)), ("", value))
        for name, figure in pairs:
            if small.horizontalAdvance(name) + (_GAP if name else 0) + large.horizontalAdvance(figure) <= room:
                return name, figure
        return "", _came_to(value)

    def low_stretch(self) -> int:
        """Return the room of a short name and what the figure came to: shares of one line go by that."""
        small, large = QFontMetrics(self._font(_SMALL)), QFontMetrics(self._value_font)
        wide = small.horizontalAdvance(_brief(self.tile)) + large.horizontalAdvance(_came_to(self.tile.value))
        return wide + _GAP + 2 * _LOW_PAD

    def enterEvent(self, event: QEnterEvent) -> None:
        """Light up."""
        super().enterEvent(event)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw it."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_ground(painter)
        room = QRectF(self.rect()).adjusted(_PAD, 0, -_PAD, 0)
        name_font, title = self._font(_SMALL), self.tile.title
        value = self.tile.value
        if self._is_low:  # the value is what one looks for; the tooltip has all
            room.adjust(_LOW_PAD - _PAD, 0, _PAD - _LOW_PAD, 0)
            title, value = self._in_one_line(room.width())
            if not title and QFontMetrics(self._value_font).horizontalAdvance(value) > room.width():
                room.adjust(_NARROW_PAD - _LOW_PAD, 0, _LOW_PAD - _NARROW_PAD, 0)
        else:
            rest = int(room.width()) - (_FUNNEL + _GAP if self.tile.query else 0)
            title = QFontMetrics(name_font).elidedText(title, Qt.TextElideMode.ElideRight, rest)
        name_width = QFontMetrics(name_font).horizontalAdvance(title)
        painter.setFont(name_font)
        painter.setPen(self._theme.color("text.muted"))
        upper = room if self._is_low else QRectF(room.left(), 0, room.width(), room.height() * 0.5)
        painter.drawText(upper, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, title)
        left = room.left() + (name_width + _GAP if self._is_low and title else 0)
        lower = QRectF(left, 0 if self._is_low else room.height() * 0.42, room.right() - left, 0)
        lower.setBottom(room.bottom() - (0 if self._is_low else 3))
        self._paint_value(painter, lower, value)
        if self.tile.query and not self._is_low:
            spot = QPointF(room.right() - _FUNNEL, upper.center().y() - _FUNNEL / 2)
            _paint_funnel(painter, spot, self._theme.color("accent" if self.isChecked() else "text.muted"))
        painter.end()

    def _paint_ground(self, painter: QPainter) -> None:
        theme = self._theme
        if self.isChecked() or self.hasFocus():
            painter.fillRect(self.rect(), theme.color("accent.soft"))
        elif self.underMouse() and self.isEnabled():
            painter.fillRect(self.rect(), theme.color("hover"))
        if self.isChecked():
            painter.fillRect(0, self.height() - 2, self.width(), 2, theme.color("accent"))
        painter.fillRect(self.width() - 1, 0, 1, self.height(), theme.color("border"))

    def _paint_value(self, painter: QPainter, room: QRectF, value: str) -> None:
        """Draw the value, and beside it what there is room for."""
        middle = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        is_known, x, font = not self.tile.action, room.left(), self._value_font
        painter.setFont(font)
        painter.setPen(self._theme.color("text" if is_known else "text.muted"))
        if QFontMetrics(font).horizontalAdvance(value) > room.width():  # what it came to; the tooltip has all
            value = QFontMetrics(font).elidedText(_came_to(value), Qt.TextElideMode.ElideRight, int(room.width()))
        painter.drawText(room, middle, value)
        x += QFontMetrics(font).horizontalAdvance(value) + _GAP
        if self.tile.share is not None and x + _BAR.width() <= room.right():
            bar = QRectF(x, room.center().y() - _BAR.height() / 2, _BAR.width(), _BAR.height())
            painter.fillRect(bar, self._theme.color("border"))
            bar.setWidth(bar.width() * self.tile.share)
            painter.fillRect(bar, self._theme.color("role.quantized_op.line"))
            x += _BAR.width() + _GAP
        small = self._font(_SMALL)
        painter.setFont(small)
        for level, count in self.tile.levels.items():
            told = grouped(count)
            if x + _SIGN + 4 + QFontMetrics(small).horizontalAdvance(told) > room.right():
                break  # the tooltip has all
            painter.save()
            painter.translate(x, room.center().y() - _SIGN / 2)
            painter.scale(_SIGN / 14, _SIGN / 14)
            draw_level(painter, level.value, self._theme.color(f"level.{level.value}"))
            painter.restore()
            painter.setPen(self._theme.color("text.muted"))
            painter.drawText(QRectF(x + _SIGN + 4, room.top(), 60, room.height()), middle, told)
            x += _SIGN + 4 + QFontMetrics(small).horizontalAdvance(told) + _GAP
        beside = _beside(self.tile)
        told = QFontMetrics(small).elidedText(beside, Qt.TextElideMode.ElideRight, int(room.right() - x))
        least = len(beside) if self._is_low else len(beside) // 2 + 1  # the tooltip has all
        if beside and len(told) >= least:
            painter.setPen(self._theme.color("text.muted" if is_known else "accent"))
            painter.drawText(QRectF(x, room.top(), room.right() - x, room.height()), middle, told)


class SummaryStrip(QFrame):
    """A tile for each key figure.

    Signals:
        chosen: The `SummaryTile` whose nodes alone are to be bright; None for none.
        action_requested: What an unknown figure needs.
    """

    chosen = Signal(object)
    action_requested = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("role", "summary")
        self.setAccessibleName(tr("Key figures"))
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(0)
        self._empty = label(tr(_EMPTY), "muted")
        self._empty.setContentsMargins(_PAD, 0, _PAD, 0)
        self._row.addWidget(self._empty)
        self.tiles: list[TileButton] = []
        self._shown: tuple[tuple[SummaryTile, ...], str] = ((), "")
        self._is_low, self._text_scale = False, 1.0
        self.fit(False, 1.0)

    def show_tiles(self, tiles: Sequence[SummaryTile], theme: Theme) -> None:
        """Show other figures; one that was chosen stays so while it is there."""
        if self._shown == (tuple(tiles), theme.name):
            return
        self._shown = (tuple(tiles), theme.name)
        chosen = next((each.tile.code for each in self.tiles if each.isChecked()), "")
        for each in self.tiles:
            self._row.removeWidget(each)
            each.hide()
            each.deleteLater()
        self.tiles = []
        for tile in tiles:
            made = TileButton(tile, theme)
            made.fit(self._is_low, self._text_scale)
            made.setChecked(made.isCheckable() and tile.code == chosen)
            made.clicked.connect(partial(self._on_tile_clicked, made))
            self._row.addWidget(made)
            self.tiles.append(made)
        self._share()
        self._empty.setVisible(not self.tiles)

    def fit(self, is_low: bool, text_scale: float) -> None:
        """Take one line where the window is low, and grow with the text."""
        self._is_low, self._text_scale = is_low, text_scale
        self.setFixedHeight(round((LOW if is_low else HIGH) * text_scale) + 1)
        for each in self.tiles:
            each.fit(is_low, text_scale)
        self._share()

    def _share(self) -> None:
        for each in self.tiles:
            self._row.setStretchFactor(each, each.low_stretch() if self._is_low else each.sizeHint().width())

    def show_chosen(self, query: str) -> None:
        """Show which figure's nodes are bright, if those of any are."""
        for each in self.tiles:
            each.setChecked(each.isCheckable() and bool(query) and each.tile.query == query)

    def _on_tile_clicked(self, made: TileButton) -> None:
        if made.tile.action:
            self.action_requested.emit(made.tile.action)
            return
        for each in self.tiles:
            if each is not made:
                each.setChecked(False)
        self.chosen.emit(made.tile if made.isChecked() else None)


def _offered(tile: SummaryTile) -> str:
    return tr(_ACTIONS.get(tile.action, mark("Run"))) if tile.action else ""


def _beside(tile: SummaryTile) -> str:
    return _offered(tile) or tile.detail


def _brief(tile: SummaryTile) -> str:
    return tr(_BRIEF[tile.code]) if tile.code in _BRIEF else tile.title


def _came_to(value: str) -> str:
    """Return the last of two values: ``11.8 MB`` of ``46.8 MB → 11.8 MB``."""
    return value.rpartition("→ ")[2]


def _paint_funnel(painter: QPainter, at: QPointF, color: QColor) -> None:
    shape = ((0, 0), (8, 0), (5, 4), (5, 8), (3, 7), (3, 4))
    painter.setPen(QPen(color, 1))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawPolygon(QPolygonF([at + QPointF(x, y) for x, y in shape]))
