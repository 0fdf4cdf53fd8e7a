"""One run in the list: its name, the panes that show it, what came of it and when; it can be dragged onto a pane."""

from __future__ import annotations

from typing import NamedTuple

from PySide6.QtCore import QByteArray, QEvent, QMimeData, QObject, QPoint, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QDrag, QDropEvent, QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QApplication, QFrame, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from qviz.session.kept_runs import ShelvedRun
from qviz.ui.panels.toasts import OneLine
from qviz.ui.panels.widgets import label, restyle
from qviz.words import mark, tr
from qviz.words.formats import ago
from qviz.words.untrusted import plain_tip
from qviz.words.visible import one_line

MIME = "application/x-qviz-run"
_BADGE = 16
_LETTERS = {"A": mark("A"), "B": mark("B")}


class ListedRun(NamedTuple):
    """A run as its row shows it.

    Attributes:
        run: The run.
        letters: Of the panes that show it: ``A``, ``B``, ``AB``, "".
        is_older: Whether the model's file has changed since.
    """

    run: ShelvedRun
    letters: str = ""
    is_older: bool = False


class RunRow(QFrame):
    """One run.

    Signals:
        chosen: The run is to be viewed.
        menu_asked: Its menu is to open, at a place of the screen.
        removed: The run is to be deleted.
        stepped: Keys are to go to the row below, by 1, or above, by -1.
    """

    chosen = Signal()
    menu_asked = Signal(QPoint)
    removed = Signal()
    stepped = Signal(int)

    def __init__(self, state: ListedRun) -> None:
        super().__init__()
        self.state = state
        self._pressed: QPoint | None = None
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        column = QVBoxLayout(self)
        column.setContentsMargins(11, 5, 12, 5)
        column.setSpacing(1)
        first, second = QHBoxLayout(), QHBoxLayout()
        first.setSpacing(4)
        self.number, self.name = label("", "strong"), OneLine("", 1)
        self.about, self.age = OneLine("cell", 1), label("", "small")
        first.addWidget(self.number)
        first.addWidget(self.name, 1)
        self.badges = {letter: label(tr(text), "badge") for letter, text in _LETTERS.items()}
        for badge in self.badges.values():
            badge.setMinimumSize(_BADGE, _BADGE)
            badge.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
            badge.setAlignment(Qt.AlignmentFlag.AlignCenter)
            first.addWidget(badge)
        second.addWidget(self.about, 1)
        second.addWidget(self.age)
        column.addLayout(first)
        column.addLayout(second)

    def show_state(self, state: ListedRun, now: float) -> None:
        """Show a run as it is now."""
        self.state, run = state, state.run
        role = "runshown" if state.letters else "run"
        if self.property("role") != role:
            self.setProperty("role", role)
            restyle(self)
        title = tr("Run {number}", number=run.number)
        self.number.setText(title)
        self.name.setText(tr("· {name}", name=run.name))
        for letter, badge in self.badges.items():
            badge.setVisible(letter in state.letters)
        about = tr("{about} · pinned", about=run.about) if run.is_pinned else run.about
        self.about.setText(about)
        age = ago(now - run.figures.ended) if run.figures.ended else ""
        self.age.setText(age)
        told = tr("{run} · {name}", run=title, name=run.name)
        lines = [told, about, age, tr("The model's file has changed since.") if state.is_older else ""]
        self.setToolTip(plain_tip("\n".join(each for each in lines if each)))
        panes = tr("in pane {panes}", panes=" ".join(state.letters)) if state.letters else ""
        self.setAccessibleName(one_line(", ".join(each for each in (*lines, panes) if each)))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Note where a drag would begin."""
        if event.button() is Qt.MouseButton.LeftButton:
            self._pressed = event.position().toPoint()
        super().mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Let the run be dragged onto a pane."""
        if self._pressed is None:
            return
        if (event.position().toPoint() - self._pressed).manhattanLength() >= QApplication.startDragDistance():
            self._pressed = None
            drag = QDrag(self)
            drag.setMimeData(mime_of(self.state.run.number))
            drag.setPixmap(self.grab())
            drag.setHotSpot(QPoint(8, 8))
            drag.exec(Qt.DropAction.CopyAction)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """View the run."""
        if event.button() is Qt.MouseButton.LeftButton and self._pressed is not None:
            self._pressed = None
            self.chosen.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """View the run with Enter, delete it, go to the next."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self.chosen.emit()
        elif event.key() == Qt.Key.Key_Delete:
            self.removed.emit()
        elif event.key() in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            self.stepped.emit(1 if event.key() == Qt.Key.Key_Down else -1)
        else:
            super().keyPressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Open the menu of the run."""
        self.menu_asked.emit(event.globalPos())


def mime_of(number: int) -> QMimeData:
    """Return what is dragged of a run."""
    data = QMimeData()
    data.setData(MIME, QByteArray(str(number).encode()))
    return data


class RunTarget(QObject):
    """Lets a run be dropped on a widget, which is ringed meanwhile.

    Signals:
        dropped: The number of the run.
    """

    dropped = Signal(int)

    def __init__(self, widget: QWidget) -> None:
        super().__init__(widget)
        self._widget = widget
        self._ring = QFrame(widget)
        self._ring.setProperty("role", "droptarget")
        self._ring.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._ring.hide()
        widget.setAcceptDrops(True)
        widget.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Take a run; all else goes on to whoever takes it."""
        kind = event.type()
        if kind == QEvent.Type.DragLeave:
            self._ring.hide()
        if kind not in (QEvent.Type.DragEnter, QEvent.Type.DragMove, QEvent.Type.Drop):
            return False
        assert isinstance(event, QDropEvent)
        data = event.mimeData()
        if not data.hasFormat(MIME):
            event.ignore()
            return True
        event.acceptProposedAction()
        self._ring.setVisible(kind != QEvent.Type.Drop)
        if kind == QEvent.Type.Drop:
            self.dropped.emit(int(data.data(MIME).toStdString()))
        else:
            self._ring.setGeometry(self._widget.rect())
            self._ring.raise_()
        return True
