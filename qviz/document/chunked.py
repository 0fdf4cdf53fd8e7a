"""Decodes and encodes large records in pieces, so that another thread gets its turn in between.

One call of msgspec holds Python's lock until it is done: most of a second for two stages of
50,000 nodes, in which a window stands still. Here records and containers are cut along their
fields first, which reads no value, and what lies deepest is decoded by itself.
"""

from __future__ import annotations

import types
import typing
from functools import cache
from typing import Any, TypeVar

import msgspec

from qviz.document.graph import Graph
from qviz.document.snapshot import Snapshot, Stage
from qviz.document.time_limit import go_on

R = TypeVar("R", bound=msgspec.Struct)

_CUT = (Snapshot, Stage, Graph)
"""Records that hold many others."""

_AT_ONCE = 500
"""Nodes decoded, or encoded, in one call: about 3 ms."""


def decode(data: bytes | msgspec.Raw, record: type[R]) -> R:
    """Return the record that `data` holds, as msgspec would in one call.

    Raises:
        msgspec.DecodeError: What msgspec says of the whole.
        TookTooLongError: It took too long (`time_limit.reading`).
    """
    try:
        return typing.cast("R", _record(data, record))
    except msgspec.ValidationError:
        return msgspec.json.decode(data, type=record)  # again, for a message that names the whole path


def encode(record: msgspec.Struct) -> bytes:
    """Return the bytes of a record, as msgspec would in one call."""
    pieces = {name: piece for name in record.__struct_fields__ if (piece := _piece(getattr(record, name))) is not None}
    return msgspec.json.encode(msgspec.structs.replace(record, **pieces) if pieces else record)


def _piece(value: Any) -> msgspec.Raw | dict[Any, Any] | None:
    """Return what may be large of a record as it is written; None what is written with the rest."""
    if isinstance(value, _CUT):
        return msgspec.Raw(encode(value))
    if isinstance(value, dict):
        found = {key: piece for key, each in value.items() if (piece := _piece(each)) is not None}
        return {**value, **found} if found else _items(value) if len(value) > _AT_ONCE else None
    if isinstance(value, tuple) and value and isinstance(value[0], _CUT):
        return msgspec.Raw(b"[%b]" % b",".join(map(encode, value)))
    if isinstance(value, tuple) and len(value) > _AT_ONCE:
        slices = (value[start : start + _AT_ONCE] for start in range(0, len(value), _AT_ONCE))
        return msgspec.Raw(b"[%b]" % b",".join(msgspec.json.encode(each)[1:-1] for each in slices))
    return None


def _items(value: dict[Any, Any]) -> msgspec.Raw:
    pairs = list(value.items())
    slices = (dict(pairs[start : start + _AT_ONCE]) for start in range(0, len(pairs), _AT_ONCE))
    return msgspec.Raw(b"{%b}" % b",".join(msgspec.json.encode(each)[1:-1] for each in slices))


def _decode(data: bytes | msgspec.Raw, what: Any) -> Any:
    origin = typing.get_origin(what)
    if isinstance(what, type) and issubclass(what, _CUT):
        return _record(data, what)
    if origin in (typing.Union, types.UnionType):
        present = [each for each in typing.get_args(what) if each is not type(None)]
        return (
            None if bytes(data) == b"null" else _decode(data, present[0]) if len(present) == 1 else _whole(data, what)
        )
    if origin is tuple and typing.get_args(what)[1:] == (...,) and _is_record(typing.get_args(what)[0]):
        return tuple(_several(_decoder(list[msgspec.Raw]).decode(data), typing.get_args(what)[0]))
    if origin is dict and not _is_plain(typing.get_args(what)[1]):
        of = typing.get_args(what)[1]
        return {key: _decode(each, of) for key, each in _decoder(dict[str, msgspec.Raw]).decode(data).items()}
    return _whole(data, what)


def _several(pieces: list[msgspec.Raw], of: type[msgspec.Struct]) -> list[Any]:
    if issubclass(of, _CUT):
        return [_record(each, of) for each in pieces]
    found: list[Any] = []
    for start in range(0, len(pieces), _AT_ONCE):
        go_on()
        found += _whole(b"[%b]" % b",".join(pieces[start : start + _AT_ONCE]), list[of])  # type: ignore[valid-type]
    return found


def _record(data: bytes | msgspec.Raw, record: type[msgspec.Struct]) -> msgspec.Struct:
    go_on()
    cut, held = _cut(record)
    coarse = _decoder(cut).decode(data)
    values = {}
    for name in record.__struct_fields__:
        value = getattr(coarse, name)
        values[name] = _decode(value, held[name]) if name in held and isinstance(value, msgspec.Raw) else value
    return record(**values)


@cache
def _cut(record: type[msgspec.Struct]) -> tuple[type[msgspec.Struct], dict[str, Any]]:
    """Return the record with the fields that may be large left as they are, and what those are."""
    hints = typing.get_type_hints(record)
    held = {name: hint for name, hint in hints.items() if name in record.__struct_fields__ and not _is_plain(hint)}
    fields: list[tuple[str, Any, Any]] = []
    for field in msgspec.structs.fields(record):
        kind = msgspec.Raw if field.name in held else field.type
        fields.append((field.name, kind, msgspec.field(name=field.encode_name, default=field.default)))
    config = record.__struct_config__
    return msgspec.defstruct(record.__name__, fields, tag=config.tag, tag_field=config.tag_field), held


@cache
def _is_plain(what: Any) -> bool:
    """Tell whether no record and no container of records is in a type."""
    return not _is_record(what) and all(_is_plain(each) for each in typing.get_args(what) if each is not ...)


def _is_record(what: Any) -> bool:
    return isinstance(what, type) and issubclass(what, msgspec.Struct)


@cache
def _decoder(what: Any) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(what)


def _whole(data: bytes | msgspec.Raw, what: Any) -> Any:
    return _decoder(what).decode(data)
