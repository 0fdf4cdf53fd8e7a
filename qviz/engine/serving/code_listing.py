"""Says what a plan would run on this machine, for those who are elsewhere; needs no torch."""

from __future__ import annotations

import os
import platform
import select
import sys
from collections.abc import Callable
from io import BufferedReader

from qviz.errors import QvizError
from qviz.trust.question import list_here
from qviz.version import __version__
from qviz.wire.elsewhere import WIRE
from qviz.wire.framing import FrameCutter, WireError, read_request
from qviz.wire.messages import CodeListed, EngineHello, ListCode, Message, RunRejected, Speak
from qviz.words import use


def hello() -> EngineHello:
    """Return what the far end of a link says first."""
    return EngineHello(__version__, WIRE, platform.node(), os.getcwd())


def answer_without_torch(request: ListCode | Speak, send: Callable[[Message], None]) -> None:
    """Say what would run, or why that cannot be told; or from now on all in another language."""
    if isinstance(request, Speak):
        use(request.language)
        return
    try:
        send(CodeListed(request.run_id, list_here(request.question, sys.path)))
    except QvizError as error:
        send(RunRejected(request.run_id, error.message, error.hint, int(error.exit_code), option=error.option))


def answer_early(requests: BufferedReader, send: Callable[[Message], None]) -> None:
    """Answer what has come already and needs no torch; anything else is left where it is."""
    while is_waiting(requests):
        try:
            body = next(FrameCutter().feed(requests.peek()), None)
            request = read_request(body) if body is not None else None
        except WireError:
            return  # the server tells
        if body is None or not isinstance(request, ListCode | Speak):
            return
        requests.read(len(b"%d\n" % len(body)) + len(body))
        answer_without_torch(request, send)


def is_waiting(requests: BufferedReader) -> bool:
    """Tell whether a request can be read at once, or the stream has ended."""
    if not hasattr(select, "poll"):
        return True  # Windows cannot look into a pipe; there nothing is done ahead
    poll = select.poll()
    poll.register(requests.fileno(), select.POLLIN)
    return bool(poll.poll(0))
