"""Owns an engine and all that it starts: when one of the three that matter ends, nothing is left.

`main` is a program. It starts the command of its arguments, or asks the template for an engine (`forking.py`), and ends
as that did. It kills all when it is asked to by SIGTERM, when what started it is gone, when the engine has ended, and
when all together hold more memory than they may.

An owner starts a keeper, and this starts the engine. Where the system allows it the keeper is the first process of a
namespace (`isolation.py`): nothing in it can reach the owner. Elsewhere both adopt what the engine leaves, daemons too.

Linux only, the standard library only; it is one thread, so that it may fork.

Source:
    prctl(2): PR_SET_CHILD_SUBREAPER, PR_SET_PDEATHSIG.
"""

from __future__ import annotations

import contextlib
import os
import resource
import select
import signal
import sys
import time
from collections.abc import Callable, Sequence
from types import FrameType
from typing import NoReturn

from qviz.wire.isolation import (
    LINK,
    TRUSTED,
    adopt_orphans,
    can_isolate,
    close_all_but,
    drop_capabilities,
    end_with_parent,
    isolate_children,
    mount_proc,
)
from qviz.wire.memory import EXCEEDED, descendants, exceeds

_OUTPUT = 1
PARENT_GONE = signal.SIGCONT if sys.platform != "win32" else signal.SIGTERM
"""Wakes a process that was stopped, too. It also comes when only the thread ends that started us, and from whoever
wakes a stopped process: only another parent tells that the program is gone."""
_GIVE_UP_S = 2.0
_AGAIN_S = 0.005
_OOM_SCORE = b"500"
"""Where memory runs out, the system ends the engine, not the window with the user's work."""
_FASTEST = 8 << 30
"""Bytes a second by which memory grows at most: so long it can be left alone."""
_LOOK_AFTER_S = (0.05, 1.0)


def kill_all() -> None:  # pragma: no cover - in a process of its own
    """Kill and collect all descendants, and those that they start meanwhile."""
    ends = time.monotonic() + _GIVE_UP_S
    while (left := descendants(os.getpid())) and time.monotonic() < ends:
        for each in left:
            with contextlib.suppress(OSError):
                os.kill(each, signal.SIGKILL)
        _collect()
        time.sleep(_AGAIN_S)


def _collect() -> None:  # pragma: no cover - in a process of its own
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


class Owner:  # pragma: no cover - in a process of its own
    """Starts one engine, waits for its end, and leaves nothing of it.

    Args:
        memory: How many bytes all of it may hold; 0 for no limit.
        is_isolated: Whether the engine gets a namespace, which `can_isolate` found to be possible.
    """

    def __init__(self, memory: int = 0, is_isolated: bool = False) -> None:
        self._memory, self._is_isolated = memory, is_isolated
        self._keeper = self._told = -1

    def start(self, become: Callable[[], NoReturn], streams: Sequence[int]) -> None:
        """Start the engine.

        Args:
            become: What the engine's process does.
            streams: Descriptors that are for the engine alone.
        """
        adopt_orphans()
        own, (self._told, told) = os.getpid(), os.pipe()
        if self._is_isolated:
            isolate_children()
        self._keeper = os.fork()
        if self._keeper == 0:
            try:
                _keep(own, self._is_isolated, told, become, streams)
            finally:
                os._exit(1)
        for each in (told, *streams):
            os.close(each)

    def wait(self, hang_up: int | None = None, is_written: bool = False) -> int:
        """Return the wait status of the engine once it has ended; `EXCEEDED` if it held too much.

        Args:
            hang_up: A connection whose end ends all.
            is_written: It ends when nobody reads it any more, else when the other side writes no more.
        """
        poll = select.poll()
        poll.register(self._told, select.POLLIN)
        if hang_up is not None:
            poll.register(hang_up, 0 if is_written else select.POLLIN)
        pause = _LOOK_AFTER_S[0]
        while True:
            ready = poll.poll(pause * 1000 if self._memory else None)
            if any(each == self._told for each, _ in ready):
                said = os.read(self._told, 16)
                return int(said) if said else signal.SIGKILL
            if ready:
                return signal.SIGKILL
            is_over, left = exceeds(self._keeper, self._memory)
            if is_over:
                return EXCEEDED
            pause = min(max(left / _FASTEST, _LOOK_AFTER_S[0]), _LOOK_AFTER_S[1])

    def end_all(self) -> None:
        """Kill all that is left."""
        if self._keeper > 0:
            with contextlib.suppress(OSError):
                os.kill(self._keeper, signal.SIGKILL)
            if self._is_isolated:
                with contextlib.suppress(ChildProcessError):
                    os.waitpid(self._keeper, 0)  # it ends when all of its namespace have: nothing else is ours
                return
        kill_all()


