"""A window with real engines, and someone who uses it."""

from __future__ import annotations

import os

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QSettings
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from qviz.ui.process.engines import Engines
from qviz.ui.settings import Settings
from qviz.ui.shell import main_window
from qviz.ui.shell.main_window import MainWindow
from qviz.wire import template
from tests.end_to_end.user import User


class SharedEngines(Engines):
    """Engines that outlive the window of a test: importing torch takes longer than most of what is tested."""

    def shut_down(self) -> None:
        """Let the window go, and keep for the next what forks engines, or the engines."""
        if self._is_forking:
            self.end_engines()
        elif self.is_running:
            self.cancel()

    def close(self) -> None:
        """Stay open for the next window."""
        self.shut_down()

    def end(self) -> None:
        """End them."""
        super().shut_down()


@pytest.fixture(scope="session")
def engines(qapp: QApplication) -> Iterator[SharedEngines]:
    """Return an engine and its spare, which are there before the first test."""
    made = SharedEngines()
    made.warm_up()
    made._worker, made._spare = made._spare, None
    made.warm_up()
    yield made
    made.end()


@pytest.fixture
def user(qtbot: QtBot, engines: SharedEngines, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[User]:
    """Return a user before a new window of the size of a laptop."""
    monkeypatch.setattr(main_window, "Engines", lambda _parent: engines)
    yield from _before_a_window(qtbot, tmp_path)


@pytest.fixture
def lone_user(qtbot: QtBot, engines: SharedEngines, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[User]:
    """Return a user whose window has engines of its own, which may die; what forks them is everybody's."""
    monkeypatch.setattr(template, "end_template", lambda: None)
    yield from _before_a_window(qtbot, tmp_path)


def _before_a_window(qtbot: QtBot, folder: Path) -> Iterator[User]:
    QSettings.setPath(QSettings.Format.NativeFormat, QSettings.Scope.UserScope, str(folder))
    window = MainWindow(Settings())
    qtbot.addWidget(window)
    window.resize(1366, 768)
    with qtbot.waitActive(window):
        window.show()
        window.activateWindow()
    window.engines.warm_up()
    user = User(window)
    yield user
    user.leave()
    window.close()
