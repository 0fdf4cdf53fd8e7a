"""The walk through the window's texts finds one without brackets wherever it stands."""

from __future__ import annotations

import pytest
from PySide6.QtGui import QAction
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QLabel,
    QLineEdit,
    QListWidget,
    QMenu,
    QPushButton,
    QTableWidget,
    QTabWidget,
    QTreeWidget,
    QWidget,
)
from pytestqt.qtbot import QtBot

from tests.ui.window.visible_texts import offences

QT_ARROWS = frozenset({"Scroll", "Left", "Right"})
"""What Qt calls the arrows of tabs; the window translates them, here no translator is installed."""


@pytest.fixture
def owner(qtbot: QtBot) -> QWidget:
    made = QWidget()
    qtbot.addWidget(made)
    return made


def _action(parent: QWidget) -> QWidget:
    parent.addAction(QAction("Open file", parent))
    return parent


def _menu(parent: QWidget) -> QWidget:
    menu = QMenu(parent)
    menu.addAction("Open file")
    return menu


def _combo(parent: QWidget) -> QWidget:
    made = QComboBox(parent)
    made.addItem("Open file")
    return made


def _tabs(parent: QWidget) -> QWidget:
    made = QTabWidget(parent)
    made.addTab(QWidget(), "Open file")
    return made


def _tree(parent: QWidget) -> QWidget:
    made = QTreeWidget(parent)
    made.setHeaderLabels(["Open file"])
    return made


def _table(parent: QWidget) -> QWidget:
    made = QTableWidget(1, 1, parent)
    made.setHorizontalHeaderLabels(["Open file"])
    return made


def _list(parent: QWidget) -> QWidget:
    made = QListWidget(parent)
    made.addItem("Open file")
    return made


def _placeholder(parent: QWidget) -> QWidget:
    made = QLineEdit(parent)
    made.setPlaceholderText("Open file")
    return made


def _tooltip(parent: QWidget) -> QWidget:
    parent.setToolTip("Open file")
    return parent


def _spoken(parent: QWidget) -> QWidget:
    parent.setAccessibleName("Open file")
    return parent


def _title(parent: QWidget) -> QWidget:
    made = QDialog(parent)
    made.setWindowTitle("Open file")
    return made


@pytest.mark.parametrize(
    "make",
    [
        lambda parent: QLabel("Open file", parent),
        lambda parent: QLabel("[Open] file", parent),
        lambda parent: QLabel("<b>Open</b> file", parent),
        lambda parent: QPushButton("Open file", parent),
        lambda parent: QCheckBox("Open file", parent),
        _action,
        _menu,
        _combo,
        _tabs,
        _tree,
        _table,
        _list,
        _placeholder,
        _tooltip,
        _spoken,
        _title,
    ],
)
def test_a_text_without_brackets_is_found(owner: QWidget, make):
    made = make(owner)
    assert offences(made, frozenset({"Open"})), "nothing was found"
    assert offences(made, frozenset({"Open", "file"}) | QT_ARROWS) == []


def test_brackets_names_and_numbers_pass(owner: QWidget):
    for text in ("[Open file]", "[Open [file] now] 3.5 · 1×3", "conv · [3 nodes]", "[cut of…", "−4.34 … 4.56"):
        assert offences(QLabel(text, owner), frozenset({"conv"})) == [], text
