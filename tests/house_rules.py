"""What no test may leave behind or cause: threads, child processes, warnings and errors in the log of qviz.

Warnings of Qt are pytest-qt's part: `qt_log_level_fail` in pyproject.toml.
"""

from __future__ import annotations

import logging
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

PATIENCE_S = 5
"""How long something that is about to end may take to; only waited for where something is left."""

OWN_DAEMONS = ("qviz", "limits")
"""Names of threads that nobody waits for at the end of a process, but that have to be over with their owner."""

LASTING = (
    "layout_",  # of a canvas's executor, which ends when the canvas is collected
    "reading_",  # of an engine's reader, likewise
    "multiprocessing.resource_tracker",  # of Python, one for each process that shared memory once
    "compile_worker",  # of Inductor, whose pool lasts as long as the process
)


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
    return [f"process {text}" for text in commands.values() if text and not any(word in text for word in LASTING)]


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
        return Path(f"/proc/{process}/cmdline").read_text(errors="replace").replace("\0", " ").strip()[:200]
    except OSError:
        return ""


class _Unexpected(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.records: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(f"{record.levelname} {record.name}: {record.getMessage()}")


@pytest.fixture(autouse=True)
def _logs_no_fault(request: pytest.FixtureRequest) -> Iterator[None]:
    """Fail a test in which qviz logs a warning or an error, unless it has a log of its own or is marked with `logs`."""
    if {"caplog", "own_log"} & set(request.fixturenames) or request.node.get_closest_marker("logs"):
        yield
        return
    handler = _Unexpected()
    handler.addFilter(logging.Filter("qviz"))
    logger = logging.getLogger()  # a test may look at the handlers of qviz's own
    logger.addHandler(handler)
    yield
    logger.removeHandler(handler)
    assert not handler.records, f"qviz logged: {'; '.join(handler.records)}"
