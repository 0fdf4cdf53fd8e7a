"""Keeps an engine where it can see and kill nothing but what it started: a PID namespace, where Linux allows one.

When the first process of such a namespace ends, the system ends all others of it, daemons included, and waits for them.

Linux only, the standard library only; whoever calls it must be one thread.

Source:
    unshare(2), user_namespaces(7), pid_namespaces(7), prctl(2): PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER.
"""

from __future__ import annotations

import contextlib
import ctypes
import os

MODEL, TRUSTED, LINK = "--model", "--trusted", "--link"
"""What a command is: runs models; runs none, and need not be kept apart; runs models at the far end of a link.

That end is alone when the link breaks, and what started it may go on: then it ends when nobody reads what it writes.
"""
NETWORK = "QVIZ_NETWORK"
"""In the environment: 1 lets all code have the network, 0 none; if not given, the code that the user named herself."""
_PR_SET_PDEATHSIG, _PR_SET_CHILD_SUBREAPER = 1, 36
_CLONE_NEWNS, _CLONE_NEWUSER, _CLONE_NEWPID = 0x00020000, 0x10000000, 0x20000000
_MS_NOSUID, _MS_NODEV, _MS_NOEXEC, _MS_REC, _MS_PRIVATE = 2, 4, 8, 0x4000, 1 << 18
_CAPABILITIES_V3 = 0x20080522


def _call(name: str, *arguments: int | bytes | None) -> None:
    """Call a function of the C library.

    Raises:
        OSError: It did not do it.
    """
    if getattr(ctypes.CDLL(None, use_errno=True), name)(*arguments) != 0:
        raise OSError(ctypes.get_errno(), name)


def end_with_parent(number: int) -> None:
    """Have a signal sent to this process when the thread ends that started it."""
    _call("prctl", _PR_SET_PDEATHSIG, number, 0, 0, 0)


def adopt_orphans() -> None:
    """Make this process the parent of all below it whose own parents end."""
    _call("prctl", _PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def can_isolate() -> bool:
    """Tell whether the children of a process can have a namespace of their own; tried with one that ends at once."""
    child = os.fork()
    if child:
        return os.waitpid(child, 0)[1] == 0
    code = 1
    try:  # pragma: no cover - in a process of its own
        isolate_children()
        inner = os.fork()
        if inner == 0:
            os._exit(0 if _sees_its_own() else 1)
        code = os.waitstatus_to_exitcode(os.waitpid(inner, 0)[1])
    finally:
        os._exit(code)


def _sees_its_own() -> bool:  # pragma: no cover - in a process of its own
    with contextlib.suppress(OSError):
        mount_proc()
        return os.readlink("/proc/self") == "1"
    return False


def isolate_children() -> None:  # pragma: no cover - in a process of its own
    """Give the children that this process starts from now on a namespace; the first one is its number 1.

    Raises:
        OSError: The system does not allow it.
    """
    try:
        _call("unshare", _CLONE_NEWPID)
        return
    except OSError:  # it is for the administrator, unless in a user namespace
        user, group = os.getuid(), os.getgid()
    _call("unshare", _CLONE_NEWUSER | _CLONE_NEWPID)
    for name, text in (("setgroups", "deny"), ("uid_map", f"{user} {user} 1"), ("gid_map", f"{group} {group} 1")):
        with open(f"/proc/self/{name}", "w", encoding="ascii") as file:
            file.write(text)


def mount_proc() -> None:  # pragma: no cover - in a process of its own
    """Show this process, number 1 of its namespace, and all below it what ``/proc`` says of them.

    Raises:
        OSError: The system does not allow it.
    """
    _call("unshare", _CLONE_NEWNS)
    _call("mount", None, b"/", None, _MS_REC | _MS_PRIVATE, None)
    _call("mount", b"proc", b"/proc", b"proc", _MS_NOSUID | _MS_NODEV | _MS_NOEXEC, None)


def drop_capabilities() -> None:  # pragma: no cover - in a process of its own
    """Give up what a user namespace gave; an administrator keeps what she had before."""
    if os.geteuid() != 0:
        header = (ctypes.c_uint32 * 2)(_CAPABILITIES_V3, 0)
        none = (ctypes.c_uint32 * 6)()
        ctypes.CDLL(None, use_errno=True).capset(header, none)


def close_all_but(kept: set[int]) -> None:
    """Close every descriptor above those of the standard streams, except some."""
    for each in map(int, os.listdir("/proc/self/fd")):
        if each > 2 and each not in kept:
            with contextlib.suppress(OSError):  # that of the list itself
                os.close(each)