def _keep(
    owner: int, is_isolated: bool, told: int, become: Callable[[], NoReturn], streams: Sequence[int]
) -> None:  # pragma: no cover - in a process of its own
    """Start the engine, adopt what it leaves, and say how it ended."""

    def on_owner_gone(number: int, frame: FrameType | None) -> None:
        if os.getppid() != owner:
            kill_all()
            os._exit(1)

    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.signal(PARENT_GONE, signal.SIG_IGN if is_isolated else on_owner_gone)
    end_with_parent(signal.SIGKILL if is_isolated else PARENT_GONE)
    poll = select.poll()
    poll.register(told, 0)
    if poll.poll(0):  # the owner ended before this could be noticed
        return
    if is_isolated:
        mount_proc()
    else:
        adopt_orphans()
    close_all_but({told, *streams})
    own = os.getpid()
    engine = os.fork()
    if engine == 0:
        try:
            os.close(told)
            _begin(own)
            become()
        finally:
            os._exit(127)
    for each in streams:
        os.close(each)
    ended, status = os.waitpid(-1, 0)
    while ended != engine:
        ended, status = os.waitpid(-1, 0)
    os.write(told, b"%d" % status)
    if not is_isolated:
        kill_all()
    os._exit(0)


def _begin(keeper: int) -> None:  # pragma: no cover - in a process of its own
    with contextlib.suppress(OSError):
        end_with_parent(signal.SIGKILL)
        if os.getppid() != keeper:
            os._exit(1)
        signal.signal(PARENT_GONE, signal.SIG_DFL)
        drop_capabilities()
        with open("/proc/self/oom_score_adj", "wb") as file:
            file.write(_OOM_SCORE)


def end_like(status: int) -> NoReturn:  # pragma: no cover - in a process of its own
    """End as a process of that wait status did."""
    if os.WIFSIGNALED(status):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # the engine left one already, if it was to
        if os.WTERMSIG(status) not in (signal.SIGKILL, signal.SIGSTOP):
            signal.signal(os.WTERMSIG(status), signal.SIG_DFL)
        os.kill(os.getpid(), os.WTERMSIG(status))
    os._exit(os.waitstatus_to_exitcode(status))


def main() -> None:  # pragma: no cover - in a process of its own
    """Own the command that the arguments say: the limit of memory in bytes, template or "", role, command."""
    from qviz.wire.forking import Forked

    parent = os.getppid()
    memory, template, role, command = int(sys.argv[1]), sys.argv[2], sys.argv[3], sys.argv[4:]
    owning: list[Forked | Owner] = []

    def on_terminate(number: int, frame: FrameType | None) -> None:
        for each in owning:
            each.end_all()
        os.kill(os.getpid(), signal.SIGKILL)  # what started us sees an engine that was killed

    def on_parent_gone(number: int, frame: FrameType | None) -> None:
        if os.getppid() != parent:
            on_terminate(number, frame)

    if os.getpgrp() != os.getpid():
        os.setsid()  # a Ctrl-C at the terminal is for the program that started us
    signal.signal(signal.SIGTERM, on_terminate)
    signal.signal(PARENT_GONE, on_parent_gone)
    end_with_parent(PARENT_GONE)
    if os.getppid() != parent:
        return
    if template:
        forked = Forked(template)
        owning.append(forked)
        if forked.start(memory, streams=(0, 1, 2)):
            end_like(forked.wait())
        owning.clear()
    owner = Owner(memory, role != TRUSTED and can_isolate())
    owning.append(owner)
    streams = (0,) if role == LINK else (0, _OUTPUT)  # the pipes are the engine's: the other side sees it end
    owner.start(lambda: os.execv(command[0], command), streams)  # noqa: S606 - there is no shell in it
    status = owner.wait(_OUTPUT, is_written=True) if role == LINK else owner.wait()
    owner.end_all()
    end_like(status)
