"""Reads and writes snapshots: ``.json``, and ``.qviz``, the same compressed."""

from __future__ import annotations

import zlib
from pathlib import Path
from typing import NamedTuple

import msgspec
from msgspec.structs import replace

from qviz.document import chunked
from qviz.document.limits import FREELY_EXPANDED, MAX_BYTES, MAX_EXPANSION
from qviz.document.references import faults
from qviz.document.regular_files import read_regular
from qviz.document.snapshot import Snapshot
from qviz.document.texts import with_texts
from qviz.document.time_limit import TookTooLongError, reading
from qviz.document.upgrade import upgraded
from qviz.document.writing import digest_of, write_atomically
from qviz.errors import QvizError
from qviz.words import tr

FORMAT_VERSION = 2
SUFFIXES = (".qviz", ".json")
_GZIP = b"\x1f\x8b"


class _DocumentHead(msgspec.Struct):
    format: str = ""
    version: int = 0


class OpenedResult(NamedTuple):
    """A result that was read from a file, and the `digest` of what the file held then."""

    snapshot: Snapshot
    digest: str


def encode(snapshot: Snapshot) -> bytes:
    """Return the document's bytes: the same for the same snapshot, in whatever language."""
    return chunked.encode(with_texts(replace(snapshot, version=FORMAT_VERSION))) + b"\n"


def decode(data: bytes, name: str | None = None) -> Snapshot:
    """Return the snapshot that `data` holds.

    Raises:
        QvizError: Not a qviz document, damaged, of a newer version, or too long to read; `name` says which.
    """
    name = name or tr("the document")
    with reading(name):
        return _decoded(data, name)


def _decoded(data: bytes, name: str) -> Snapshot:
    try:
        head = msgspec.json.decode(data, type=_DocumentHead)
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise _damaged(name, str(error)) from error
    if head.format != "qviz":
        raise QvizError(
            tr("{name} is JSON, but not a qviz document", name=name),
            tr("Run a flow and save its result."),
            option="qviz run SOURCE --flow FLOW -o OUT.qviz",
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
    except TookTooLongError:
        raise
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
    return open_result(path).snapshot


def open_result(path: Path | str) -> OpenedResult:
    """Read a snapshot, and tell what exactly was read, which another program may change meanwhile.

    Raises:
        QvizError: As `load`.
    """
    path = Path(path)
    data = read_regular(path, MAX_BYTES)
    plain = _decompress(data, path.name) if data[:2] == _GZIP else data
    return OpenedResult(decode(plain, path.name), digest_of(data))


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
