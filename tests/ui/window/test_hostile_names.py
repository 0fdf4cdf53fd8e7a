"""What a result calls its things: the window shows it as it is, never as markup, and hides nothing of it."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtGui import Qt as QtGui
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from qviz.document import codec
from qviz.ui.canvas.wording import tooltip
from qviz.ui.shell.main_window import MainWindow
from tests.factories import node, snapshot, stage
from tests.hostile import HIDDEN, hostile_run
from tests.ui.window.visible_texts import visible_texts

BREAK = re.compile("\u200b(?=[._/\\[(])")
"""Where the window itself lets a long name break."""


@pytest.mark.parametrize("seed", [9, 16])
def test_no_text_of_a_result_is_markup_or_hides_anything(window: MainWindow, qtbot: QtBot, tmp_path: Path, seed: int):
    run = hostile_run(seed)
    codec.save(
        msgspec.structs.replace(run, run=msgspec.structs.replace(run.run, flow="fx-static")), tmp_path / "a.qviz"
    )
    window.opener.open_source(str(tmp_path / "a.qviz"), is_consented=False)
    qtbot.waitUntil(lambda: window.desk is not None and window.desk.project is not None)
    assert window.desk is not None
    stage = run.stages[0]
    window.desk.selection.choose(stage.name, stage.graph.nodes[2].id)
    texts = list(visible_texts(window))
    assert len(texts) > 300
    hidden = [each for each in texts if HIDDEN.search(BREAK.sub("", each.text))]
    assert [(type(each.owner).__name__, each.what, each.text[:80]) for each in hidden] == []
    rich = [each for each in texts if "tooltip" in each.what and QtGui.mightBeRichText(each.text)]
    assert [each.text[:80] for each in rich if not each.text.startswith("<p style='white-space: pre-wrap'>")] == []
    labels = [each for each in window.findChildren(QLabel) if each.textFormat() is not Qt.TextFormat.PlainText]
    assert [each.text()[:80] for each in labels if QtGui.mightBeRichText(each.text())] == []
    assert len(window.windowTitle()) < 300


def test_the_tooltip_of_a_box_has_no_markup_but_its_own():
    from qviz.analysis.views.folding import fold, opening

    for seed in range(20):
        for each in hostile_run(seed).stages:
            for box in fold(each.whole, opening(each.whole), {}).boxes:
                told = tooltip(box, each.whole)
                assert set(re.findall(r"<[^>]*>", told)) <= {"<b>", "</b>", "<br>", "<i>", "</i>"}
                assert not HIDDEN.search(told)


def test_what_is_copied_hides_nothing_that_a_terminal_obeys(window: MainWindow, qtbot: QtBot, tmp_path: Path):
    run = hostile_run(9)
    name = "conv\x1b[201~\nid\x9b2J\u202e"
    stages = tuple(stage(each.name, node(name, path=name), node("output", name, kind="output")) for each in run.stages)
    codec.save(snapshot(*stages, python=run.run.python), tmp_path / "a.qviz")
    window.opener.open_source(str(tmp_path / "a.qviz"), is_consented=False)
    qtbot.waitUntil(lambda: window.desk is not None and window.desk.project is not None)
    assert window.desk is not None
    window.desk.selection.choose(stages[0].name, name)
    clipboard = QGuiApplication.clipboard()
    for each in ("copy_path", "copy_facts", "copy_python"):
        clipboard.clear()
        window.actions_of[each].trigger()
        assert clipboard.text(), each
        assert not HIDDEN.search(clipboard.text()), each


def test_every_text_on_the_clipboard_goes_one_way():
    ways = [str(file) for file in Path("qviz").rglob("*.py") if "clipboard().setText" in file.read_text("utf-8")]
    assert ways == ["qviz/ui/clipboard.py"]
