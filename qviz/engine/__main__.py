"""The engine process, which speaks on its standard streams.

``python -m qviz.engine`` is the far end of a link, as in ``--engine "ssh HOST python -m qviz.engine"``: it says first
who it is, and on Linux nothing of it outlives the link.
"""

from __future__ import annotations

import gc
import os
import select
import signal
import sys
import threading
import warnings
from io import BufferedReader, BufferedWriter
from typing import NamedTuple

from qviz.words.language import use_environment

_BOOT = "import sys; sys.path[:1] == [''] and sys.path.pop(0); from qviz.engine.__main__ import main; main(True)"


class Streams(NamedTuple):
    """The two ends of the wire."""

    requests: BufferedReader
    reports: BufferedWriter


def link() -> None:
    """Serve the other end of a link."""
    from qviz.wire.client import IS_OWNED, owned, with_this_qviz
    from qviz.wire.isolation import LINK

    if not IS_OWNED:
        main(is_link=True)
        return
    environment = {**os.environ, **with_this_qviz()}  # it may have been found in the working folder
    command = owned([sys.executable, "-c", _BOOT], role=LINK)
    os.execve(command[0], command, environment)  # noqa: S606 - no shell


def main(is_link: bool = False) -> None:
    """Begin an engine, and answer until the other side hangs up."""
    begin()
    streams = take_streams()
    if is_link:
        _introduce(streams)
    import_all()
    answer(streams)


def begin() -> None:
    """Set what holds for a whole process, before torch is there."""
    use_environment()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the program that started us; it ends us
    sys.dont_write_bytecode = True  # a file saved twice in a second would be taken for the one before
    # Importing Inductor starts a worker for each core, whose start slows what runs beside it three times down.
    os.environ.setdefault("TORCHINDUCTOR_COMPILE_THREADS", "1")
    # Large blocks of memory on huge pages, which go back to the system at once: a measurement of resnet50 takes
    # half the memory and a tenth less time. torch reads it at the first tensor; without huge pages nothing changes.
    os.environ.setdefault("THP_MEM_ALLOC_ENABLE", "1")


def take_streams() -> Streams:
    """Keep the real standard streams for the wire, so that neither print nor input disturbs it."""
    requests = os.fdopen(os.dup(0), "rb")
    reports = os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    _end_when_nobody_listens(reports.fileno())
    return Streams(requests, reports)


def import_all() -> None:
    """Import torch and all that every request needs."""
    gc.disable()  # nothing of torch is garbage; looking for it takes a tenth of the import
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch.ao's deprecation notes at import
        import qviz.engine.serving.server  # noqa: F401 - brings all of it
        from qviz.engine.loading.broker import refuse_all
        from qviz.extensions import load_extensions

        load_extensions()
    refuse_all()


def answer(streams: Streams, is_forked: bool = False) -> None:
    """Serve until the other side hangs up."""
    from qviz.engine.serving.server import serve

    serve(streams.requests, streams.reports, is_forked)


def _introduce(streams: Streams) -> None:
    """Say who this is, and answer at once what needs no torch."""
    from qviz.engine.serving.code_listing import answer_early, hello
    from qviz.wire.framing import pack
    from qviz.wire.messages import Message

    def send(message: Message) -> None:
        streams.reports.write(pack(message))
        streams.reports.flush()

    send(hello())
    answer_early(streams.requests, send)


def _end_when_nobody_listens(reports: int) -> None:
    """End in the middle of a run, too, when the other side is gone, as after the window was killed."""
    if not hasattr(select, "poll"):
        return  # Windows cannot watch a pipe; there the next report finds out

    def watch() -> None:
        poll = select.poll()
        poll.register(reports, 0)
        poll.poll()
        os._exit(0)

    threading.Thread(target=watch, name="qviz-listener", daemon=True).start()


if __name__ == "__main__":
    link()
