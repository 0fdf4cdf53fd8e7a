"""Sixty results opened and closed leave nothing behind, nor do dialogs, and a monkey finds no fault."""

from __future__ import annotations

import random
import tempfile
from pathlib import Path

import pytest
from long_days import Day
from monkey import Monkey
from PySide6.QtCore import QCoreApplication, QEvent
from PySide6.QtWidgets import QDialog

from qviz.ui.shell.main_window import MainWindow

CYCLES, EVENTS = 60, 150
pytestmark = pytest.mark.timeout(900)  # many short things: on a busy machine each waits its turn
MEMORY = 1.05
OBJECTS = 1.01


@pytest.fixture
def day(window: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Day:
    window.resize(900, 640)
    made = Day(window, tmp_path / "results", sizes=(3, 12, 30))
    (tmp_path / "results" / "temporary").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "results" / "temporary"))
    return made


def test_sixty_results_leave_nothing_behind(day: Day):
    for path in day.paths:
        day.cycle(path, is_read=path is day.paths[-1])
    before = day.rest()
    for number in range(CYCLES):
        day.cycle(day.paths[number % len(day.paths)], is_read=number == CYCLES // 2)
    after = day.rest()
    assert after.memory < before.memory * MEMORY
    assert after.objects < before.objects * OBJECTS
    more = [name for name, a, b in zip(before._fields, before, after, strict=True) if name != "objects" and b > a]
    assert more in ([], ["memory"]), f"{before} became {after}"


def _dialogs(window: MainWindow) -> list[QDialog]:
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
    return window.findChildren(QDialog)


@pytest.mark.parametrize(
    "name",
    ["palette", "language", "shortcuts", "about", "settings", "documentation", "api_help", "open_recent"],
)
def test_a_dialog_goes_when_it_is_closed(window: MainWindow, name: str):
    window.actions_of[name].trigger()
    [dialog] = _dialogs(window)
    dialog.reject()
    assert _dialogs(window) == []


def test_a_monkey_finds_no_fault(window: MainWindow, tmp_path: Path):
    with Monkey(window, random.Random(4), tmp_path) as monkey:
        monkey.work(EVENTS)
    assert monkey.faults == []
    assert sum(monkey.deeds.values()) >= EVENTS
