"""Opens files once: what was hashed is what is read, whatever stands at the path later."""

from __future__ import annotations

import hashlib
import io
import os
import stat
from pathlib import Path
from typing import BinaryIO, NamedTuple

from qviz.errors import QvizError
from qviz.words import tr
from qviz.words.formats import size

_CHUNK_BYTES = 1 << 22
_IN_MEMORY_BYTES = 256 << 20
"""Up to here the bytes that were hashed are kept themselves; a larger file stays open."""
_READ_NOW = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)


class OpenedFile(NamedTuple):
    """A file that was opened once.

    Attributes:
        path: Where it was.
        digest: SHA-256 of what it held, in hexadecimal.
        size: In bytes.
        file: What it held, to be read from its beginning.
    """

    path: Path
    digest: str
    size: int
    file: BinaryIO

    def read(self) -> bytes:
        """Return all of it."""
        self.file.seek(0)
        return self.file.read()


def open_once(path: Path) -> OpenedFile:
    """Open a file, and hash it.

    Raises:
        QvizError: It is not there, not readable, or a pipe, a device or a folder.
    """
    file = open_regular(path)
    count = os.fstat(file.fileno()).st_size
    if count <= _IN_MEMORY_BYTES:
        with file:
            data = file.read()
        return OpenedFile(path, hashlib.sha256(data).hexdigest(), len(data), io.BytesIO(data))
    digest = hashlib.sha256()
    while chunk := file.read(_CHUNK_BYTES):
        digest.update(chunk)
    file.seek(0)
    return OpenedFile(path, digest.hexdigest(), count, file)


def read_regular(path: Path, most: int) -> bytes:
    """Return what a file holds, which is opened once; a pipe or a device in its place is never waited for.

    Args:
        path: Where it is.
        most: How many bytes it may have.

    Raises:
        QvizError: It is not there, not readable, larger, or a pipe, a device or a folder.
    """
    with open_regular(path) as file:
        try:
            data = file.read(min(os.fstat(file.fileno()).st_size, most) + 1)
            while data and len(data) <= most and (more := file.read(_CHUNK_BYTES)):  # it grows, or tells no size
                data += more
        except OSError as error:
            raise _unreadable(path, error) from error
    if len(data) > most:
        raise QvizError(
            tr("{path} is larger than the {size} that qviz reads of such a file", path=path, size=size(most)),
            tr("Check that it is the file you mean."),
        )
    return data


def _special(path: Path) -> QvizError:
    return QvizError(tr("{path} is not a file but a folder, a pipe or a device", path=path), tr("Check the path."))


def open_regular(path: Path) -> BinaryIO:
    """Open a regular file; opening a pipe must not wait for somebody who writes.

    Raises:
        QvizError: There is none.
    """
    try:
        handle = os.open(path, os.O_RDONLY | _READ_NOW)
    except (OSError, ValueError) as error:  # a null character in a path is a ValueError
        raise _unreadable(path, error) from error
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise _special(path)
    return os.fdopen(handle, "rb")


def _unreadable(path: Path, error: OSError | ValueError) -> QvizError:
    if isinstance(error, FileNotFoundError):
        return QvizError(tr("{path} was not found", path=path), tr("Check the path."))
    why = (error.strerror if isinstance(error, OSError) else None) or error
    return QvizError(tr("{path} could not be read: {strerror}", path=path, strerror=why), tr("Check the path."))
