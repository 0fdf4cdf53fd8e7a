"""A window whose engines are replaced by one that the test speaks for."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QSettings
from pytestqt.qtbot import QtBot

from qviz.document.plan import Plan
from qviz.ui.process.engines import Engines
from qviz.ui.settings import Settings
from qviz.ui.shell.main_window import MainWindow


class Asked:
    """What the window asked its engines for."""

    def __init__(self) -> None:
        self.plans: list[Plan] = []
        self.guesses: list[Plan] = []
        self.tries: list[Plan] = []
        self.cancelled = 0


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Asked:
    record = Asked()

    def run(engines: Engines, plan: Plan) -> None:
        record.plans.append(plan)
        engines.is_running = True

    def cancel(engines: Engines) -> None:
        record.cancelled += 1
        engines.is_running = False

    monkeypatch.setattr(Engines, "run", run)
    monkeypatch.setattr(Engines, "guess_call", lambda engines, plan: record.guesses.append(plan))
    monkeypatch.setattr(Engines, "try_call", lambda engines, plan: record.tries.append(plan))
    monkeypatch.setattr(Engines, "cancel", cancel)
    monkeypatch.setattr(Engines, "warm_up", lambda engines: None)
    return record


@pytest.fixture
def window(qtbot: QtBot, asked: Asked, tmp_path: Path) -> Iterator[MainWindow]:
    QSettings.setPath(QSettings.Format.NativeFormat, QSettings.Scope.UserScope, str(tmp_path))
    made = MainWindow(Settings())
    qtbot.addWidget(made)
    made.resize(1200, 800)
    with qtbot.waitExposed(made):
        made.show()
    yield made
    made.close()
