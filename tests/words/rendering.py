"""Looks at templates: which fields they cannot do without, and which of a statement have no value."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from string import Formatter
from typing import Any

from qviz.words.language import ENGLISH
from qviz.words.statement import KEPT, Statement

_OPTIONAL = re.compile(r"\[\[.*?\]\]", re.DOTALL)


def fields(code: str) -> set[str]:
    """Return the fields of an entry that have to be filled in."""
    templates = (_OPTIONAL.sub("", each) for each in ENGLISH.statements[code].values())
    return {name for each in templates for _, name, _, _ in Formatter().parse(each) if name}


def unfilled(statement: Statement) -> list[str]:
    """Return what the words of a statement, and of those inside it, lack."""
    return list(_unfilled(statement.code, statement.roles, statement.args))


def _unfilled(code: str, roles: Mapping[str, Any], args: Mapping[str, Any]) -> Iterator[str]:
    if code == KEPT:
        return
    if code not in ENGLISH.statements:
        yield code
        return
    given = {**args, **roles}
    yield from (f"{code}: {name}" for name in sorted(fields(code)) if given.get(name) in (None, (), []))
    for value in args.values():
        for each in value if isinstance(value, list) else [value]:
            if isinstance(each, Mapping) and "code" in each:
                yield from _unfilled(each["code"], each.get("roles", {}), each.get("args", {}))
