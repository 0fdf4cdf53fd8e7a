"""The template process: has imported torch, runs nothing, and forks an engine whenever the window asks for one.

So an engine is there at once, and is as new as one that was started: what a model did to torch is in another process.
A fork copies one thread alone; a lock that another one holds would stay held for ever. So the template never runs an
operator, which would start torch's threads, and forks only while it is one thread.

Linux only.
"""

from __future__ import annotations

import atexit
import contextlib
import ctypes
import gc
import os
import random
import select
import signal
import socket
import sys
import threading
import traceback
from pathlib import Path
from types import FrameType
from typing import NoReturn

from qviz.engine.__main__ import answer, begin, import_all, take_streams
from qviz.engine.serving.warm_up import import_next, steps
from qviz.wire.forking import Order, is_child_of, of_start, receive
from qviz.wire.isolation import adopt_orphans, can_isolate, close_all_but, end_with_parent
from qviz.wire.memory import children
from qviz.wire.supervisor import PARENT_GONE, Owner

_BLAS_THREADS = "OPENBLAS_NUM_THREADS"
"""OpenBLAS, which numpy brings along, starts its threads when it is imported; torch's start with its first operator."""


class EngineForker:
    """Forks engines.

    Args:
        listener: The socket on which it is asked.
        window: The process whose children may ask.
    """

    def __init__(self, listener: socket.socket, window: int) -> None:
        self._listener, self._window = listener, window
        self._environment = of_start(os.environ)
        self._is_isolated = can_isolate()
        self._owners: set[int] = set()

    def serve(self) -> NoReturn:
        """Import what engines need, and answer orders; those that come meanwhile wait."""
        os.environ[_BLAS_THREADS] = "1"
        begin()
        import_all()
        adopt_orphans()
        signal.signal(signal.SIGCHLD, self._on_child_ended)
        left = steps()
        while True:
            if select.select([self._listener], [], [], 0 if left else None)[0]:
                self._answer(self._listener.accept()[0])
            else:
                import_next(left)

    def _answer(self, connection: socket.socket) -> None:
        """Fork an engine, or hang up."""
        with connection, contextlib.suppress(OSError, ValueError):
            if not is_child_of(connection, self._window):
                return
            order, streams = receive(connection)
            try:
                if of_start(order.environment) == self._environment and threads() == 1:
                    self._fork(order, streams, connection)
            finally:
                for each in streams:
                    os.close(each)

    def _fork(self, order: Order, streams: list[int], connection: socket.socket) -> None:
        gc.freeze()  # a collection in the engine would copy all pages
        own = os.getpid()
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGCHLD})
        try:
            owner = os.fork()
            if owner == 0:  # pragma: no cover - in a process of its own
                try:
                    _own(own, order, streams, connection, self._is_isolated)
                finally:
                    os._exit(1)
            self._owners.add(owner)
        finally:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGCHLD})

    def _on_child_ended(self, number: int, frame: FrameType | None) -> None:
        """Collect owners that ended, and kill what one of them left because the model had killed it."""
        with contextlib.suppress(ChildProcessError):
            while (ended := os.waitpid(-1, os.WNOHANG)[0]) != 0:
                self._owners.discard(ended)
        for each in children(os.getpid()):
            if each not in self._owners:
                with contextlib.suppress(OSError):
                    os.kill(each, signal.SIGKILL)


def threads() -> int:
    """Return how many threads this process has, those that Python does not know of too."""
    return len(os.listdir("/proc/self/task"))


def _own(
    template: int, order: Order, streams: list[int], connection: socket.socket, is_isolated: bool
) -> None:  # pragma: no cover - in a process of its own
    """Own one engine until it ends, or the connection does."""
    owner = Owner(order.memory, is_isolated)

    def on_template_gone(number: int, frame: FrameType | None) -> None:
        if os.getppid() != template:
            owner.end_all()
            os._exit(1)

    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGCHLD})
    signal.signal(PARENT_GONE, on_template_gone)
    end_with_parent(PARENT_GONE)
    if os.getppid() != template:
        return
    os.setsid()
    close_all_but({connection.fileno(), *streams})
    owner.start(lambda: _be_engine(order, streams), streams)
    connection.sendall(b"%d\n" % os.getpid())
    status = owner.wait(connection.fileno())
    owner.end_all()
    with contextlib.suppress(OSError):
        connection.sendall(b"%d\n" % status)
    os._exit(0)


def _be_engine(order: Order, streams: list[int]) -> NoReturn:  # pragma: no cover - in a process of its own
    """Become what a process is that was started with this order, and end as it would."""
    code = 1
    try:
        for number, each in enumerate(streams):
            os.dup2(each, number)
        close_all_but(set())
        os.umask(order.umask)
        with contextlib.suppress(OSError):  # it is gone meanwhile
            os.chdir(order.folder)
        os.environ.clear()
        os.environ.update(order.environment)
        begin()
        restore_blas_threads()
        _seed_anew()
        answer(take_streams(), is_forked=True)
        threading._shutdown()  # type: ignore[attr-defined] # noqa: SLF001 - as Python ends, but for what it frees
        atexit._run_exitfuncs()  # noqa: SLF001
        code = 0
    except SystemExit as end:
        code = code_of(end)
    except BaseException:  # an engine that was started would end with it
        traceback.print_exc()
    finally:
        with contextlib.suppress(Exception):
            sys.stderr.flush()
        os._exit(code)


def code_of(end: SystemExit) -> int:
    """Return the code with which Python ends a process, and say what it would say."""
    if end.code is None or isinstance(end.code, int):
        return end.code or 0
    sys.stderr.write(f"{end.code}\n")
    return 1


def _seed_anew() -> None:
    """Give this engine its own unpredictable start, where it would have had one; torch's is the same in each."""
    random.seed()
    if (numpy := sys.modules.get("numpy")) is not None:
        numpy.random.seed()
    if (processes := sys.modules.get("multiprocessing.process")) is not None:
        processes.current_process().authkey = os.urandom(32)


def restore_blas_threads() -> None:
    """Let numpy's OpenBLAS use as many threads as it would have chosen."""
    asked = (os.environ.get(each, "") for each in (_BLAS_THREADS, "GOTO_NUM_THREADS", "OMP_NUM_THREADS"))
    count = next((int(each) for each in asked if each.isdigit() and int(each)), len(os.sched_getaffinity(0)))
    if (numpy := sys.modules.get("numpy")) is None or count == 1:
        return
    folder = Path(str(numpy.__file__)).parents[1] / "numpy.libs"
    for path in sorted(folder.glob("lib*openblas*")):
        library = ctypes.CDLL(str(path))
        for prefix in ("scipy_openblas", "openblas"):
            for suffix in ("64_", ""):
                if hasattr(library, name := f"{prefix}_set_num_threads{suffix}"):
                    getattr(library, name)(count)
                    return


def main() -> NoReturn:
    """Be the template of the window whose process id is the argument; standard input is the socket."""
    window = int(sys.argv[1])
    sys.argv = ["-c"]  # as an engine has it
    listener = socket.socket(fileno=os.dup(0))
    with open(os.devnull, "rb") as nothing:
        os.dup2(nothing.fileno(), 0)
    EngineForker(listener, window).serve()
