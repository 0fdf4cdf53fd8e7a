"""Help: explains torch's quantization API, with runnable examples."""

from __future__ import annotations

from html import escape

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QDialog,
    QHBoxLayout,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QTextBrowser,
    QVBoxLayout,
    QWidget,
)

from qviz.document.api_entries import ApiEntry, entry_for, load_entries
from qviz.document.flows import flow
from qviz.ui.clipboard import copy_text
from qviz.ui.panels.widgets import button, label, mono
from qviz.ui.theme import Theme
from qviz.words import names, tr, trn

_ENTRY = Qt.ItemDataRole.UserRole
TOPIC = "topic"
"""The property of a widget that names the entry which explains it; F1 there opens it."""


class ApiHelp(QDialog):
    """A list of names that letters narrow down, and the text of the chosen one."""

    def __init__(self, parent: QWidget, theme: Theme, topic: str = "") -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("API help"))
        self.resize(980, 640)
        self._theme = theme
        self._entry: ApiEntry | None = None
        self.typed = QLineEdit()
        self.typed.setPlaceholderText(tr("Search the quantization API"))
        self.typed.setAccessibleName(tr("Search the quantization API"))
        self.typed.setClearButtonEnabled(True)
        self.typed.textChanged.connect(self.on_typed_changed)
        self.typed.installEventFilter(self)
        self.rows = QListWidget()
        self.rows.setAccessibleName(tr("API names"))
        self.rows.currentItemChanged.connect(self.on_row_changed)
        self.text = QTextBrowser()
        self.text.setAccessibleName(tr("Explanation"))
        self.text.setOpenExternalLinks(False)
        self.count = label("", "muted")
        self.copy = button(tr("Copy example"), "link", self.on_copy_clicked)
        left = QVBoxLayout()
        left.setSpacing(8)
        for each in (self.typed, self.rows, self.count):
            left.addWidget(each)
        right = QVBoxLayout()
        right.setSpacing(8)
        right.addWidget(self.text)
        right.addWidget(self.copy, 0, Qt.AlignmentFlag.AlignRight)
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 16, 16, 12)
        row.setSpacing(14)
        row.addLayout(left, 2)
        row.addLayout(right, 3)
        self.on_typed_changed("")
        self.show_topic(topic)

    def show_topic(self, topic: str) -> None:
        """Choose the entry for a class, an operator or an option; the first where there is none."""
        wanted = entry_for(topic) if topic else None
        for place in range(self.rows.count()):
            entry = self.rows.item(place).data(_ENTRY)
            if entry is not None and (wanted is None or entry.name == wanted.name):
                self.rows.setCurrentRow(place)
                self.rows.scrollToItem(self.rows.item(place), QListWidget.ScrollHint.PositionAtCenter)
                return

    def on_typed_changed(self, text: str) -> None:
        """Show the entries that hold every word, under their headings."""
        words = text.lower().split()
        self.rows.clear()
        group, shown = "", 0
        for entry in load_entries():
            said = f"{entry.name} {entry.line} {' '.join(entry.flows)}".lower()
            if not all(word in said for word in words):
                continue
            if entry.group != group:
                group = entry.group
                self._add_heading(group)
            row = QListWidgetItem(entry.short)
            row.setData(_ENTRY, entry)
            row.setToolTip(entry.name)
            self.rows.addItem(row)
            shown += 1
        total = len(load_entries())
        self.count.setText(tr("{shown} of {total} names", shown=shown, total=total) if words else _names(shown))
        self.show_topic("")
        if not shown:
            self._entry = None
            self.text.setPlainText(tr("No name matches. Type fewer letters."))
        self.copy.setEnabled(self._entry is not None and bool(self._entry.example))

    def _add_heading(self, group: str) -> None:
        heading = QListWidgetItem(group.upper())
        heading.setFlags(Qt.ItemFlag.NoItemFlags)
        font = self.rows.font()
        font.setBold(True)
        font.setPixelSize(10)
        heading.setFont(font)
        self.rows.addItem(heading)

    def on_row_changed(self, row: QListWidgetItem | None) -> None:
        """Explain the chosen name."""
        entry = row.data(_ENTRY) if row is not None else None
        if entry is not None:
            self._entry = entry
            self.text.setHtml(page(entry, self._theme))
            self.copy.setEnabled(bool(entry.example))

    def on_copy_clicked(self) -> None:
        """Put the example on the clipboard."""
        if self._entry is not None:
            copy_text(self._entry.example)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Let the arrows choose in the list while the cursor stays in the field."""
        if isinstance(event, QKeyEvent) and event.type() is QEvent.Type.KeyPress:
            way = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1}.get(Qt.Key(event.key()))
            if way is not None:
                self._step(way)
                return True
        return super().eventFilter(watched, event)

    def _step(self, way: int) -> None:
        place = self.rows.currentRow() + way
        while 0 <= place < self.rows.count():
            if self.rows.item(place).data(_ENTRY) is not None:
                self.rows.setCurrentRow(place)
                return
            place += way


def _names(count: int) -> str:
    return trn(count, "{count} name", "{count} names")


def topic_of(widget: QWidget | None) -> str:
    """Return what explains a widget: its own topic, or that of the nearest around it."""
    while widget is not None:
        topic = widget.property(TOPIC)
        if isinstance(topic, str) and topic:
            return topic
        widget = widget.parentWidget()
    return ""


def page(entry: ApiEntry, theme: Theme) -> str:
    """Return the text of an entry."""
    muted, code = theme.color("text.muted").name(), f"font-family:'{mono().family()}'; font-size:12px"
    titles = [names.flow(known.id, known.title) for each in entry.flows if (known := flow(each)) is not None]
    where = [" · ".join(titles), ", ".join(names.stage(each) for each in entry.stages)]
    parts = [
        f"<h2>{escape(entry.short)}</h2>",
        f"<p style='color:{muted}'>{escape(entry.what)} · {escape(entry.name)}</p>",
        f"<p>{escape(entry.line)}</p>",
    ]
    if any(where):
        parts.append(f"<p style='color:{muted}'>{'<br>'.join(escape(each) for each in where if each)}</p>")
    if entry.signature and entry.what != "option":
        parts.append(f'<p style="{code}">{escape(entry.signature)}</p>')
    if entry.example:
        parts.append(f'<h4>{escape(tr("Example"))}</h4><pre style="{code}">{escape(entry.example)}</pre>')
    if entry.later:
        parts.append(f"<h4>{escape(tr('In torch 2.10 and torchao'))}</h4><p>{escape(entry.later)}</p>")
    return "".join(parts)
