from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from pytestqt.qtbot import QtBot

from qviz.document.plan import Plan
from qviz.ui.shell.main_window import MainWindow
from qviz.wire.messages import ModelLoaded
from tests.ui.window.conftest import Asked
from tests.ui.window.test_window import CAPTURED, finished, hear, reached, words


@pytest.fixture
def file(tmp_path: Path) -> Path:
    made = tmp_path / "models" / "net.py"
    made.parent.mkdir()
    made.write_text("1")
    return made


@pytest.fixture
def ran(window: MainWindow, asked: Asked, file: Path) -> MainWindow:
    window.opener.open_plan(Plan(source=f"{file}:Net", flow="fx-static"))
    loaded = ModelLoaded(1, "Net", 3, 10, 40, ("1×3 float32",), str(file))
    hear(window, loaded, reached(CAPTURED), finished())
    return window


def test_a_file_that_an_editor_moves_away_first_is_noticed_too(ran: MainWindow, qtbot: QtBot, file: Path):
    assert ran.desk is not None
    watcher = ran.desk._runs._watcher
    with qtbot.waitSignal(watcher.fileChanged):
        file.rename(file.with_suffix(".py~"))
    assert "saved again" not in words(ran)
    file.write_text("2")
    qtbot.waitUntil(lambda: "net.py has changed." in words(ran))


def test_other_files_of_the_folder_are_nobodys_business(ran: MainWindow, qtbot: QtBot, file: Path):
    assert ran.desk is not None
    with qtbot.waitSignal(ran.desk._runs._watcher.directoryChanged):
        (file.parent / "other.py").write_text("1")
    assert "saved again" not in words(ran)


def test_a_relative_source_is_found_again_from_elsewhere(window, asked: Asked, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    window.opener.open_plan(Plan(source="net.py:Net", flow="fx-static"))
    run = msgspec.structs.replace(finished().run, source="net.py:Net")
    hear(window, reached(CAPTURED), msgspec.structs.replace(finished(), run=run))
    assert window.settings.recent[0][0] == f"{tmp_path}/net.py:Net"
