"""The preview of an export: the whole picture as it fits, and a lens that shows a part at 100 %."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, QSizeF, Qt, QTimer, Signal
from PySide6.QtGui import QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QScrollArea, QWidget

from qviz.ui.canvas.fonts import subtitle_font
from qviz.ui.export.drafts import Small
from qviz.ui.export.picture import Picture
from qviz.ui.theme import Theme
from qviz.words import tr

AIR = 20.0
LENS = QSizeF(248.0, 264.0)
FOOT = 26.0
"""The row of words below the lens."""
STEP = 24.0
"""How far an arrow key moves the lens, in units of the picture."""
SETTLED = 120
"""Milliseconds after the last change of size until the picture is drawn for it."""


class PreviewPage(QWidget):
    """Shows a picture, small with a lens or in its full size.

    Signals:
        resized: There is other room for the picture.
    """

    resized = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._picture: Picture | None = None
        self._small: Small | None = None
        self._is_full = False
        self.words = ""
        self.looks_at = QPointF()
        self._settled = QTimer(self)
        self._settled.setSingleShot(True)
        self._settled.setInterval(SETTLED)
        self._settled.timeout.connect(self.resized)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(tr("Preview"))

    @property
    def room(self) -> QSizeF:
        """The room for the small picture, beside the lens."""
        wide = self.width() - 3 * AIR - LENS.width()
        return QSizeF(max(wide, 80.0), max(self.height() - 2 * AIR, 80.0))

    @property
    def is_full(self) -> bool:
        """Whether the picture is shown at 100 %."""
        return self._is_full

    def show_picture(self, picture: Picture | None, words: str = "") -> None:
        """Show another picture once it is drawn; without one, the words."""
        if picture is not None:
            self.looks_at = picture.first_box() + QPointF(0, LENS.height() / 3)
        self._picture, self.words, self._small = picture, words, self._small if picture is not None else None
        self.setAccessibleDescription(picture.alternative if picture is not None else words)
        self._fit_size()
        self.update()

    def show_small(self, small: Small) -> None:
        """Show the picture that was drawn."""
        self._small = small
        self.update()

    def set_full(self, is_full: bool) -> None:
        """Show the picture at 100 %, to be scrolled, or all of it."""
        self._is_full = is_full
        self._fit_size()
        self.update()

    def _fit_size(self) -> None:
        """Be as large as the picture where it is shown in full."""
        if self._is_full and self._picture is not None:
            self.setMinimumSize((self._picture.size + QSizeF(2 * AIR, 2 * AIR)).toSize())
        else:
            self.setMinimumSize(QSize(0, 0))

    @property
    def _page(self) -> QRectF:
        """Where the whole picture is."""
        if self._picture is None:
            return QRectF()
        if self._is_full:
            size = self._picture.size
            left = max((self.width() - size.width()) / 2, AIR)
            return QRectF(QPointF(left, max((self.height() - size.height()) / 2, AIR)), size)
        room, size = self.room, self._picture.size
        size = size * min(room.width() / size.width(), room.height() / size.height(), 1.0)
        return QRectF(AIR + (room.width() - size.width()) / 2, AIR + (room.height() - size.height()) / 2,
                      size.width(), size.height())  # fmt: skip

    @property
    def _scale(self) -> float:
        return self._page.width() / self._picture.size.width() if self._picture is not None else 1.0

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the picture, and the lens over its place."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.fillRect(self.rect(), self._theme.color("panel.sunken"))
        page = self._page
        if self._picture is None or (self._small is None and not self._is_full):
            painter.setPen(self._theme.color("text.muted"))
            painter.drawText(self.rect(), int(Qt.AlignmentFlag.AlignCenter), self.words)
            return
        painter.setPen(QPen(self._theme.color("border.strong"), 1.0))
        painter.setBrush(self._theme.color("window"))
        painter.drawRect(page.adjusted(-0.5, -0.5, 0.5, 0.5))
        if self._is_full:
            painter.translate(page.topLeft())
            self._picture.draw(painter, QRectF(event.rect()).translated(-page.topLeft()))
            return
        assert self._small is not None
        painter.drawImage(page, self._small.image)
        self._paint_lens(painter, page)

    def _paint_lens(self, painter: QPainter, page: QRectF) -> None:
        """Draw what is around the point looked at as large as it is, beside the page."""
        assert self._picture is not None
        frame = QRectF(self.width() - AIR - LENS.width(), (self.height() - LENS.height()) / 2,
                       LENS.width(), LENS.height())  # fmt: skip
        glass = frame.adjusted(0, 0, 0, -FOOT)
        seen = self._seen(glass.size())
        accent, scale = self._theme.color("accent"), self._scale
        spot = QRectF(seen.topLeft() * scale + page.topLeft(), seen.size() * scale)
        painter.setPen(QPen(accent, 1.6))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(spot.intersected(page), 3, 3)
        painter.drawImage(glass.topLeft(), self._magnified(seen))
        painter.fillRect(QRectF(glass.bottomLeft(), frame.bottomRight()), self._theme.color("panel"))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(accent, 1.6))
        painter.drawRoundedRect(frame, 5, 5)
        painter.setPen(self._theme.color("text.muted"))
        painter.setFont(subtitle_font())
        words = QRectF(glass.left() + 8, glass.bottom(), glass.width() - 16, FOOT)
        painter.drawText(words, int(Qt.AlignmentFlag.AlignVCenter), tr("Point at the picture to read it at 100 %"))

    def _magnified(self, seen: QRectF) -> QImage:
        """Return a part of the picture at 100 %, on an image of its own: painters clip as they like."""
        assert self._picture is not None
        ratio = self.devicePixelRatioF()
        image = QImage((seen.size() * ratio).toSize(), QImage.Format.Format_RGB32)
        image.setDevicePixelRatio(ratio)
        image.fill(self._theme.color("window"))
        painter = QPainter(image)
        painter.translate(-seen.topLeft())
        self._picture.draw(painter, seen)
        painter.end()
        return image

    def _seen(self, size: QSizeF) -> QRectF:
        """Return what the lens shows of the picture: inside of it where it is large enough."""
        assert self._picture is not None
        whole = self._picture.size
        left = min(max(self.looks_at.x() - size.width() / 2, 0.0), max(whole.width() - size.width(), 0.0))
        top = min(max(self.looks_at.y() - size.height() / 2, 0.0), max(whole.height() - size.height(), 0.0))
        return QRectF(QPointF(left, top), size)

    def look_at(self, point: QPointF) -> None:
        """Show another part in the lens, given in units of the picture."""
        if self._picture is None:
            return
        size = self._picture.size
        self.looks_at = QPointF(min(max(point.x(), 0.0), size.width()), min(max(point.y(), 0.0), size.height()))
        self.update()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Look at what is under the pointer."""
        if not self._is_full and self._page.contains(event.position()):
            self.look_at((event.position() - self._page.topLeft()) / self._scale)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Move the lens with the arrows."""
        ways = {
            Qt.Key.Key_Left: QPointF(-STEP, 0),
            Qt.Key.Key_Right: QPointF(STEP, 0),
            Qt.Key.Key_Up: QPointF(0, -STEP),
            Qt.Key.Key_Down: QPointF(0, STEP),
        }
        way = ways.get(Qt.Key(event.key()))
        if way is None or self._is_full:
            super().keyPressEvent(event)
        else:
            self.look_at(self.looks_at + way)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Have it drawn for the new size, once that is settled."""
        if not self._is_full:
            self._settled.start()


class Preview(QScrollArea):
    """The page, which scrolls where it is shown in full."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.page = PreviewPage(theme)
        self.setWidget(self.page)
        self.setWidgetResizable(True)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setMinimumWidth(360)
