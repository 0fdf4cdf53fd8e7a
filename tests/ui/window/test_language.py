"""Another language switches the Inspector; what it has no words for is English."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from qviz.document import codec
from qviz.document.graph import Why
from qviz.ui.shell.main_window import MainWindow
from qviz.words.language import SIMPLIFIED_CHINESE, using
from tests.factories import node, snapshot, stage

STAGE = stage(
    "prepared",
    node("conv", path="conv", type="Conv2d", why=Why("float.no_pattern", {"subject": ("conv",)})),
    node("obs", "conv", kind="observer", why=Why("observer.output", {"subject": ("conv",), "asked_by": ("conv",)})),
    node("output", "obs", kind="output", why=Why("float.no_qconfig", {"subject": ("output",)})),
)


def inspected(window: MainWindow, qtbot: QtBot, path: Path, node_id: str) -> list[str]:
    """Return what the Inspector says of a node of a result."""
    window.opener.open_source(str(path), is_consented=True)
    qtbot.waitUntil(lambda: window.desk is not None and window.desk.project is not None)
    assert window.desk is not None
    window.desk.selection.choose("prepared", node_id)
    return [label.text() for label in window.desk.work.inspector.findChildren(QLabel) if label.text()]


def test_the_inspector_speaks_chinese(window: MainWindow, qtbot: QtBot, tmp_path: Path):
    codec.save(snapshot(STAGE), tmp_path / "r.qviz")
    with using(SIMPLIFIED_CHINESE):
        texts = inspected(window, qtbot, tmp_path / "r.qviz", "obs")
    assert "原因" in [text.strip() for text in texts]
    assert any("观测 conv 的输出" in text for text in texts)


def test_the_same_result_is_english_without_it(window: MainWindow, qtbot: QtBot, tmp_path: Path):
    codec.save(snapshot(STAGE), tmp_path / "r.qviz")
    texts = inspected(window, qtbot, tmp_path / "r.qviz", "obs")
    assert any("Observes the output of conv" in text for text in texts)
    assert not any("原因" in text for text in texts)
