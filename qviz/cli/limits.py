"""Ends an engine that takes too long, or too much memory."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time

from qviz.cli.course import Course
from qviz.document.graph import Json
from qviz.document.run_steps import step_arg
from qviz.document.said import Said, StoppedError
from qviz.errors import ExitCode, QvizError
from qviz.wire.client import IS_OWNED, EngineClient
from qviz.wire.isolation import NETWORK
from qviz.wire.memory import EXCEEDED, GIB, VARIABLE, limit
from qviz.words import tr

_LOOK_EVERY_S = 1.0
_THERE = "stop.memory_limit.there"


class Limits:
    """Watches one engine while it is used as a context manager.

    Its memory, with that of the processes that it starts, is watched by its supervisor on Linux; elsewhere here.

    Args:
        engine: What is ended.
        seconds: How long it may take, from now on; None for no limit.

    Raises:
        QvizError: The user set a limit of memory, and nothing here can tell how much the engine holds.
    """

    def __init__(self, engine: EngineClient, seconds: float | None) -> None:
        self._engine, self._seconds = engine, seconds
        self._memory = 0 if IS_OWNED or engine.link else limit()
        self._passed = ""
        self._is_over = threading.Event()
        self._watch: threading.Thread | None = None
        if VARIABLE in os.environ and sys.platform == "win32":
            raise QvizError(tr("--memory does not work on Windows"), tr("Leave it out."))
        refuse_elsewhere(engine.link)

    def __enter__(self) -> Limits:
        if self._seconds is not None or self._memory:
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
            if self._memory and held_by(self._engine.process.pid) > self._memory:
                return self._end("memory")
            if self._is_over.wait(min(left, _LOOK_EVERY_S) if self._memory else left):
                return None

    def _end(self, limit: str) -> None:
        self._passed = limit
        self._engine.end()

    def failure(self, course: Course) -> StoppedError | None:
        """Return the failure if it was a limit that ended the engine, with how far the step at work came."""
        at: dict[str, Json] = {"step": step_arg(course.step, "text")}
        if self._passed == "time":
            how_far, args = course.so_far()
            said = Said(f"stop.time_limit{how_far}", {}, {**at, "seconds": self._seconds, **args})
        elif self._passed == "memory" or self._engine.process.returncode == -EXCEEDED:
            is_ours = not self._engine.link
            said = Said("stop.memory_limit", {}, {**at, "gib": limit() / GIB}) if is_ours else Said(_THERE, {}, at)
        else:
            return None
        return StoppedError(said, ExitCode.FLOW_FAILED)


def refuse_elsewhere(link: str) -> None:
    """Refuse options that say something about this machine where the engine is on another one.

    Raises:
        QvizError: One is given, and the engine is at the end of a link.
    """
    if link and VARIABLE in os.environ:
        raise QvizError(
            tr("--memory cannot see the memory of another machine"),
            tr("Leave it out, or set {variable} there, in GiB.", variable=VARIABLE),
        )
    if link and NETWORK in os.environ:
        raise QvizError(
            tr("--network and --no-network do not reach another machine"),
            tr("Leave them out, or set {variable} there, to 1 or 0.", variable=NETWORK),
        )


def held_by(process_id: int) -> int:
    """Return the bytes of memory that a process holds, without those below it; 0 of one that is gone."""
    try:
        answer = subprocess.run(["ps", "-o", "rss=", "-p", str(process_id)], capture_output=True, check=False)
        return int(answer.stdout or 0) * 1024
    except (OSError, ValueError):
        return 0
