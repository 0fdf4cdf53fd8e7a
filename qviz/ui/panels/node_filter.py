"""The filter of the table of nodes: a search as you type, and how many nodes match."""

from __future__ import annotations

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QToolButton, QWidget

from qviz.ui.panels.widgets import label, restyle
from qviz.words import tr
from qviz.words.formats import grouped
from qviz.words.untrusted import plain_tip

_WIDTH, _LEAST = 260, 110
_AROUND = 20
"""Pixels of the field that no text stands in."""
_MANY = 5_000
_PAUSE_MS = 150
"""A stage of more than `_MANY` nodes is dimmed when the typing pauses: drawing it anew takes longer than the search."""


class FilterField(QLineEdit):
    """The field; Escape empties it.

    Signals:
        ended: Escape was pressed in an empty field, or emptied it.
    """

    ended = Signal()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Empty the field, and leave it."""
        if event.key() == Qt.Key.Key_Escape:
            self.clear()
            self.ended.emit()
        else:
            super().keyPressEvent(event)


class NodeFilter(QWidget):
    """Stands in the bar of the tabs.

    Signals:
        changed: The search that was typed; "" ends it.
        ended: The keys should go back to the graph.
        queried: Another part of the window began or ended a filter.

    Attributes:
        field: Where it is typed.
        star: Opens the list of saved filters.
    """

    changed = Signal(str)
    ended = Signal()
    queried = Signal()

    def __init__(self) -> None:
        super().__init__()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 1, 0, 1)
        row.setSpacing(8)
        self.field = FilterField()
        self.field.setAccessibleName(tr("Filter the nodes"))
        self.field.setToolTip(tr("Search words: kind:, dtype:, module:, has:, precision:, share:>5, sqnr:<30"))
        self.field.setClearButtonEnabled(True)
        self.field.setFixedWidth(_WIDTH)
        self._count = label("", "muted")
        self.star = QToolButton()
        self.star.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.star.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        row.addWidget(self.star)
        row.addWidget(self.field)
        row.addWidget(self._count)
        self.narrow(2 * _WIDTH)
        self._total = 0
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(_PAUSE_MS)
        self._pause.timeout.connect(self._tell)
        self.field.textChanged.connect(self.on_field_changed)
        self.field.ended.connect(self.ended)

    def narrow(self, room: int) -> None:
        """Give the field what is left of so many pixels, within bounds."""
        others = sum(each.sizeHint().width() + 8 for each in (self.star, self._count) if not each.isHidden())
        width = min(max(room - others, _LEAST), _WIDTH)
        self.field.setFixedWidth(width)
        examples = tr("Filter: kind:op share:>5")
        fits = self.field.fontMetrics().horizontalAdvance(examples) + _AROUND <= width
        self.field.setPlaceholderText(examples if fits else tr("Filter"))

    @property
    def query(self) -> str:
        """What is searched for."""
        return self.field.text().strip()

    def show_query(self, query: str) -> None:
        """Show a search without telling anyone."""
        if query != self.query:
            self._pause.stop()
            self.field.blockSignals(True)
            self.field.setText(query)
            self.field.blockSignals(False)
            self.queried.emit()

    def show_name(self, name: str) -> None:
        """Fill the star for a filter that is saved, and say its name; "" for one that is not."""
        shown = self.star.fontMetrics().elidedText(name, Qt.TextElideMode.ElideRight, _WIDTH // 2)
        self.star.setText(f"★ {shown}  ▾" if name else "☆  ▾")
        spoken = tr("Saved filter {name}", name=name) if name else tr("Saved filters")
        self.star.setToolTip(plain_tip(spoken))
        self.star.setAccessibleName(spoken)

    def show_count(self, shown: int, total: int, fault: str = "") -> None:
        """Say how many nodes are shown, or what is wrong with the search."""
        self._total = total
        told = tr("{found} of {total}", found=grouped(shown), total=grouped(total)) if shown != total else ""
        self._count.setText(told)
        self.field.setProperty("fault", "true" if fault else "false")
        self._count.setToolTip(plain_tip(fault))
        if fault:
            self._count.setText(tr("unknown word"))
        restyle(self.field)

    def on_field_changed(self) -> None:
        """Tell what is typed; in a large stage once the typing pauses."""
        if self.query and self._total > _MANY:
            self._pause.start()
        else:
            self._tell()

    def _tell(self) -> None:
        self._pause.stop()
        self.changed.emit(self.query)
