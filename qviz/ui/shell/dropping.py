"""Files dropped anywhere on the window are opened; what will happen is shown while they are dragged."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QMimeData, Qt, Signal
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDropEvent
from PySide6.QtWidgets import QFrame, QVBoxLayout, QWidget

from qviz.document import plan_file
from qviz.sources.kinds import kind_of
from qviz.ui.panels.welcome import OPENABLE
from qviz.ui.panels.widgets import label
from qviz.words import mark, tr

_RESULT = mark("Shows a saved result. Nothing runs.")
_PLAN = mark("Opens the model with the settings of this plan. You are asked before its code runs.")
_MODEL = mark("Opens the model. You are asked before its code runs.")


class DropSheet(QFrame):
    """Covers the window while a file is dragged over it.

    Signals:
        dropped: The path of the file.
    """

    dropped = Signal(str)

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self.setProperty("role", "dropsheet")
        self.setAcceptDrops(True)
        self.setAccessibleName(tr("Drop a file to open it"))
        column = QVBoxLayout(self)
        column.setSpacing(8)
        self.title, self.about = label("", "page"), label("", "muted")
        column.addStretch(1)
        for each in (self.title, self.about):
            each.setAlignment(Qt.AlignmentFlag.AlignCenter)
            column.addWidget(each)
        column.addStretch(1)
        self.hide()

    def offer(self, path: str) -> None:
        """Say what dropping a file would do, over the whole window."""
        self.title.setText(tr("Open {file}", file=Path(path).name))
        self.about.setText(what_happens(path))
        self.setGeometry(self.window().rect())
        self.show()
        self.raise_()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Take what can be opened."""
        if openable(event.mimeData()):
            event.acceptProposedAction()

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        """Uncover the window: the file went elsewhere."""
        self.hide()
        super().dragLeaveEvent(event)

    def dropEvent(self, event: QDropEvent) -> None:
        """Take the file."""
        path = openable(event.mimeData())
        self.hide()
        if path:
            event.acceptProposedAction()
            self.dropped.emit(path)


def openable(data: QMimeData) -> str:
    """Return the first file that can be opened; "" where there is none."""
    paths = (url.toLocalFile() for url in data.urls())
    return next((path for path in paths if path.endswith(OPENABLE)), "")


def what_happens(path: str) -> str:
    """Return what opening a file does."""
    if kind_of(path).is_result:
        return tr(_RESULT)
    return tr(_PLAN) if path.endswith(plan_file.SUFFIX) else tr(_MODEL)
