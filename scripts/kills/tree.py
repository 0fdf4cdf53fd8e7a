"""Finds the processes that belong to one trial, whoever their parent is by now, and ends single ones of them."""

from __future__ import annotations

import os
import resource
import secrets
import signal
import time
from pathlib import Path
from typing import NamedTuple

from qviz.wire.memory import children, descendants

MARK = "QVIZ_KILLS"
ORPHAN_S = 2.0
"""How long the system may take until nothing is left."""

KILLS = ("KILL", "SEGV", "ABRT", "STOP", "OOM")


class Marked:
    """All processes that carry a mark of their own in their environment, daemons included (Linux).

    Attributes:
        environment: For the process that the trial begins with.
    """

    def __init__(self, environment: dict[str, str]) -> None:
        self._mark = secrets.token_hex(8)
        self.environment = {**environment, MARK: self._mark}

    @property
    def alive(self) -> list[int]:
        """Those that run, zombies left out."""
        wanted, found = f"{MARK}={self._mark}".encode(), []
        for place in Path("/proc").iterdir():
            if place.name.isdigit() and int(place.name) != os.getpid():
                try:
                    if wanted in place.joinpath("environ").read_bytes().split(b"\0"):
                        found.append(int(place.name))
                except OSError:  # gone, or another user's
                    continue
        return sorted(found)

    def left(self, patience_s: float = ORPHAN_S) -> list[int]:
        """Return what still runs after a while; ends it, so that no trial disturbs the next."""
        until = time.monotonic() + patience_s
        while (there := self.alive) and time.monotonic() < until:
            time.sleep(0.02)
        for each in there:
            end(each, "KILL")
        return there


def command_of(process_id: int) -> str:
    """Return the command line of a process; nothing if it is gone."""
    try:
        return Path(f"/proc/{process_id}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return ""


def engines(marked: Marked) -> list[int]:
    """Return the engines of a trial, the youngest last; neither their supervisors nor what asked for them."""
    return [each for each in marked.alive if "qviz.engine" in (text := command_of(each)) and "supervisor" not in text]


def supervisors(marked: Marked) -> list[int]:
    """Return what stands between a command and its engine: a supervisor, and the keeper that it has forked."""
    return [each for each in marked.alive if "qviz.wire.supervisor" in command_of(each)]


class EngineTree(NamedTuple):
    """The processes of one engine of this process's window.

    Attributes:
        engine: The engine with all that it started, the engine first; none where there is no engine.
        around: What stands between it and the window, by name: ``supervisor``, ``keeper``, and of one that was forked
            ``owner`` and ``template``.
    """

    engine: list[int]
    around: dict[str, int]


def engine_at_work(supervisor: int) -> EngineTree:
    """Return the processes of the engine at work of this process's window.

    Args:
        supervisor: What the window holds: it starts the engine, or a template of this process has forked it.
    """
    if not supervisor:
        return EngineTree([], {})
    around = {"supervisor": supervisor}
    below = descendants(supervisor)
    if not below:
        forking = [each for each in descendants(os.getpid()) if _forks(command_of(each))]
        owners = children(forking[0]) if forking else []
        if owners:
            around |= {"template": forking[0], "owner": max(owners)}
            below = descendants(max(owners))
    if below:
        around["keeper"] = below[0]
    return EngineTree(below[1:], around)


def _forks(command: str) -> bool:
    return "qviz.engine.template" in command and "supervisor" not in command


def end(process_id: int, kill: str) -> bool:
    """End a process by a signal, or by letting it have no more memory; return whether it was there."""
    try:
        if kill == "OOM":
            held = int(Path(f"/proc/{process_id}/statm").read_text().split()[0]) * os.sysconf("SC_PAGE_SIZE")
            resource.prlimit(process_id, resource.RLIMIT_AS, (held, held))
        else:
            os.kill(process_id, signal.Signals[f"SIG{kill}"])
    except (OSError, ValueError):
        return False
    return True
