"""What no test may leave behind or cause: threads, child processes, timers that run, warnings and errors in a log.

`tests/conftest.py` takes the fixtures in for every test. Warnings of Python are pytest's part and those of Qt
pytest-qt's: `filterwarnings` and `qt_log_level_fail` in pyproject.toml.
"""

from __future__ import annotations

import gc
import logging
import sys
import threading
import time
import weakref
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from PySide6.QtCore import QTimer

PATIENCE_S = 5
"""How long something that is about to end may take to; only waited for where something is left."""

OWN_DAEMONS = ("qviz", "limits")
"""Names of threads that nobody waits for at the end of a process, but that have to be over with their owner."""

LASTING = (
    "layout_",  # of a canvas's executor, which ends when the canvas is collected
    "overlays_",  # of what is laid over two panes, likewise
    "reading_",  # of an engine's reader, likewise
    "multiprocessing.resource_tracker",  # of Python, one for each process that shared memory once
    "qviz.engine.template",  # one for all windows of a process, whose end test_template.py looks at
    "compile_worker",  # of Inductor, whose pool lasts as long as the process
)

LOGS_ANYHOW = (
    "torch._subclasses.fake_tensor",  # of every operator without a result, also where qviz takes that as an answer
    "torch.fx.experimental.symbolic_shapes",  # of a size that depends on data, with the stack of the export
)
"""Loggers of torch that warn of what torch also raises or hands out."""


@pytest.fixture(autouse=True)
def _leaves_nothing_behind() -> Iterator[None]:
    threads, children = set(threading.enumerate()), _children()
    yield
    until = time.monotonic() + PATIENCE_S
    left: list[str] = []
    while (left := _threads(threads) + _processes(children)) and time.monotonic() < until:
        time.sleep(0.01)
    assert not left, f"the test leaves behind: {', '.join(left)}"


def _threads(before: set[threading.Thread]) -> list[str]:
    new = (each for each in threading.enumerate() if each not in before)
    left = (each.name for each in new if not each.daemon or each.name.startswith(OWN_DAEMONS))
    return [f"thread {name}" for name in left if not name.startswith(LASTING)]


def _processes(before: set[int]) -> list[str]:
    commands = {child: _command(child) for child in _children() - before}
    return [f"process {text[:200]}" for text in commands.values() if text and not any(word in text for word in LASTING)]


def _children() -> set[int]:
    """Return the children of this process; none where the system does not tell (it does on Linux)."""
    found: set[int] = set()
    if sys.platform == "linux":
        for task in Path("/proc/self/task").glob("*/children"):
            try:
                found.update(map(int, task.read_text().split()))
            except OSError:  # the thread has just ended
                continue
    return found


def _command(process: int) -> str:
    """Return the command of a process; nothing if it has ended, reaped or not."""
    try:
        directory = Path(f"/proc/{process}")
        state = directory.joinpath("stat").read_text(errors="replace").rpartition(")")[2].split()[0]
        command = directory.joinpath("cmdline").read_text(errors="replace").replace("\0", " ").strip()
    except OSError:
        return ""
    # one that has just begun has no command yet
    return "" if state in "ZX" else command or str(process)


@pytest.fixture(autouse=True)
def _logs_no_fault(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Fail a test in which a warning or an error is logged, unless it reads `caplog` or is marked with `logs`."""
    if "caplog" in request.fixturenames or request.node.get_closest_marker("logs"):
        yield
        return
    usual, faults = logging.getLogRecordFactory(), []

    def make(name: str, level: int, *rest: Any, **more: Any) -> logging.LogRecord:
        record = usual(name, level, *rest, **more)
        if level >= logging.WARNING and name not in LOGS_ANYHOW:
            faults.append(f"{record.levelname} {name}: {record.getMessage()}")
        return record

    # not a handler: the loggers of torch hand nothing up to the root, and a test may look at those of qviz
    logging.setLogRecordFactory(make)
    yield
    logging.setLogRecordFactory(usual)
    assert not faults, f"the test logs: {'; '.join(faults)}"


@pytest.fixture(autouse=True)
def _leaves_no_timer_running(request: pytest.FixtureRequest) -> Iterator[None]:
    """Fail a test after which a timer still runs on an object that outlives the window or widget of the test."""
    if "qtbot" not in request.fixturenames:
        yield
        return
    from PySide6.QtCore import QCoreApplication, QEvent, QTimer

    started: weakref.WeakSet[QTimer] = weakref.WeakSet()
    usual = QTimer.start

    def start(timer: QTimer, *milliseconds: int) -> None:
        started.add(timer)
        usual(timer, *milliseconds)

    QTimer.start = start  # type: ignore[method-assign]
    yield
    QTimer.start = usual  # type: ignore[method-assign]
    # pytest-qt has closed its widgets and asked for their end, which comes with the next event loop
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
    if _running(started):
        gc.collect()  # what only a cycle of references keeps is over
    left = [f"{type(timer.parent()).__name__}, every {timer.interval()} ms" for timer in _running(started)]
    assert not left, f"the test leaves timers running: {'; '.join(left)}"


def _running(timers: Iterable[QTimer]) -> list[QTimer]:
    from shiboken6 import Shiboken

    return [timer for timer in timers if Shiboken.isValid(timer) and timer.isActive()]
