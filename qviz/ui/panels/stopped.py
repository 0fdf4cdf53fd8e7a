"""What stands in the middle of the panes where a run stopped before its first stage: where, and the way on."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from qviz.document.snapshot import RunError
from qviz.ui.panels.failure import Failure, place_of
from qviz.ui.panels.widgets import button, choose, label, mono
from qviz.words import tr
from qviz.words.visible import one_line

_WIDEST, _BESIDE = 620, 40


class StoppedCard(QFrame):
    """The step that failed and its line, with the buttons that stand beside the reason, too.

    The reason is told once, above the findings.

    Args:
        parent: In whose middle it stands.
    """

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setProperty("role", "sheet")
        self._around = parent
        self._pairs: list[tuple[QPushButton, QPushButton]] = []
        column = QVBoxLayout(self)
        column.setContentsMargins(22, 18, 22, 18)
        column.setSpacing(8)
        self.title = label("", "heading", wraps=True)
        self.code = label("", wraps=True)
        self.code.setFont(mono())
        self.about = label(tr("The Findings tab says why."), "muted", wraps=True)
        for each in (self.title, self.code, self.about):
            choose(each, alignment="AlignCenter")
            column.addWidget(each)
        self._row = QHBoxLayout()
        self._row.addStretch(1)
        self._row.addStretch(1)
        column.addSpacing(4)
        column.addLayout(self._row)
        parent.installEventFilter(self)
        self.hide()

    def offer(self, failure: Failure) -> None:
        """Offer what stands beside the reason."""
        for theirs in failure.buttons:
            mine = button(theirs.text(), theirs.property("role"), theirs.click)
            self._pairs.append((mine, theirs))
            self._row.insertWidget(self._row.count() - 1, mine)

    def show_error(self, error: RunError | None) -> None:
        """Say where the run stopped; None where it did not, or something is there to see."""
        self.setVisible(error is not None)
        if error is None:
            return
        self.title.setText(place_of(error))
        self.code.setText(one_line(error.source.code) if error.source is not None else "")
        self.code.setVisible(bool(self.code.text()))
        for mine, theirs in self._pairs:
            mine.setText(theirs.text())
            mine.setToolTip(theirs.toolTip())
            mine.setVisible(not theirs.isHidden())
        self._stand()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Stay in the middle."""
        if event.type() == QEvent.Type.Resize and not self.isHidden():
            self._stand()
        return super().eventFilter(watched, event)

    def _stand(self) -> None:
        around = self._around.rect()
        wide = max(min(_WIDEST, around.width() - 2 * _BESIDE), 1)
        self.resize(wide, max(self.heightForWidth(wide), self.sizeHint().height()))
        self.move((around.width() - wide) // 2, max((around.height() - self.height()) // 2, 0))
        self.raise_()
