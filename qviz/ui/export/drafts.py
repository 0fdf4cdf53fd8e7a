"""Makes the picture of a choice: folded and placed away from the window's thread, drawn in it, where fonts are."""

from __future__ import annotations

from typing import NamedTuple

from PySide6.QtCore import QObject, QSize, QSizeF, Qt, QTimer, Signal
from PySide6.QtGui import QImage, QPainter

from qviz.errors import QvizError
from qviz.ui.export import files, png
from qviz.ui.export.choice import ExportChoice, InView, file_name, picture_of
from qviz.ui.export.pane import FULL_SCALE
from qviz.ui.export.picture import Picture
from qviz.ui.process.decoding import Decoding

MOST = 1500
"""Boxes; more are drawn from far away, and only the file that is wanted is made."""
IDLE = 150
"""Milliseconds after the small picture until the file is drawn."""


class Draft(NamedTuple):
    """A picture that is placed, and what it was made for; `name` is that of the file."""

    choice: ExportChoice
    picture: Picture
    name: str


class Small(NamedTuple):
    """A picture as it is drawn in a room; `scale` is pixels of the screen for one of the picture."""

    image: QImage
    scale: float


class Drafts(QObject):
    """Makes what was asked for last; what was asked before is dropped.

    Signals:
        placed: A `Draft`.
        drawn: A `Small` of the last draft.
        encoded: The files of the last draft by name; none where it is too large to be drawn unasked.
        failed: A `QvizError`.
    """

    placed = Signal(object)
    drawn = Signal(object)
    encoded = Signal(object)
    failed = Signal(object)

    def __init__(self, parent: QObject, screen: InView) -> None:
        super().__init__(parent)
        self._screen = screen
        self._work = Decoding(self)
        self._draft: Draft | None = None
        self._idle = QTimer(self)
        self._idle.setSingleShot(True)
        self._idle.setInterval(IDLE)
        self._idle.timeout.connect(self.encode)

    @property
    def picture(self) -> Picture | None:
        """The last draft's; None while it is not placed."""
        return self._draft.picture if self._draft is not None else None

    def ask(self, choice: ExportChoice) -> None:
        """Begin to place a choice."""
        self.stop()
        self._draft = None
        screen = self._screen
        self._work.take(
            lambda: _folded(choice, screen), lambda picture: self._place(choice, picture), self._refuse, is_large=True
        )

    def draw(self, room: QSizeF, ratio: float) -> None:
        """Draw the last draft as large as fits, and begin to encode it."""
        if self._draft is None:
            return
        self.stop()
        picture = self._draft.picture
        scale = min(room.width() / picture.size.width(), room.height() / picture.size.height(), 1.0)
        self.drawn.emit(small(picture, scale, ratio))
        self._idle.start()

    def encode(self) -> None:
        """Begin to make the files of the last draft, unless they are large."""
        if self._draft is None:
            return
        choice, picture, name = self._draft
        try:
            if choice.ending == ".png":
                png.pixels(picture)
            if picture.count > MOST:
                self.encoded.emit({})
                return
            if choice.ending != ".png":
                self.encoded.emit(files(picture, choice.ending, name))
                return
            drawn, identity = png.image(picture), picture.identity
        except QvizError as error:
            self.failed.emit(error)
            return
        self._work.take(lambda: {name: png.packed(drawn, identity)}, self.encoded.emit, self._refuse, is_large=True)

    def stop(self) -> None:
        """Finish nothing of what is at work."""
        self._idle.stop()
        self._work.forget()

    def _place(self, choice: ExportChoice, picture: Picture) -> None:
        _ = picture.box_sizes  # fonts belong to this thread
        self._work.take(lambda: picture.panes, lambda _: self._tell(choice, picture), self._refuse, is_large=True)

    def _tell(self, choice: ExportChoice, picture: Picture) -> None:
        self._draft = Draft(choice, picture, file_name(self._screen.title, choice))
        self.placed.emit(self._draft)

    def _refuse(self, error: Exception) -> None:
        if not isinstance(error, QvizError):
            raise error
        self.stop()
        self.failed.emit(error)


def small(picture: Picture, scale: float, ratio: float) -> Small:
    """Return a picture on a screen with so many pixels for each logical one."""
    size = QSize(round(picture.size.width() * scale * ratio), round(picture.size.height() * scale * ratio))
    image = QImage(size, QImage.Format.Format_ARGB32_Premultiplied)
    image.fill(Qt.GlobalColor.transparent)
    painter = QPainter(image)
    painter.scale(scale * ratio, scale * ratio)
    picture.draw(painter, scale=scale if picture.count > MOST else FULL_SCALE)
    painter.end()
    image.setDevicePixelRatio(ratio)
    return Small(image, scale)


def _folded(choice: ExportChoice, screen: InView) -> Picture:
    picture = picture_of(choice, screen)
    _ = picture.contents
    return picture
