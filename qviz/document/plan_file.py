"""Reads and writes a whole plan as TOML: what a team keeps beside its model (docs/configuration.md)."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from pathlib import Path
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

import msgspec

from qviz.document import toml_text
from qviz.document.plan import Plan
from qviz.document.regular_files import read_regular
from qviz.document.time_limit import go_on, reading
from qviz.document.writing import write_atomically
from qviz.errors import QvizError
from qviz.words import mark, tr
from qviz.words.formats import size

PLAN_VERSION = 1
MAX_PLAN_BYTES = 1 << 20
SUFFIX = ".toml"
_HINT = mark("docs/configuration.md lists what a plan can say.")


class _PlanHead(msgspec.Struct):
    version: int = 0


class _Filed(Plan, frozen=True, kw_only=True):
    """A plan as written in a file; the command line may give the source instead."""

    version: int = PLAN_VERSION


def write(plan: Plan) -> str:
    """Return the TOML of a plan; defaults are left out.

    >>> print(write(Plan(source="net.py:Net", flow="fx-static", seed=3)), end="")
    version = 1
    source = "net.py:Net"
    flow = "fx-static"
    seed = 3
    >>> read(write(Plan(flow="fx-qat"))) == Plan(flow="fx-qat")
    True
    """
    fields = msgspec.to_builtins(plan)
    tables = {key: value for key, value in fields.items() if _is_table(value)}
    plain = {key: value for key, value in fields.items() if key not in tables and value != ""}
    return msgspec.toml.encode({"version": PLAN_VERSION, **plain, **tables}).decode()


def _is_table(value: Any) -> bool:
    return isinstance(value, dict) or (
        isinstance(value, (list, tuple)) and any(isinstance(each, dict) for each in value)
    )


def read(text: str, name: str | None = None) -> Plan:
    """Return the plan that a TOML text holds.

    Raises:
        QvizError: No TOML, of a newer version, an unknown key, a wrong value, or too long; `name` says of what.
    """
    name = name or tr("the plan")
    if len(text) > MAX_PLAN_BYTES:
        raise QvizError(
            tr("{name} is larger than the {size} that a plan may have", name=name, size=size(MAX_PLAN_BYTES)), tr(_HINT)
        )
    with reading(name):
        return _read(text, name)


def _read(text: str, name: str) -> Plan:
    try:
        raw = toml_text.decoded(text)
        go_on()
        version = msgspec.convert(raw, _PlanHead).version
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise QvizError(tr("{name} is not valid TOML: {error}", name=name, error=error), tr(_HINT)) from error
    if version != PLAN_VERSION:
        raise QvizError(
            tr(
                "{name} has version {version}; this qviz reads version {plan_version}",
                name=name,
                version=version or tr("none"),
                plan_version=PLAN_VERSION,
            ),
            tr("Start it with: version = {plan_version}", plan_version=PLAN_VERSION)
            if not version
            else tr("Update qviz."),
        )
    for where, key, known in _unknown(raw, _Filed, ""):
        near = difflib.get_close_matches(key, known, 1)
        hint = (
            tr("Did you mean {near}?", near=near[0]) if near else tr("Choose one of: {names}.", names=", ".join(known))
        )
        setting, line = f"{where}{key}", _line_of(text, key)
        message = tr("{name}: unknown setting {setting}", name=name, setting=setting)
        if line is not None:
            message = tr("{name}: unknown setting {setting} (line {line})", name=name, setting=setting, line=line)
        raise QvizError(message, hint)
    try:
        filed = msgspec.convert(raw, _Filed)
    except msgspec.ValidationError as error:
        raise QvizError(tr("{name}: {error}", name=name, error=error), tr(_HINT)) from error
    return Plan(**{field: getattr(filed, field) for field in Plan.__struct_fields__})


def _unknown(data: Any, type_: Any, where: str) -> Iterator[tuple[str, str, list[str]]]:
    """Yield the keys that a structure has not: the place, the key, and what there is."""
    if get_origin(type_) in (Union, UnionType):
        type_ = next((each for each in get_args(type_) if each is not type(None)), None)
    if get_origin(type_) is tuple and isinstance(data, list):
        for each in data:
            yield from _unknown(each, get_args(type_)[0], where)
    if not (isinstance(data, dict) and isinstance(type_, type) and issubclass(type_, msgspec.Struct)):
        return
    hints = get_type_hints(type_)
    known = list(type_.__struct_fields__)
    for key, value in data.items():
        if key not in known:
            yield where, key, known
        else:
            yield from _unknown(value, hints[key], f"{where}{key}.")


def _line_of(text: str, key: str) -> int | None:
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip().strip("[]").split("=")[0].strip().endswith(key):
            return number
    return None


def load(path: Path | str) -> Plan:
    """Read a plan from a file.

    Raises:
        QvizError: Not found, or `read` has something against it.
    """
    path = Path(path)
    data = read_regular(path, MAX_PLAN_BYTES)
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        raise QvizError(tr("{name} is not valid TOML: {error}", name=path.name, error=error), tr(_HINT)) from error
    return read(text, path.name)


def save(plan: Plan, path: Path | str) -> None:
    """Write a plan to a file; an existing one is replaced only when the new one is complete.

    Raises:
        QvizError: The disk does not take it.
    """
    write_atomically(Path(path), write(plan).encode())
