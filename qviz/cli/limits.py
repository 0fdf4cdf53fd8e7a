"""Ends an engine that takes too long, or too much memory."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import NamedTuple

from qviz.cli.course import Course
from qviz.document.graph import Json
from qviz.document.run_steps import step_arg
from qviz.document.said import Said, StoppedError
from qviz.errors import ExitCode, QvizError
from qviz.wire.client import IS_OWNED, EngineClient
from qviz.wire.supervisor import descendants
from qviz.words import tr

_LOOK_EVERY_S = 0.25
_GIB = 1 << 30


class Limits:
    """Watches one engine while it is used as a context manager; None for no limit.

    Args:
        engine: What is ended.
        seconds: How long it may take, from now on.
        gib: How much memory it may hold, together with the processes that it starts.

    Raises:
        QvizError: This system does not tell how much memory a process holds.
    """

    def __init__(self, engine: EngineClient, seconds: float | None, gib: float | None = None) -> None:
        self._engine, self._seconds, self._gib = engine, seconds, gib
        self._passed = ""
        self._is_over = threading.Event()
        self._watch: threading.Thread | None = None
        if gib is not None and sys.platform == "win32":
            raise QvizError(tr("--memory does not work on Windows"), tr("Leave it out."))
        if gib is not None and engine.link:
            raise QvizError(
                tr("--memory cannot see the memory of another machine"),
                tr("Leave it out, or limit it there: put ulimit or systemd-run into the command of --engine."),
            )

    def __enter__(self) -> Limits:
        if self._seconds is not None or self._gib is not None:
            self._watch = threading.Thread(target=self._look, name="limits", daemon=True)
            self._watch.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over.set()
        if self._watch is not None:
            self._watch.join()

    def _look(self) -> None:
        end = time.monotonic() + self._seconds if self._seconds is not None else None
        while True:
            left = end - time.monotonic() if end is not None else _LOOK_EVERY_S
            if end is not None and left <= 0:
                return self._end("time")
            if self._gib is not None and memory_of(self._engine.process.pid) > self._gib * _GIB:
                return self._end("memory")
            if self._is_over.wait(left if self._gib is None else min(left, _LOOK_EVERY_S)):
                return None

    def _end(self, limit: str) -> None:
        self._passed = limit
        self._engine.end()

    def failure(self, course: Course) -> StoppedError | None:
        """Return the failure if it was a limit that ended the engine, with how far the step at work came."""
        at: dict[str, Json] = {"step": step_arg(course.step, "text")}
        match self._passed:
            case "time":
                how_far, args = course.so_far()
                said = Said(f"stop.time_limit{how_far}", {}, {**at, "seconds": self._seconds, **args})
            case "memory":
                said = Said("stop.memory_limit", {}, {**at, "gib": self._gib})
            case _:
                return None
        return StoppedError(said, ExitCode.FLOW_FAILED)


def memory_of(process_id: int) -> int:
    """Return the bytes of memory that a process holds with all below it; 0 of one that is gone.

    Elsewhere than on Linux those below do not count.
    """
    if IS_OWNED:
        held = [_held(each) for each in (process_id, *descendants(process_id))]
        # Pages of files are shared: those of torch count once.
        return sum(each.own for each in held) + max(each.of_files for each in held)
    try:
        answer = subprocess.run(["ps", "-o", "rss=", "-p", str(process_id)], capture_output=True, check=False)
        return int(answer.stdout or 0) * 1024
    except (OSError, ValueError):
        return 0


class _ProcessMemory(NamedTuple):
    own: int
    of_files: int


def _held(process_id: int) -> _ProcessMemory:
    try:
        lines = Path(f"/proc/{process_id}/status").read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        return _ProcessMemory(0, 0)
    kib = {name: int(rest.split()[0]) for name, _, rest in (each.partition(":") for each in lines) if "Rss" in name}
    return _ProcessMemory((kib.get("RssAnon", 0) + kib.get("RssShmem", 0)) * 1024, kib.get("RssFile", 0) * 1024)
