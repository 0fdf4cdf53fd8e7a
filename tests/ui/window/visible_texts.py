"""Every text that a window shows, with the widget that shows it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import NamedTuple

from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QComboBox,
    QGroupBox,
    QHeaderView,
    QLabel,
    QLineEdit,
    QMenu,
    QMessageBox,
    QPlainTextEdit,
    QTabBar,
    QTableWidget,
    QTextEdit,
    QTreeWidget,
    QWidget,
)

_SHOWN = (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleTextRole)
_WORD = re.compile(r"[^\W\d][\w.]*")


class Visible(NamedTuple):
    """A text, and where it is."""

    owner: QWidget
    what: str
    text: str


def visible_texts(root: QWidget) -> Iterator[Visible]:
    """Yield the texts of a widget and of everything in it, hidden parts too: they show up later."""
    for widget in (root, *root.findChildren(QWidget)):
        for what, text in _of_widget(widget):
            if text and text.strip():
                yield Visible(widget, what, text)
        for action in widget.actions():
            yield from (Visible(widget, f"action {what}", text) for what, text in _of_action(action) if text)


def outside_brackets(text: str) -> list[str]:
    """Return the words that stand in no brackets; a text cut by "…" may lack its closing ones."""
    depth, kept = 0, []
    for letter in plain(text):
        depth += letter == "["
        kept.append(" " if depth else letter)
        depth = max(0, depth - (letter == "]"))
    return _WORD.findall("".join(kept))


def plain(text: str) -> str:
    """Return a text without tags."""
    if not text.lstrip().startswith("<"):
        return text
    found: list[str] = []
    parser = HTMLParser()
    parser.handle_data = found.append  # type: ignore[method-assign]
    parser.feed(text)
    return "\n".join(found)


def _of_widget(widget: QWidget) -> Iterator[tuple[str, str]]:
    yield "tooltip", widget.toolTip()
    yield "status tip", widget.statusTip()
    yield "accessible name", widget.accessibleName()
    yield "accessible description", widget.accessibleDescription()
    if widget.isWindow():
        yield "window title", widget.windowTitle()
    yield from _of_what_it_is(widget)


def _of_what_it_is(widget: QWidget) -> Iterator[tuple[str, str]]:
    match widget:
        case QLabel() | QAbstractButton():
            yield "text", widget.text()
        case QGroupBox() | QMenu():
            yield "title", widget.title()
        case QLineEdit():
            yield "placeholder", widget.placeholderText()
        case QPlainTextEdit() | QTextEdit():
            yield "placeholder", widget.placeholderText()
            yield "text", widget.toPlainText()
        case QComboBox():
            yield from (("item", widget.itemText(index)) for index in range(widget.count()))
        case QTabBar():
            yield from (("tab", widget.tabText(index)) for index in range(widget.count()))
            yield from (("tab tooltip", widget.tabToolTip(index)) for index in range(widget.count()))
        case QMessageBox():
            yield "question", widget.text()
            yield "question", widget.informativeText()
        case QAbstractItemView() if not isinstance(widget, QHeaderView):
            yield from _of_items(widget)


def _of_items(view: QAbstractItemView) -> Iterator[tuple[str, str]]:
    if isinstance(view, (QTreeWidget, QTableWidget)):
        model = view.model()
        has_header = not (view.isHeaderHidden() if isinstance(view, QTreeWidget) else False)
        for column in range(model.columnCount()) if has_header else ():
            for role in _SHOWN:
                yield "header", str(model.headerData(column, Qt.Orientation.Horizontal, role) or "")
    for index in _indexes(view, QModelIndex()):
        for role in _SHOWN:
            yield "item", str(index.data(role) or "")


def _indexes(view: QAbstractItemView, parent: QModelIndex) -> Iterator[QModelIndex]:
    model = view.model()
    for row in range(model.rowCount(parent)):
        for column in range(model.columnCount(parent)):
            index = model.index(row, column, parent)
            yield index
            if column == 0:
                yield from _indexes(view, index)


def _of_action(action: QAction) -> Iterator[tuple[str, str]]:
    yield "text", action.text()
    yield "tooltip", action.toolTip()
    if (menu := action.menu()) is not None:
        for each in menu.actions():
            yield from _of_action(each)
