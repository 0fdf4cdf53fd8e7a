"""Cuts a byte stream into messages: the length in decimal, a newline, that many bytes of JSON."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

import msgspec

from qviz.document import chunked
from qviz.document.limits import MAX_MESSAGE_BYTES
from qviz.document.time_limit import TookTooLongError, reading
from qviz.wire.checking import ReportChecks
from qviz.wire.messages import Message, Report, Request, RunFinished, StageReached
from qviz.words import tr

LARGE_BYTES = 1 << 20
"""From here on a message takes longer to read than a window may stand still between two frames."""

_MAX_HEAD_BYTES = 11

M = TypeVar("M")


class _Tag(msgspec.Struct):
    message: str = ""


_encoder = msgspec.json.Encoder()
_IN_PIECES: dict[str, type[StageReached | RunFinished]] = {each.__name__: each for each in (StageReached, RunFinished)}
"""Reports that hold as much as the model has nodes."""
_tag = msgspec.json.Decoder(_Tag)
_reports: msgspec.json.Decoder[Report] = msgspec.json.Decoder(Report)
_requests: msgspec.json.Decoder[Request] = msgspec.json.Decoder(Request)


class WireError(Exception):
    """The other side does not speak our protocol; it has to be restarted."""


def pack(message: Message) -> bytes:
    """Return the frame of one message."""
    body = _encoder.encode(message)
    return b"%d\n%s" % (len(body), body)


class FrameCutter:
    """Collects bytes and gives back the bodies of whole messages, unread."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Yield the bodies that `data` completes.

        Raises:
            WireError: A head that is no length, or a frame above the limit.
        """
        self._buffer += data
        start = 0
        try:
            while (frame := self._frame_at(start)) is not None:
                body, start = frame
                yield body
        finally:
            del self._buffer[:start]

    def _frame_at(self, start: int) -> tuple[bytes, int] | None:
        newline = self._buffer.find(b"\n", start, start + _MAX_HEAD_BYTES)
        if newline < 0:
            if len(self._buffer) - start >= _MAX_HEAD_BYTES:
                raise WireError("a message does not begin with its length")
            return None
        head = bytes(self._buffer[start:newline])
        if not head.isdigit():
            raise WireError("a message does not begin with its length")
        end = newline + 1 + int(head)
        if int(head) > MAX_MESSAGE_BYTES:
            raise WireError(f"a message of {int(head)} bytes is above the limit")
        if len(self._buffer) < end:
            return None
        return bytes(self._buffer[newline + 1 : end]), end


class FrameReader(Generic[M]):
    """Collects bytes and gives back whole messages of one type."""

    def __init__(self, read: Callable[[bytes], M]) -> None:
        self._read = read
        self._cutter = FrameCutter()

    def feed(self, data: bytes) -> Iterator[M]:
        """Yield the messages that `data` completes.

        Raises:
            WireError: A head that is no length, a frame above the limit, or JSON of no known message.
        """
        return map(self._read, self._cutter.feed(data))


class ReportReader:
    """Reads what one engine says, in its order, and checks it whole."""

    def __init__(self) -> None:
        self._checks = ReportChecks()

    def read(self, body: bytes) -> Report:
        """Return what the engine says; other threads get their turn while a large report is read.

        Raises:
            WireError: JSON of no known report, too long to read, or one that cannot be right.
        """
        try:
            with reading(tr("a message of the engine")):
                tag = _tag.decode(body).message if len(body) >= LARGE_BYTES else ""
                kind = _IN_PIECES.get(tag)
                report: Report = _reports.decode(body) if kind is None else chunked.decode(body, kind)
                fault = next(self._checks.faults(report), None)
        except Exception as error:  # whatever reading raises, what was sent is to blame
            raise _unreadable(error) from error
        if fault is not None:
            raise WireError(f"{type(report).__name__} cannot be right: {fault}")
        return report


def read_request(body: bytes) -> Request:
    """Return what the engine is asked.

    Raises:
        WireError: JSON of no known request, or too long to read.
    """
    try:
        with reading(tr("a request")):
            return _requests.decode(body)
    except Exception as error:  # whatever reading raises, what was sent is to blame
        raise _unreadable(error) from error


def report_reader() -> FrameReader[Report]:
    """Return a reader of what the engine says."""
    return FrameReader(ReportReader().read)


def request_reader() -> FrameReader[Request]:
    """Return a reader of what the engine is asked."""
    return FrameReader(read_request)


def _unreadable(error: Exception) -> WireError:
    if isinstance(error, TookTooLongError):
        return WireError(error.message)
    return WireError(f"a message could not be read: {error}")
