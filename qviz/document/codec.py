"""Reads and writes snapshots: ``.json``, and ``.qviz``, the same compressed."""

from __future__ import annotations

import os
import zlib
from pathlib import Path

import msgspec
from msgspec.structs import replace

from qviz.document import chunked
from qviz.document.limits import FREELY_EXPANDED, MAX_BYTES, MAX_EXPANSION, faults
from qviz.document.regular_files import refuse_special
from qviz.document.snapshot import Snapshot
from qviz.document.texts import with_texts
from qviz.document.upgrade import upgraded
from qviz.document.writing import write_atomically
from qviz.errors import QvizError
from qviz.words import tr

FORMAT_VERSION = 2
SUFFIXES = (".qviz", ".json")
_GZIP = b"\x1f\x8b"

_LARGE_BYTES = 1 << 18
"""From here on reading takes longer than a window may stand still between two frames."""


class _DocumentHead(msgspec.Struct):
    format: str = ""
    version: int = 0


def encode(snapshot: Snapshot) -> bytes:
    """Return the document's bytes: the same for the same snapshot, in whatever language."""
    return chunked.encode(with_texts(replace(snapshot, version=FORMAT_VERSION))) + b"\n"


def decode(data: bytes, name: str | None = None) -> Snapshot:
    """Return the snapshot that `data` holds.

    Raises:
        QvizError: Not a qviz document, damaged, or of a newer version; `name` says which.
    """
    name = name or tr("the document")
    try:
        head = msgspec.json.decode(data, type=_DocumentHead)
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise _damaged(name, str(error)) from error
    if head.format != "qviz":
        raise QvizError(
            tr("{name} is JSON, but not a qviz document", name=name),
            tr("Create one with: qviz run SOURCE --flow FLOW -o OUT.qviz"),
        )
    if head.version > FORMAT_VERSION:
        raise QvizError(
            tr(
                "{name} has format version {version}; this qviz reads up to version {format_version}",
                name=name,
                version=head.version,
                format_version=FORMAT_VERSION,
            ),
            tr("Update qviz."),
        )
    try:
        if head.version < FORMAT_VERSION:
            data = upgraded(data)
        snapshot = chunked.decode(data, Snapshot)
        fault = next(faults(snapshot), None)
    except Exception as error:  # whatever reading raises, nothing but the document is to blame
        raise _damaged(name, str(error) or type(error).__name__) from error
    if fault is not None:
        raise _damaged(name, fault)
    return snapshot


def save(snapshot: Snapshot, path: Path | str) -> None:
    """Write the snapshot; an existing file is replaced only when the new one is complete.

    Raises:
        QvizError: The ending is unknown, or the disk does not take it.
    """
    write_atomically(Path(path), file_bytes(snapshot, path))


def file_bytes(snapshot: Snapshot, path: Path | str) -> bytes:
    """Return what a file of that name is to hold: the document, compressed where the ending says so.

    Raises:
        QvizError: The ending is unknown.
    """
    path = Path(path)
    if path.suffix not in SUFFIXES:
        raise QvizError(
            tr("{name}: the name of a result ends in .qviz or .json", name=path.name),
            tr("For example: {stem}.qviz", stem=path.stem or "out"),
        )
    data = encode(snapshot)
    if path.suffix == ".json":
        return data
    import gzip  # every command imports this module, few write with it

    return gzip.compress(data, mtime=0)


def load(path: Path | str) -> Snapshot:
    """Read a snapshot; runs no code.

    Raises:
        QvizError: Not found, not a qviz document, damaged, or of a newer version.
    """
    path = Path(path)
    refuse_special(path)
    try:
        data = path.read_bytes()
    except (OSError, ValueError) as error:  # a null character in a path is a ValueError
        why = (error.strerror if isinstance(error, OSError) else None) or error
        raise QvizError(
            tr("{path} could not be read: {strerror}", path=path, strerror=why),
            tr("Check the path."),
        ) from error
    if data[:2] == _GZIP:
        data = _decompress(data, path.name)
    return decode(data, path.name)


def is_large(path: Path | str) -> bool:
    """Tell whether reading a file takes longer than a window may stand still, by what it unpacks to."""
    try:
        if not Path(path).is_file() or os.stat(path).st_size >= _LARGE_BYTES:
            return Path(path).is_file()
        data = Path(path).read_bytes()
        return data[:2] == _GZIP and len(zlib.decompressobj(wbits=31).decompress(data, _LARGE_BYTES)) >= _LARGE_BYTES
    except (OSError, ValueError, zlib.error):
        return False  # reading it says what is wrong


def _decompress(data: bytes, name: str) -> bytes:
    unzip = zlib.decompressobj(wbits=31)
    most = min(MAX_BYTES, max(FREELY_EXPANDED, len(data) * MAX_EXPANSION))
    try:
        plain = unzip.decompress(data, most)
    except (zlib.error, MemoryError) as error:
        raise _damaged(name, str(error) or tr("larger than the memory")) from error
    if unzip.unconsumed_tail or not unzip.eof:
        raise _damaged(name, tr("cut short") if not unzip.unconsumed_tail else tr("larger than qviz reads"))
    return plain


def _damaged(name: str, detail: str) -> QvizError:
    return QvizError(
        tr("{name} is damaged: {detail}", name=name, detail=detail), tr("Create it again, or use an older copy.")
    )
