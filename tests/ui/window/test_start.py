"""What the window needs before its first paint."""

from __future__ import annotations

import subprocess
import sys

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QWidget
from pytestqt.qtbot import QtBot

from qviz.document.samples import SAMPLES
from qviz.ui.panels.shortcuts import ShortcutSheet
from qviz.ui.panels.welcome import SampleCard, Thumbnail
from qviz.ui.panels.widgets import choose
from qviz.ui.settings import Settings
from qviz.ui.shell.main_window import MainWindow
from qviz.ui.theme import theme
from tests.ui.widgets import found

HEAVY = ("torch", "numpy", "networkx", "pygments", "graphlay")
LATER = (
    "msgspec",
    "subprocess",
    "dataclasses",
    "qviz.wire",
    "qviz.analysis",
    "qviz.document.graph",
    "qviz.ui.panels.choice",
    "qviz.ui.panels.search",
    "qviz.words.english",
    "qviz.words.statement",
    "qviz.words.formats",
    "qviz.extensions",
    "qviz.session.commands",
    "qviz.session.focus",
    "qviz.ui.shell.actions",
    "qviz.ui.shell.commands",
)
LATER_OF_QT = {"PySide6.QtGui.QAction", "PySide6.QtGui.QPixmap", "PySide6.QtWidgets.QComboBox"}
"""Classes that PySide6 makes when they are imported first."""
START = """
import sys
import PySide6.QtCore
from PySide6.QtWidgets import QApplication
application = QApplication([])
import qviz.ui.shell.app
from qviz.ui.shell.main_window import MainWindow
from qviz.ui.settings import Settings
window = MainWindow(Settings())
window.show()
application.sendPostedEvents()
window.repaint()
made = [f"{part.__name__}.{name}" for part in (PySide6.QtCore, PySide6.QtGui, PySide6.QtWidgets) for name in vars(part)]
print(*sys.modules, *made)
application.processEvents()
window.pages.need_desk()
print(*sys.modules)
"""


@pytest.fixture(scope="module")
def loaded() -> list[set[str]]:
    """The modules after the first paint and those after a model is opened."""
    done = subprocess.run([sys.executable, "-c", START], capture_output=True, text=True, check=True)
    return [set(line.split()) for line in done.stdout.splitlines()]


def test_nothing_heavy_is_imported_before_a_model_is_opened(loaded: list[set[str]]):
    assert "qviz.ui.shell.desk" in loaded[1]
    assert loaded[1].isdisjoint(HEAVY)


def test_the_first_paint_waits_for_no_more_than_it_shows(loaded: list[set[str]]):
    assert "qviz.ui.panels.welcome" in loaded[0]
    assert loaded[0].isdisjoint(LATER)


def test_the_first_paint_makes_none_of_the_enums_of_the_namespace_qt(loaded: list[set[str]]):
    assert "PySide6.QtCore.Qt" not in loaded[0], "see pieces.choose"


def test_the_first_paint_makes_no_class_of_qt_that_it_does_not_show(loaded: list[set[str]]):
    assert "PySide6.QtWidgets.QPushButton" in loaded[0]
    assert loaded[0].isdisjoint(LATER_OF_QT)


def test_a_card_is_complete_right_after_its_first_paint(qtbot: QtBot):
    card = SampleCard(SAMPLES[0], theme("light"))
    qtbot.addWidget(card)
    card.resize(300, 230)
    card.show()
    qtbot.waitUntil(lambda: card.cursor().shape() == Qt.CursorShape.PointingHandCursor)
    assert _colors(found(card, Thumbnail)) > 2


def test_a_property_that_qt_does_not_have_is_a_fault(qtbot: QtBot):
    made = QLabel()
    qtbot.addWidget(made)
    choose(made, alignment="AlignCenter")
    assert made.alignment() == Qt.AlignmentFlag.AlignCenter
    for wrong in ({"alignment": "AlignMiddle"}, {"aligned": "AlignCenter"}):
        with pytest.raises(ValueError, match="has no property"):
            choose(made, **wrong)


def test_the_keys_work_after_the_first_paint(qtbot: QtBot):
    window = MainWindow(Settings())
    qtbot.addWidget(window)
    assert not window.actions()
    window.show()
    qtbot.waitUntil(lambda: "?" in [action.shortcut().toString() for action in window.actions()])
    qtbot.keyClick(window, "?")
    assert window.findChild(ShortcutSheet) is not None


def _colors(widget: QWidget) -> int:
    picture = widget.grab().toImage()
    middle = picture.width() // 2
    return len({picture.pixel(middle, y) for y in range(picture.height())})
