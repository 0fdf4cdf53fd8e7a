"""An engine on another machine, as the window starts it, shows it, and asks it what would run."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QInputDialog, QLabel
from pytestqt.qtbot import QtBot

from qviz.document.plan import Plan
from qviz.errors import QvizError
from qviz.trust.question import question_of
from qviz.trust.references import NamedBy
from qviz.ui.process.code_listing import CodeLists
from qviz.ui.process.engines import Engines
from qviz.ui.shell.main_window import MainWindow
from qviz.ui.shell.status_bar import StatusBar
from qviz.version import __version__
from qviz.wire import elsewhere
from qviz.wire.client import engine_environment
from qviz.wire.messages import EngineReady

WAIT_MS = 20_000
SAY = """
import sys, time
from qviz.wire.framing import pack
from qviz.wire.messages import *
def say(report):
    sys.stdout.buffer.write(pack(report)); sys.stdout.buffer.flush()
"""
READY = "say(EngineReady({'torch': '9'}, ('x86',))); time.sleep(600)"


@pytest.fixture
def engines(monkeypatch: pytest.MonkeyPatch) -> Iterator[Engines]:
    monkeypatch.setenv(elsewhere.VARIABLE, "")
    made = Engines()
    yield made
    made.shut_down()


def choose(script: str) -> None:
    os.environ[elsewhere.VARIABLE] = shlex.join([sys.executable, "-c", SAY + script])


def test_the_status_says_where_it_runs(engines: Engines, qtbot: QtBot):
    choose(f"say(EngineHello({__version__!r}, {elsewhere.WIRE}, 'gpubox', '/home')); {READY}")
    with qtbot.waitSignal(engines.ready, timeout=WAIT_MS) as told:
        engines.warm_up()
    status = StatusBar()
    qtbot.addWidget(status)
    status.set_engine(told.args[0], engines.host)
    status.show_project(None, is_running=False)
    assert status._engine.text() == "Engine: torch 9, idle on gpubox"
    status.set_engine(EngineReady({"torch": "9"}, ()))
    status.show_project(None, is_running=False)
    assert status._engine.text() == "Engine: torch 9, idle"


def test_the_names_that_another_machine_tells_are_text(qtbot: QtBot):
    status = StatusBar()
    qtbot.addWidget(status)
    status.set_engine(EngineReady({"torch": "<img src='file:///etc/passwd'>\u202e9"}, ()), "<b>host\x1b[2J")
    status.show_project(None, is_running=False)
    (shown,) = (each for each in status.findChildren(QLabel) if "torch" in each.text())
    assert shown.textFormat() is Qt.TextFormat.PlainText
    assert shown.text() == "Engine: torch <img src='file:///etc/passwd'>\\u202e9, idle on <b>host\\x1b[2J"


@pytest.mark.logs
@pytest.mark.parametrize(
    ("script", "code"),
    [
        ("say(EngineHello('0.0.1', 0, 'gpubox', '/'))", "stop.link.versions"),
        (READY, "stop.link.older"),
        ("print('Welcome'); print('to', 'gpubox', flush=True); time.sleep(600)", "stop.link.no_engine"),
        ("sys.exit('ssh: no route')", "stop.link.exit_code"),
    ],
)
def test_what_is_no_such_engine_is_told(script: str, code: str, engines: Engines, qtbot: QtBot):
    choose(script)
    with qtbot.waitSignal(engines.spare_died, timeout=WAIT_MS) as told:
        engines.warm_up()
    assert told.args[0].code == code
    assert any(word in told.args[0].message for word in ("gpubox", "older", "no route"))


def test_what_would_run_is_told_by_the_machine_where_it_would(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, qapp):
    (tmp_path / "model.py").write_text("batches = []\n")
    path = engine_environment()["PYTHONPATH"]
    line = f"cd {tmp_path} && exec env -i PYTHONPATH={path} {sys.executable} -m qviz.engine"
    monkeypatch.setenv(elsewhere.VARIABLE, f"sh -c {shlex.quote(line)}")
    lists, asked = CodeLists(), question_of(Plan("model.py:batches"), (), (), NamedBy.DOCUMENT)
    listing = lists(asked)
    assert [each.path for each in listing.entries[0].files] == [f"{tmp_path}/model.py"]
    assert listing.place == elsewhere.chosen()
    assert lists(asked) is listing, "one click may ask twice"
    with pytest.raises(QvizError, match="gone"):
        lists(question_of(Plan("gone.pt2"), (), (), NamedBy.FILE))


def test_another_command_restarts_the_engine_and_is_remembered(window: MainWindow, monkeypatch):
    found: list[str] = []
    monkeypatch.setenv(elsewhere.VARIABLE, "")
    monkeypatch.setattr(window.engines, "restart", lambda: found.append(elsewhere.chosen()))
    command = f"{sys.executable} -m qviz.engine"
    for text in (command, command, "no-such-program x", ""):
        monkeypatch.setattr(QInputDialog, "getText", lambda *_, given=text, **__: (given, True))
        window.actions_of["choose_engine"].trigger()
    assert found == [command, ""]
    assert window.settings.engine == ""
