"""Search as you type in the stage in use; Enter and the arrows go through the results."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from functools import lru_cache

from PySide6.QtCore import QLineF, QPointF, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QFocusEvent, QIcon, QKeyEvent, QPainter, QPen, QPixmap, QResizeEvent
from PySide6.QtWidgets import QLineEdit, QWidget

from qviz.analysis.searching.fields import OtherWords
from qviz.analysis.searching.search import Found, SearchIndex
from qviz.document.graph import NodeId
from qviz.document.snapshot import Finding, Stage
from qviz.ui.panels.search_results import Results
from qviz.ui.panels.shortcuts import PaletteRow, matching
from qviz.ui.panels.widgets import label
from qviz.ui.theme import Theme
from qviz.words import tr
from qviz.words.formats import grouped

_KEPT = 4
"""Indexes of so many stages are kept: both panes', and those stepped through last."""
_CLEAR_BUTTON = 26
_MANY = 5_000
_LEAST_OF_COMMANDS, _MOST_COMMANDS = 3, 4
"""Letters from which commands are found where no node is, and how many are shown."""
_PAUSE_MS = 150
"""A stage of more than `_MANY` nodes is dimmed when the typing pauses: drawing it anew takes longer than the search."""
_ENTER = (Qt.Key.Key_Return, Qt.Key.Key_Enter)
_KEYS = "Ctrl+F"
_AROUND, _ICON, _RATIO = 60, 16, 2
"""Pixels that frame, icon and gaps of the field take beside its text."""


