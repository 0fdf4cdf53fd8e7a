"""Files are opened wherever they are dropped, and what will happen is told before."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDropEvent
from PySide6.QtWidgets import QApplication, QMessageBox, QWidget

from qviz.document import plan_file
from qviz.document.plan import Plan
from qviz.ui.shell.main_window import MainWindow
from tests.ui.window.conftest import Asked

NET = "from torch.nn import Module\nclass Net(Module): ...\n"


def data_of(*paths: Path) -> QMimeData:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    return data


def drag(target: QWidget, data: QMimeData) -> bool:
    buttons, keys = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    event = QDragEnterEvent(QPoint(5, 5), Qt.DropAction.CopyAction, data, buttons, keys)
    event.ignore()
    QApplication.sendEvent(target, event)
    return event.isAccepted()


def drop(target: QWidget, data: QMimeData) -> None:
    buttons, keys = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    QApplication.sendEvent(target, QDropEvent(QPointF(5, 5), Qt.DropAction.CopyAction, data, buttons, keys))


@pytest.mark.parametrize(
    ("name", "about"),
    [
        ("net.py", "Opens the model. You are asked before its code runs."),
        ("net.pt2", "Opens the model. You are asked before its code runs."),
        ("review.qviz", "Shows a saved result. Nothing runs."),
        ("plan.toml", "Opens the model with the settings of this plan. You are asked before its code runs."),
    ],
)
def test_what_will_happen_is_shown_over_the_whole_window(window: MainWindow, tmp_path: Path, name: str, about: str):
    assert drag(window, data_of(tmp_path / "notes.md", tmp_path / name))
    sheet = window.drop_sheet
    assert sheet.isVisible()
    assert sheet.geometry() == window.rect()
    assert (sheet.title.text(), sheet.about.text()) == (f"Open {name}", about)
    assert drag(sheet, data_of(tmp_path / name))  # the sheet is under the mouse now
    QApplication.sendEvent(sheet, QDragLeaveEvent())
    assert not sheet.isVisible()


def test_other_files_are_not_taken(window: MainWindow, tmp_path: Path):
    assert not drag(window, data_of(tmp_path / "notes.md"))
    assert "drop_sheet" not in vars(window)


def test_a_dropped_model_asks_and_opens_over_what_is_open(
    window: MainWindow, asked: Asked, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    (tmp_path / "net.py").write_text(NET)
    window.opener.open_plan(Plan(source="elsewhere:Net", flow="fx-static"))
    questions: list[str] = []
    monkeypatch.setattr(QMessageBox, "exec", lambda box: questions.append(box.text()))
    monkeypatch.setattr(QMessageBox, "clickedButton", lambda box: box.buttons()[0])
    data = data_of(tmp_path / "net.py")
    drag(window, data)
    drag(window.drop_sheet, data)
    drop(window.drop_sheet, data)
    assert len(questions) == 1
    assert asked.plans[-1].source == f"{tmp_path / 'net.py'}:Net"
    assert not window.drop_sheet.isVisible()


def test_a_dropped_plan_opens_its_model_with_its_settings(
    window: MainWindow, asked: Asked, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    (tmp_path / "net.py").write_text(NET)
    plan = Plan(source=f"{tmp_path / 'net.py'}:Net", flow="fx-qat", inputs=("1x3",))
    plan_file.save(plan, tmp_path / "plan.toml")
    monkeypatch.setattr(QMessageBox, "exec", lambda box: None)
    monkeypatch.setattr(QMessageBox, "clickedButton", lambda box: box.buttons()[0])
    data = data_of(tmp_path / "plan.toml")
    drag(window, data)
    drop(window, data)
    assert asked.plans == [plan]
