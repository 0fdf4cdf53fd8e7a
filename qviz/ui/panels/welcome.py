"""The first page: a place to drop a file, what was open lately, samples to try."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6 import QtCore
from PySide6.QtCore import QSize, QTimer, Signal
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QLineEdit, QScrollArea, QVBoxLayout, QWidget

from qviz.document.model_files import MODEL_FILES
from qviz.document.samples import SAMPLES, Sample
from qviz.ui.panels.widgets import button, choose, empty, label, line, section
from qviz.ui.theme import Theme
from qviz.words import mark, tr
from qviz.words.untrusted import plain_tip
from qviz.words.visible import one_line

if TYPE_CHECKING:
    from PySide6.QtGui import QDragEnterEvent, QDropEvent, QKeyEvent, QMouseEvent, QPaintEvent

_NOTE = mark("Opens .py, .pt2, .pt, .pth, .qviz, .json and .toml files. You are asked before a file runs code.")
OPENABLE = (".py", *MODEL_FILES, ".qviz", ".json", ".toml")


class Welcome(QWidget):
    """Where everybody starts.

    Signals:
        source_chosen: A typed source, or a dropped file, and whether the user named it herself.
        recent_chosen: A recent source.
        sample_chosen: The source of a sample.
        open_requested: The button that opens the file dialog.
    """

    source_chosen = Signal(str, bool)
    recent_chosen = Signal(str)
    sample_chosen = Signal(str)
    open_requested = Signal()

    def __init__(self, theme: Theme, recent: list[tuple[str, str]]) -> None:
        super().__init__()
        self.setObjectName("page")
        self._cards: list[SampleCard] = []
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(_scrolled(self._open_side(recent)), 1)
        row.addWidget(_scrolled(self._sample_side(theme)), 2)

    def take_letter(self, text: str) -> bool:
        """Begin to type a source, wherever the keys go; return whether it was a letter."""
        is_letter = bool(text.strip()) and text.isprintable()
        if is_letter:
            self._drop.typed.setFocus()
            self._drop.typed.insert(text)
        return is_letter

    def set_theme(self, theme: Theme) -> None:
        """Repaint the thumbnails."""
        for card in self._cards:
            card.set_theme(theme)

    def _open_side(self, recent: list[tuple[str, str]]) -> QWidget:
        side = QFrame()
        side.setProperty("role", "sunken")
        column = QVBoxLayout(side)
        column.setContentsMargins(44, 52, 44, 40)
        column.setSpacing(10)
        column.addWidget(label(tr("Open a model"), "heading"))
        column.addWidget(label(tr("A Python file, an importable name or a saved result."), "muted", wraps=True))
        column.addSpacing(10)
        drop = self._drop = DropTarget()
        drop.file_dropped.connect(lambda path: self.source_chosen.emit(path, False))
        drop.source_typed.connect(lambda text: self.source_chosen.emit(text, True))
        drop.open_clicked.connect(self.open_requested)
        column.addWidget(drop)
        column.addSpacing(14)
        self._recent = QVBoxLayout()
        self._recent.setSpacing(10)
        column.addLayout(self._recent)
        self.show_recent(recent)
        column.addStretch(1)
        return side

    def start_over(self, recent: list[tuple[str, str]]) -> None:
        """Begin anew once something was open: what was typed for it is taken, and stands under what was open lately."""
        self._drop.typed.clear()
        self.show_recent(recent)

    def show_recent(self, recent: list[tuple[str, str]]) -> None:
        """Show what was open lately: source and what was done with it, the newest first."""
        empty(self._recent)
        if recent:
            self._recent.addWidget(section(tr("Recent")))
        for source, about in recent:
            self._recent.addWidget(line())
            self._recent.addLayout(self._recent_row(source, about))

    def _recent_row(self, source: str, about: str) -> QHBoxLayout:
        row = QHBoxLayout()
        name = source.replace("\\", "/").rsplit("/", 1)[-1]
        link = button(one_line(name), "link", lambda: self.recent_chosen.emit(source))
        link.setToolTip(plain_tip(source))
        row.addWidget(link)
        row.addStretch(1)
        row.addWidget(label(about, "muted"))
        return row

    def _sample_side(self, theme: Theme) -> QWidget:
        side = QWidget()
        column = QVBoxLayout(side)
        column.setContentsMargins(48, 52, 48, 40)
        column.setSpacing(10)
        column.addWidget(label(tr("Try a sample"), "heading"))
        column.addWidget(label(tr("A sample opens with FX static quantization."), "muted"))
        column.addSpacing(10)
        grid = QGridLayout()
        grid.setSpacing(18)
        for place, sample in enumerate(each for each in SAMPLES if each.has_card):
            card = SampleCard(sample, theme)
            card.clicked.connect(self.sample_chosen)
            self._cards.append(card)
            grid.addWidget(card, place // 3, place % 3)
            grid.setColumnStretch(place % 3, 1)
        column.addLayout(grid)
        column.addStretch(1)
        return side


def _scrolled(side: QWidget) -> QScrollArea:
    """Let a side be scrolled where the window is too small for it."""
    made = QScrollArea()
    made.setWidgetResizable(True)
    choose(made, horizontalScrollBarPolicy="ScrollBarAlwaysOff", focusPolicy="NoFocus")
    made.setWidget(side)
    return made


class DropTarget(QFrame):
    """Takes a dropped file, a click on Open, or a typed source."""

    file_dropped = Signal(str)
    source_typed = Signal(str)
    open_clicked = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("role", "drop")
        self.setAcceptDrops(True)
        self.setMinimumHeight(170)
        column = QVBoxLayout(self)
        column.setContentsMargins(26, 20, 26, 20)
        column.addStretch(1)
        drop = label(tr("Drop a file here"))
        choose(drop, alignment="AlignCenter")
        column.addWidget(drop)
        row = QHBoxLayout()
        row.addWidget(button(tr("Open…"), "primary", self.open_clicked.emit))
        self.typed = QLineEdit()
        self.typed.setPlaceholderText(tr("or type package.module:name"))
        self.typed.setToolTip(self.typed.placeholderText())
        self.typed.setAccessibleName(tr("Source of the model"))
        self.typed.returnPressed.connect(self.on_typed_returned)
        row.addWidget(self.typed, 1)
        column.addLayout(row)
        note = label(tr(_NOTE), "muted", wraps=True)
        choose(note, alignment="AlignCenter")
        column.addWidget(note)
        column.addStretch(1)

    def on_typed_returned(self) -> None:
        """Take what was typed."""
        if text := self.typed.text().strip():
            self.source_typed.emit(text)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Accept what can be opened."""
        if any(url.toLocalFile().endswith(OPENABLE) for url in event.mimeData().urls()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Take the first file that can be opened."""
        for url in event.mimeData().urls():
            if url.toLocalFile().endswith(OPENABLE):
                self.file_dropped.emit(url.toLocalFile())
                return


class SampleCard(QFrame):
    """A sample: what it looks like, its title, one line."""

    clicked = Signal(str)

    def __init__(self, sample: Sample, theme: Theme) -> None:
        super().__init__()
        self._sample = sample
        self._is_complete = False
        self.setProperty("role", "card")
        choose(self, focusPolicy="StrongFocus")
        title, description = tr(sample.title), tr(sample.description)
        self.setAccessibleName(tr("Sample: {title}. {description}", title=title, description=description))
        column = QVBoxLayout(self)
        column.setContentsMargins(1, 1, 1, 12)
        column.setSpacing(3)
        self._thumbnail = Thumbnail(sample.name, theme)
        column.addWidget(self._thumbnail)
        column.addWidget(line())
        for text, role in ((title, "pane"), (description, "muted")):
            words = label(text, role, wraps=True)
            words.setContentsMargins(13, 4 if role == "pane" else 0, 10, 0)
            column.addWidget(words)
        column.addStretch(1)  # so that titles stand side by side, whatever the descriptions take

    def set_theme(self, theme: Theme) -> None:
        """Repaint the thumbnail."""
        self._thumbnail.theme = theme
        self._thumbnail.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw; once the window is painted, make the rest."""
        super().paintEvent(event)
        if not self._is_complete:
            self._is_complete = True
            QTimer.singleShot(0, self, self._complete)

    def _complete(self) -> None:
        """Add what the first paint of the window need not wait for."""
        self.setCursor(QtCore.Qt.CursorShape.PointingHandCursor)
        self._thumbnail.draw_shapes()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Take a click."""
        if self.rect().contains(event.position().toPoint()):
            self.clicked.emit(f"sample:{self._sample.name}")

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Take Enter or Space for a click."""
        keys = QtCore.Qt.Key
        if event.key() in (keys.Key_Return, keys.Key_Enter, keys.Key_Space):
            self.clicked.emit(f"sample:{self._sample.name}")
        else:
            super().keyPressEvent(event)


class Thumbnail(QFrame):
    """A few shapes that tell what a sample is about."""

    def __init__(self, name: str, theme: Theme) -> None:
        super().__init__()
        self._name = name
        self.theme = theme
        self._has_shapes = False
        self.setProperty("role", "canvas")
        self.setMinimumHeight(160)

    def draw_shapes(self) -> None:
        """Draw the shapes too; before, there is only their ground."""
        self._has_shapes = True
        self.update()

    def sizeHint(self) -> QSize:
        """Return a size that the shapes have room in."""
        return QSize(300, 165)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the ground, and the shapes once there is time to import them."""
        super().paintEvent(event)
        if not self._has_shapes:
            return
        from PySide6.QtGui import QPainter

        from qviz.ui.panels.thumbnails import paint_thumbnail

        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        paint_thumbnail(painter, self.rect().toRectF(), self._name, self.theme)
        painter.end()
