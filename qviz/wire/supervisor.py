"""Owns an engine and all that it starts: when one of the three that matter ends, nothing is left.

Run as a program: ``python -I -S supervisor.py PROGRAM ARGUMENTS...``. It starts the program, adopts every process that
this leaves behind (daemons included), and ends as the program did. It kills all of them when it is asked to by SIGTERM,
when what started it is gone, and when the program has ended.

With ``--link`` before PROGRAM it is the far end of a link, where what started it may go on when that breaks: it kills
all, too, when nobody reads any more what the program writes.

Linux only, the standard library only; it is one thread, so that it may fork.

Source:
    prctl(2): PR_SET_CHILD_SUBREAPER, PR_SET_PDEATHSIG.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import select
import signal
import sys
import time
from collections import defaultdict
from types import FrameType

_PR_SET_PDEATHSIG, _PR_SET_CHILD_SUBREAPER = 1, 36
_PARENT_GONE = signal.SIGUSR1
"""Comes when the thread ends that started us, too; only another parent tells that the program is gone."""
LINK = "--link"
_OUTPUT = 1
_GIVE_UP_S = 2.0
_AGAIN_S = 0.005
_OOM_SCORE = b"500"
"""Where memory runs out, the system ends the engine, not the window with the user's work."""


def _prctl(option: int, value: int) -> None:  # pragma: no cover - in a process of its own
    if ctypes.CDLL(None, use_errno=True).prctl(option, value, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl")


def descendants(process_id: int) -> list[int]:
    """Return the processes below one, children before grandchildren; those that are dead already, too."""
    children: defaultdict[int, list[int]] = defaultdict(list)
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                with open(f"/proc/{name}/stat", "rb") as file:
                    stat = file.read()
            except OSError:  # it is gone meanwhile
                continue
            children[int(stat.rpartition(b")")[2].split()[1])].append(int(name))
    found, waiting = list[int](), [process_id]
    while waiting:
        below = children[waiting.pop()]
        found += below
        waiting += below
    return found


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


def _wait(child: int) -> int:  # pragma: no cover - in a process of its own
    """Return the wait status of the command once it has ended; collect all others that do."""
    while True:
        ended, status = os.waitpid(-1, 0)
        if ended == child:
            return status


def _wait_with_link(child: int, woken: int) -> int:  # pragma: no cover - in a process of its own
    """As `_wait`, or until nobody reads standard output; a descriptor tells that a child has ended."""
    poll = select.poll()
    poll.register(woken, select.POLLIN)
    poll.register(_OUTPUT, 0)  # a pipe without a reader, or a socket without a peer
    while True:
        while (ended := os.waitpid(-1, os.WNOHANG))[0]:
            if ended[0] == child:
                return ended[1]
        for descriptor, _ in poll.poll():
            if descriptor == _OUTPUT:
                return signal.SIGKILL
            os.read(woken, 512)


def _woken_by_children() -> int:  # pragma: no cover - in a process of its own
    """Return a descriptor that can be read whenever a child has ended."""
    woken, wakes = os.pipe()
    os.set_blocking(wakes, False)
    signal.set_wakeup_fd(wakes)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    return woken


def _run(command: list[str], parent: int, is_link: bool) -> int:  # pragma: no cover - in a process of its own
    """Start the command, and return its wait status once it has ended."""
    own = os.getpid()
    woken = _woken_by_children() if is_link else 0
    child = os.fork()
    if child == 0:
        try:
            _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
            if os.getppid() != own:
                os._exit(1)
            for each in (signal.SIGTERM, _PARENT_GONE):
                signal.signal(each, signal.SIG_DFL)
            with open("/proc/self/oom_score_adj", "wb") as file:
                file.write(_OOM_SCORE)
        except OSError:
            pass
        try:
            os.execv(command[0], command)  # noqa: S606 - there is no shell in it
        finally:
            os._exit(127)
    for stream in (0,) if is_link else (0, _OUTPUT):  # the pipes are the engine's: the other side sees it end
        os.close(stream)
    if os.getppid() != parent:
        return signal.SIGKILL
    return _wait_with_link(child, woken) if is_link else _wait(child)


def main() -> None:  # pragma: no cover - in a process of its own
    """Own the command that the arguments say."""
    parent, is_link = os.getppid(), sys.argv[1:2] == [LINK]

    def on_terminate(number: int, frame: FrameType | None) -> None:
        kill_all()
        os.kill(os.getpid(), signal.SIGKILL)  # what started us sees an engine that was killed

    def on_parent_gone(number: int, frame: FrameType | None) -> None:
        if os.getppid() != parent:
            on_terminate(number, frame)

    if os.getpgrp() != os.getpid():
        os.setsid()  # a Ctrl-C at the terminal is for the program that started us
    signal.signal(signal.SIGTERM, on_terminate)
    signal.signal(_PARENT_GONE, on_parent_gone)
    _prctl(_PR_SET_PDEATHSIG, _PARENT_GONE)
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)
    status = _run(sys.argv[2 if is_link else 1 :], parent, is_link)
    kill_all()
    if os.WIFSIGNALED(status):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # the engine left one already, if it was to
        if os.WTERMSIG(status) not in (signal.SIGKILL, signal.SIGSTOP):
            signal.signal(os.WTERMSIG(status), signal.SIG_DFL)
        os.kill(os.getpid(), os.WTERMSIG(status))
    os._exit(os.waitstatus_to_exitcode(status))


if __name__ == "__main__":
    main()
