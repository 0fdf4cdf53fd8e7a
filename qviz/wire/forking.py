"""How an engine is asked for that a template forks: over a socket that takes the standard streams along.

The template (`qviz/engine/template.py`) has imported torch. The engine that it forks has an owner of its own, which
ends all of it when the connection ends. So whoever holds the connection stands for the engine.

Linux only, the standard library only.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import socket
import struct
import time
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from qviz.wire.memory import descendants

_MAX_ORDER_BYTES = 1 << 20
_PATIENCE_S = 0.25
_OF_START = re.compile(
    "PYTHON|LD_|LC_|LANG|GLIBC_|MALLOC_|OMP_|GOMP_|KMP_|MKL_|OPENBLAS_|GOTO_|DNNL_|ONEDNN_|ATEN_|NPY_|NUMPY_|TORCH|"
    "PYTORCH_|TRITON_|CUDA_|NVIDIA_|HIP_|THP_|HOME$|PATH$|TMPDIR$"
)
"""Of the interpreter, the C library, and the libraries that torch and numpy bring along."""


class Order(NamedTuple):
    """What an engine needs to be as one that was started anew.

    Attributes:
        memory: How many bytes it may hold; 0 for no limit.
        folder: The working folder.
        umask: The bits that new files lack.
        environment: By name; a template that began with another one, where that matters, does not fork.
    """

    memory: int
    folder: str
    umask: int
    environment: dict[str, str]


def of_start(environment: Mapping[str, str]) -> dict[str, str]:
    """Return what a process reads when it begins, and when it imports torch: all else can be changed later."""
    return {name: value for name, value in environment.items() if _OF_START.match(name)}


def listen(name: str) -> socket.socket:
    """Return a socket on which orders arrive; no file stands for its name, which ends with it."""
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(f"\0{name}")
    listener.listen(16)
    return listener


def is_child_of(connection: socket.socket, parent: int) -> bool:
    """Tell whether a process of ours asks that `parent` started; what a model starts is no child of the window."""
    size = struct.calcsize("3i")
    process, user, _ = struct.unpack("3i", connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, size))
    try:
        with open(f"/proc/{process}/stat", "rb") as file:
            return user == os.getuid() and int(file.read().rpartition(b")")[2].split()[1]) == parent
    except OSError:
        return False


def receive(connection: socket.socket) -> tuple[Order, list[int]]:
    """Return an order and its three streams.

    Raises:
        OSError, ValueError: It did not come whole; no stream of it is left open.
    """
    data, streams, _, _ = socket.recv_fds(connection, 4, 3)
    try:
        while len(data) < 4 or len(data) < 4 + struct.unpack("I", data[:4])[0]:
            more = connection.recv(1 << 16)
            if not more or len(data) > _MAX_ORDER_BYTES:
                raise ValueError("an order came in part")
            data += more
        if len(streams) != 3:
            raise ValueError("an order came without its streams")
        return Order(**json.loads(data[4:])), streams
    except (OSError, ValueError, TypeError) as error:  # TypeError: qviz was updated under an open window
        for each in streams:
            os.close(each)
        raise ValueError(str(error)) from error


class Forked:  # pragma: no cover - in a process of its own
    """An engine of a template, for as long as the connection to it lasts."""

    def __init__(self, template: str) -> None:
        self._template = template
        self._connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._owner, self._said = 0, b""

    def start(self, memory: int, streams: Sequence[int]) -> bool:
        """Ask for an engine that has these streams; wait until the template is ready. Tell whether there is one."""
        umask = os.umask(0o077)
        os.umask(umask)
        try:
            order = Order(memory, os.getcwd(), umask, dict(os.environ))
            body = json.dumps(order._asdict()).encode()
            self._connection.connect(f"\0{self._template}")
            socket.send_fds(self._connection, [struct.pack("I", len(body))], streams)
            self._connection.sendall(body)
            answer = self._line()
        except (OSError, ValueError):
            answer = b""
        if not answer:
            self._connection.close()
            return False
        self._owner = int(answer)
        for each in (0, 1):  # the pipes are the engine's: the other side sees it end
            os.close(each)
        return True

    def wait(self) -> int:
        """Return the wait status of the engine; that of a killed one where its owner was."""
        return int(self._line() or signal.SIGKILL)

    def end_all(self) -> None:
        """Have the owner end all, or do it in its place."""
        if not self._owner:
            return
        with contextlib.suppress(OSError):
            self._connection.shutdown(socket.SHUT_WR)
            self._connection.settimeout(_PATIENCE_S)
            while self._connection.recv(64):
                pass
            return
        ends = time.monotonic() + _PATIENCE_S
        while (left := [*descendants(self._owner), self._owner]) and time.monotonic() < ends:
            for each in left:
                with contextlib.suppress(OSError):
                    os.kill(each, signal.SIGKILL)
            if len(left) == 1:
                return

    def _line(self) -> bytes:
        """Return what comes next; nothing where the other side has hung up."""
        while b"\n" not in self._said:
            data = self._connection.recv(64)
            if not data:
                return b""
            self._said += data
        line, _, self._said = self._said.partition(b"\n")
        return line
