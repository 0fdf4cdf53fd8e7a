from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QCheckBox, QLabel, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from qviz.document.api_entries import load_entries
from qviz.document.flows import flow
from qviz.document.graph import Kind
from qviz.session.project import Project
from qviz.ui.panels.about import About
from qviz.ui.panels.api_help import ApiHelp, topic_of
from qviz.ui.shell.main_window import MainWindow
from qviz.ui.theme import theme
from qviz.version import __version__
from tests.factories import small_stages, snapshot
from tests.ui.window.conftest import Asked
from tests.ui.window.test_window import CAPTURED, PREPARED, finished, hear, reached


def names(help_: ApiHelp) -> list[str]:
    rows = (help_.rows.item(place) for place in range(help_.rows.count()))
    return [row.data(Qt.ItemDataRole.UserRole).name for row in rows if row.data(Qt.ItemDataRole.UserRole)]


@pytest.fixture
def owner(qtbot) -> QWidget:
    made = QWidget()
    qtbot.addWidget(made)
    return made


def test_letters_narrow_the_list_and_arrows_choose(qtbot, owner):
    help_ = ApiHelp(owner, theme("light"))
    assert len(names(help_)) == len(load_entries())
    qtbot.keyClicks(help_.typed, "histogram observer")
    assert names(help_)[0] == "torch.ao.quantization.HistogramObserver"
    assert "searches the range" in help_.text.toPlainText()
    before = help_.text.toPlainText()
    qtbot.keyClick(help_.typed, Qt.Key.Key_Down)
    assert help_.text.toPlainText() != before
    help_.typed.setText("no such name")
    assert "No name matches" in help_.text.toPlainText()
    assert not help_.copy.isEnabled()


def test_a_topic_opens_its_entry_with_an_example_to_copy(owner):
    help_ = ApiHelp(owner, theme("dark"), "quantized_decomposed.quantize_per_tensor.default")
    said = help_.text.toPlainText()
    assert "torch.ops.quantized_decomposed.quantize_per_tensor" in said
    assert "In torch 2.10 and torchao" in said
    help_.copy.click()
    assert "import torch" in QGuiApplication.clipboard().text()


def test_f1_asks_for_what_the_field_in_use_is_about(qtbot):
    outer = QWidget()
    qtbot.addWidget(outer)
    outer.setProperty("topic", "QConfigMapping")
    inner = QCheckBox("x", outer)
    assert topic_of(inner) == "QConfigMapping"
    inner.setProperty("topic", "is_qat")
    assert topic_of(inner) == "is_qat"
    assert topic_of(None) == ""


def test_the_window_opens_help_from_its_panels_and_by_key(window):
    window.pages.need_desk().work.inspector.help_requested.emit("torch.ao.quantization.prepare")
    fuse = flow("fx-fuse")
    assert fuse is not None
    window.pages.need_desk().work.setup.help_requested.emit(fuse.api)
    window.actions_of["api_help"].trigger()
    opened = [each.text.toPlainText().split()[0] for each in window.findChildren(ApiHelp)]
    assert opened[:2] == ["prepare", "fuse_fx"]
    assert len(opened) == 3


def test_a_node_of_torchs_quantization_offers_its_explanation(window):
    stage = small_stages()[1]
    inspector = window.pages.need_desk().work.inspector
    project = Project.of_snapshot(snapshot(stage))
    node = next(each for each in stage.graph.nodes if each.kind is Kind.QUANTIZE)
    inspector.show_node(project, stage.name, node.id)
    links = [each for each in inspector.findChildren(QPushButton) if each.text().startswith("About ")]
    assert [each.text() for each in links] == ["About quantize_per_tensor"]
    links[0].click()
    assert window.findChildren(ApiHelp)


def test_the_selected_node_is_explained(window: MainWindow, asked: Asked, qtbot: QtBot):
    window.opener.open_model("sample:conv-bn-relu")
    hear(window, reached(CAPTURED), reached(PREPARED, CAPTURED), finished())
    assert window.desk is not None
    window.desk.selection.choose("prepared", "obs")
    qtbot.keyClick(window, Qt.Key.Key_F1, Qt.KeyboardModifier.ShiftModifier)
    [shown] = window.findChildren(ApiHelp)
    assert "HistogramObserver" in shown.text.toPlainText()


def test_about_names_the_version(window: MainWindow):
    window.actions_of["about"].trigger()
    texts = [each.text() for each in window.findChildren(About)[0].findChildren(QLabel)]
    assert f"Version {__version__}" in texts
