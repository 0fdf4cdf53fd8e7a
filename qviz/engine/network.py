"""Keeps code that a plan or a document named off the network, where the system can say so.

Linux on x86-64 and aarch64: a seccomp filter, which this process and all that it starts never lose. It lets sockets of
the machine itself be made (AF_UNIX), and no others; a socket of the network then fails with ENONET, "Machine is not on
the network". io_uring, which would make sockets past the filter, is refused too. Elsewhere nothing is kept off.

Source:
    seccomp(2); Linux, include/uapi/linux/seccomp.h, filter.h, audit.h.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import struct
import sys
from collections.abc import Iterable
from typing import NamedTuple

from qviz.trust.grants import Grant
from qviz.trust.references import NamedBy
from qviz.wire.isolation import NETWORK


class _SystemCalls(NamedTuple):
    """Numbers of an architecture's system calls; `foreign` is a bit of those of another set of them, 0 for none."""

    audit: int
    seccomp: int
    socket: int
    foreign: int


_MACHINES = {
    "x86_64": _SystemCalls(0xC000003E, 317, 41, 0x40000000),
    "aarch64": _SystemCalls(0xC00000B7, 277, 198, 0),
}
_IO_URING_SETUP = 425
_PR_SET_NO_NEW_PRIVS, _SET_MODE_FILTER, _ALL_THREADS = 38, 1, 1
_LOAD, _JUMP_EQUAL, _JUMP_SET, _RETURN = 0x20, 0x15, 0x45, 0x06
_NUMBER_AT, _MACHINE_AT, _FIRST_ARGUMENT_AT = 0, 4, 16
_ALLOW, _FAIL = 0x7FFF0000, 0x00050000
_AF_UNIX, _AF_NETLINK = 1, 16

_refusals: list[bool] = []


def is_refused() -> bool:
    """Tell whether this process has lost the network."""
    return any(_refusals)


def is_wanted(grants: Iterable[Grant]) -> bool:
    """Tell whether what a request runs may have the network: by what the user said, else if she named all of it."""
    said = os.environ.get(NETWORK)
    return said == "1" if said in ("0", "1") else all(each.origin is NamedBy.TYPED for each in grants)


def can_refuse() -> bool:
    """Tell whether this system can keep code off the network."""
    return sys.platform == "linux" and platform.machine() in _MACHINES and sys.maxsize > 1 << 32


def refuse() -> bool:
    """Keep this process, and all that it starts, off the network for ever; tell whether the system does it."""
    if is_refused() or not can_refuse():
        return is_refused()
    machine, libc = _MACHINES[platform.machine()], ctypes.CDLL(None, use_errno=True)
    program = _program(machine)
    instructions = ctypes.create_string_buffer(program, len(program))
    filter_ = struct.pack("HxxxxxxQ", len(program) // 8, ctypes.addressof(instructions))
    if libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0:
        _refusals.append(libc.syscall(machine.seccomp, _SET_MODE_FILTER, _ALL_THREADS, filter_) == 0)
    return is_refused()


def keep_off(grants: Iterable[Grant]) -> None:
    """Refuse the network to a request that is not to have it, and to all that this process does afterwards."""
    if not is_wanted(grants):
        refuse()


def _program(machine: _SystemCalls) -> bytes:
    """Return the filter, in the language of the Berkeley Packet Filter."""
    unknown, refused = _FAIL | errno.ENOSYS, _FAIL | errno.ENONET
    lines = [
        (_LOAD, 0, 0, _MACHINE_AT),
        (_JUMP_EQUAL, 1, 0, machine.audit),
        (_RETURN, 0, 0, unknown),
        (_LOAD, 0, 0, _NUMBER_AT),
        *([(_JUMP_SET, 0, 1, machine.foreign), (_RETURN, 0, 0, unknown)] if machine.foreign else []),
        (_JUMP_EQUAL, 0, 1, _IO_URING_SETUP),
        (_RETURN, 0, 0, unknown),
        (_JUMP_EQUAL, 1, 0, machine.socket),
        (_RETURN, 0, 0, _ALLOW),
        (_LOAD, 0, 0, _FIRST_ARGUMENT_AT),
        (_JUMP_EQUAL, 1, 0, _AF_UNIX),
        (_JUMP_EQUAL, 0, 1, _AF_NETLINK),
        (_RETURN, 0, 0, _ALLOW),
        (_RETURN, 0, 0, refused),
    ]
    return b"".join(struct.pack("HBBI", *line) for line in lines)
