"""Cuts a byte stream into messages: the length in decimal, a newline, that many bytes of JSON."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Generic, TypeVar

import msgspec

from qviz.wire.messages import Message, Report, Request

MAX_MESSAGE_BYTES = 1 << 30
_MAX_HEAD_BYTES = 11

M = TypeVar("M")

_encoder = msgspec.json.Encoder()


class WireError(Exception):
    """The other side does not speak our protocol; it has to be restarted."""


def pack(message: Message) -> bytes:
    """Return the frame of one message."""
    body = _encoder.encode(message)
    return b"%d\n%s" % (len(body), body)


class FrameReader(Generic[M]):
    """Collects bytes and gives back whole messages of one type."""

    def __init__(self, decoder: msgspec.json.Decoder[M]) -> None:
        self._decoder = decoder
        self._buffer = bytearray()

    def feed(self, data: bytes) -> Iterator[M]:
        """Yield the messages that `data` completes.

        Raises:
            WireError: A head that is no length, a frame above the limit, or JSON of no known message.
        """
        self._buffer += data
        start = 0
        try:
            while (frame := self._frame_at(start)) is not None:
                body, start = frame
                yield self._decode(body)
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

    def _decode(self, body: bytes) -> M:
        try:
            return self._decoder.decode(body)
        except msgspec.DecodeError as error:
            raise WireError(f"a message could not be read: {error}") from error


def report_reader() -> FrameReader[Report]:
    """Return a reader of what the engine says."""
    return FrameReader(msgspec.json.Decoder(Report))


def request_reader() -> FrameReader[Request]:
    """Return a reader of what the engine is asked."""
    return FrameReader(msgspec.json.Decoder(Request))
