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

from qviz.ui.panels.code import GraphCode
from qviz.ui.panels.log import Log
from qviz.ui.panels.outline import ModuleTree
from qviz.ui.panels.plan_fields import GROUPS
from qviz.ui.panels.widgets import mono

BRAND = frozenset({"qviz"})
"""The name of the program."""
DATA = (GraphCode, Log, ModuleTree)
"""What holds nothing but names, code and what others wrote."""
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
    parser.handle_data = found.append  # type: ignore[method-assign, assignment]
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
        is_shown = isinstance(view, QTableWidget) or not view.isHeaderHidden()
        for column in range(view.columnCount()) if is_shown else ():
            for role in _SHOWN:
                yield "header", str(model.headerData(column, Qt.Orientation.Horizontal, role) or "")
    for index in _indexes(view, QModelIndex()):
        for role in _SHOWN:
            yield "item", str(index.data(role) or "")


def _indexes(view: QAbstractItemView, parent: QModelIndex) -> Iterator[QModelIndex]:
    model = view.model()
    columns = view.columnCount() if isinstance(view, (QTreeWidget, QTableWidget)) else 1
    for row in range(model.rowCount(parent)):
        for column in range(columns):
            index = model.index(row, column, parent)
            yield index
            if column == 0:
                yield from _indexes(view, index)


def _of_action(action: QAction) -> Iterator[tuple[str, str]]:
    yield "text", action.text()
    yield "tooltip", action.toolTip()
    if isinstance(menu := action.menu(), QMenu):
        for each in menu.actions():
            yield from _of_action(each)


def offences(root: QWidget, known: frozenset[str] = frozenset()) -> list[str]:
    """Return the texts below a widget that have words outside brackets which are no names."""
    return [
        f"{type(each.owner).__name__} {each.what}: {each.text!r}: {words}"
        for each in visible_texts(root)
        if not holds_data(each) and (words := strange(each.text, known))
    ]


def strange(text: str, known: frozenset[str]) -> list[str]:
    text = text.replace("\u200b", "")  # where a long name may break
    if text in known:
        return []
    return [word for word in outside_brackets(text) if word not in known and word not in BRAND]


def option_names() -> frozenset[str]:
    """Return the names of options as torch has them, and what those with names for values can be."""
    rows = [row for _, group in GROUPS for row in group]
    choices = {each for row in rows if row.sort in ("choice", "open") for each in row.choices}
    return frozenset({word for row in rows for word in _WORD.findall(row.title)} | choices | {"TOML"})


def holds_data(each: Visible) -> bool:
    """Tell whether a text is data by what shows it."""
    if isinstance(each.owner, DATA):
        return each.what in ("text", "item")
    if isinstance(each.owner, QLabel):
        return each.owner.font().family() == mono().family()
    return False