class Search(QLineEdit):
    """The field in the top bar, with its list of results below it.

    Signals:
        left: The user is done; the field is empty.
        node_chosen: The id of a result.
        matched: The ids that shall not be dimmed, a frozenset; None when nothing shall be dimmed.
        command_chosen: The id of a command that was found where no node was.

    Attributes:
        commands: Gives the commands that are found where no node is.
    """

    left = Signal()
    node_chosen = Signal(str)
    matched = Signal(object)
    command_chosen = Signal(str)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setToolTip(tr("{command} ({keys})", command=tr("Search nodes or commands"), keys=_KEYS))
        self._glass = self.addAction(QIcon(), QLineEdit.ActionPosition.LeadingPosition)
        self.setAccessibleName(tr("Search nodes"))
        self.setClearButtonEnabled(True)
        self.commands: Callable[[], Sequence[PaletteRow]] = tuple
        self._stage: Stage | None = None
        self._findings: tuple[Finding, ...] = ()
        self._found = Found()
        self._words: Callable[[Stage], OtherWords | None] = lambda _stage: None
        self._indexes: OrderedDict[tuple[int, int], tuple[Stage, tuple[Finding, ...], SearchIndex]] = OrderedDict()
        self._count, self._told = label("", "muted"), ""
        self._count.setParent(self)
        self._count.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.results = Results(parent.window())
        self.results.node_clicked.connect(self.on_result_clicked)
        self.results.command_chosen.connect(self.on_command_chosen)
        self.results.dim_toggled.connect(lambda _on: self._dim())
        self.textChanged.connect(self.on_text_changed)
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(_PAUSE_MS)
        self._pause.timeout.connect(self._dim)

    def set_theme(self, theme: Theme) -> None:
        """Show the field and the results in these colours."""
        self._glass.setIcon(_glass(theme.color("text.muted").rgba()))
        self.results.set_theme(theme)

    def take_words(self, words: Callable[[Stage], OtherWords | None]) -> None:
        """Let what a run knows of a stage be searched, too."""
        self._words = words

    def set_stage(self, stage: Stage | None, findings: tuple[Finding, ...] = ()) -> None:
        """Search another stage; `findings` are all of the result."""
        if stage is self._stage and findings is self._findings:
            return
        self._stage, self._findings = stage, findings
        if stage is None:
            self._indexes.clear()  # another model comes
        if self.text():
            self._search()

    def _index(self) -> SearchIndex | None:
        if self._stage is None:
            return None
        key = (id(self._stage), id(self._findings))
        # What is kept holds its stage and findings, so that no other can have their id.
        found = self._indexes.pop(key, None) or (self._stage, self._findings, self._new_index(self._stage))
        self._indexes[key] = found
        while len(self._indexes) > _KEPT:
            self._indexes.popitem(last=False)
        return found[2]

    def _new_index(self, stage: Stage) -> SearchIndex:
        here = (each for each in self._findings if each.stage == stage.name)
        return SearchIndex(stage.whole, here, self._words(stage))

    def on_text_changed(self, text: str) -> None:
        """Show what matches."""
        self._search()
        if text.strip():
            is_for_commands = not self._found.best and len(text.strip()) >= _LEAST_OF_COMMANDS
            rows = self.commands() if is_for_commands else ()
            self.results.show_found(self._found, matching(rows, text)[:_MOST_COMMANDS])
            self.results.place_below(self)
        else:
            self.results.hide()

    def _search(self) -> None:
        text, index = self.text().strip(), self._index()
        self._found = index.search(text) if index is not None and text else Found()
        total = len(self._stage.whole.nodes) if self._stage else 0
        self._told = _counted(len(self._found.ids), total) if text and not self._found.fault else ""
        self._place_count()
        if text and total > _MANY:
            self._pause.start()
        else:
            self._dim()

    def _place_count(self) -> None:
        """Put the count at the right end; in an empty field the keys that lead there, if there is room for them."""
        whole, short, advance = tr("Search nodes or commands"), tr("Search"), self.fontMetrics().horizontalAdvance
        room, keys = self.width() - _AROUND, _KEYS.replace("+", " ")
        self.setPlaceholderText(whole if advance(whole) <= room else short)
        is_empty = not self.text()
        has_keys = is_empty and advance(self.placeholderText()) + advance(keys) + _ICON // 2 <= room
        self._count.setText(keys if has_keys else "" if is_empty else self._told)
        self._count.adjustSize()
        wide = self._count.width() if self._count.text() else 0
        self.setTextMargins(0, 0, wide, 0)
        right = _ICON // 2 if is_empty else _CLEAR_BUTTON
        self._count.move(self.width() - right - wide, (self.height() - self._count.height()) // 2)

    def _dim(self) -> None:
        """Dim what does not match; a search that finds nothing leaves all as it is."""
        self._pause.stop()
        ids = self._found.ids if self.results.dim.isChecked() else ()
        self.matched.emit(frozenset(ids) if ids else None)

    def close_results(self) -> None:
        """Empty the field; list and dimming go with its text."""
        self.clear()
        self.results.hide()

    def on_result_clicked(self, node_id: NodeId) -> None:
        """Go to a result."""
        self.results.hide()
        self.node_chosen.emit(node_id)

    def on_command_chosen(self, command: str) -> None:
        """Leave, and let the command be done."""
        self.close_results()
        self.left.emit()
        self.command_chosen.emit(command)

    def _go(self, by: int) -> None:
        """Go to the chosen result; where the list is closed already, to the next or the one before."""
        if self.results.isHidden():
            self.results.walk(by, wraps=True)
        if command := self.results.chosen_command():
            self.on_command_chosen(command)
        elif node_id := self.results.chosen():
            self.on_result_clicked(node_id)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Walk the results, choose one, or leave."""
        key = event.key()
        if key in (Qt.Key.Key_Down, Qt.Key.Key_Up):
            if self.results.isHidden():
                self.results.place_below(self)
            else:
                self.results.walk(1 if key == Qt.Key.Key_Down else -1)
        elif key in _ENTER and self.text().strip():
            self._go(-1 if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1)
        elif key == Qt.Key.Key_Escape:
            self.close_results()
            self.clearFocus()
            self.left.emit()
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Make the index ready before the first letter, and tell what can be typed."""
        super().focusInEvent(event)
        self._index()
        if not self.text() and event.reason() in (Qt.FocusReason.ShortcutFocusReason, Qt.FocusReason.MouseFocusReason):
            self.results.show_help()
            self.results.place_below(self)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Take the list away; the dimming stays as long as the text."""
        super().focusOutEvent(event)
        self.results.hide()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep the count at the right end."""
        super().resizeEvent(event)
        self._place_count()


@lru_cache(maxsize=4)
def _glass(color: int) -> QIcon:
    pixmap = QPixmap(_ICON * _RATIO, _ICON * _RATIO)
    pixmap.setDevicePixelRatio(_RATIO)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(QColor.fromRgba(color), 1.5, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
    painter.drawEllipse(QPointF(7, 7), 4, 4)
    painter.drawLine(QLineF(10, 10, 13, 13))
    painter.end()
    return QIcon(pixmap)


def _counted(found: int, total: int) -> str:
    return tr("{found} of {total}", found=grouped(found), total=grouped(total))
