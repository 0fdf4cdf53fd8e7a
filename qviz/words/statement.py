"""Renders statements about models: a code with roles and arguments becomes a sentence of a language."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from string import Formatter
from typing import Any, Protocol

from qviz.words.formats import FORMATS, capitalized, listed, number
from qviz.words.language import ENGLISH, Language, language, rendering

KEPT = "kept"
"""The code of a text that an older document brought; its arguments hold the text of each part."""

ALSO = "also"
"""The role of the nodes at which the same holds as at those that a statement speaks of; its message names them."""

_OPTIONAL = re.compile(r"\[\[(.*?)\]\]", re.DOTALL)
_FORMATTER = Formatter()


class Statement(Protocol):
    """What can be said: a reason, a link, a finding, a run's error.

    Attributes:
        code: Names the entry of the catalog.
        roles: Ids of nodes by what they are in this statement.
        args: Numbers, names and texts; one that is itself a statement is ``{"code", "roles", "args"}``.
    """

    @property
    def code(self) -> str: ...  # noqa: D102
    @property
    def roles(self) -> Mapping[str, tuple[str, ...]]: ...  # noqa: D102
    @property
    def args(self) -> Mapping[str, Any]: ...  # noqa: D102


def say(statement: Statement, part: str = "text", in_language: Language | None = None) -> str:
    """Return one part of what a statement says, "" where its entry has no such part.

    A template is English or a translation with fields: ``{subject}`` is a role or an argument, ``{scale:number}``
    has a format of `FORMATS`, ``{count:node|nodes}`` a form that agrees with the number and names it,
    ``{subject:is/are}`` one that agrees alone, and ``[[ at {line}]]`` is left out where a field in it is missing.
    Statements in a list are said by their ``text``.

    Args:
        statement: What to say.
        part: ``rule``, ``evidence``, ``message``, ``reason``, ``hint``, ``text``.
        in_language: None is the language in use; English where that one has no such code.
    """
    used = in_language or language()
    with rendering(used):  # for the formats
        text = _said(statement.code, statement.roles, statement.args, part, used)
        if part == "message" and text and (also := statement.roles.get(ALSO)):
            text = _said("and_at", {ALSO: also}, {part: text}, part, used)
    return used.finished(text)


def term(code: str, part: str = "text", **args: Any) -> str:
    """Return the words of a code that speaks of no node: ``term("kind.observer")``.

    Args:
        code: One of the entries of `qviz.words.english.general`, or of a part of it that another package registered.
        part: ``text``, or another part of its entry.
        args: Numbers and names for its fields.
    """
    used = language()
    text = _said(code, {}, args, part, used)
    return used.finished(text) if text else ""


def knows(code: str) -> bool:
    """Tell whether the catalog has a code."""
    return code == KEPT or code in ENGLISH.statements


def _said(code: str, roles: Mapping[str, Any], args: Mapping[str, Any], part: str, used: Language) -> str:
    if code == KEPT:
        return str(args.get(part, ""))
    entry = used.statements.get(code)
    template = entry.get(part) if entry is not None else None
    if template is not None:
        return _filled(template, _Fields(roles, args, part, used))
    with rendering(ENGLISH):  # a sentence is in one language, its lists and numbers too
        return _filled(ENGLISH.statements.get(code, {}).get(part, ""), _Fields(roles, args, part, ENGLISH))


class _Fields:
    """Finds the fields of one template."""

    def __init__(self, roles: Mapping[str, Any], args: Mapping[str, Any], part: str, used: Language) -> None:
        self.roles, self.args, self.part, self.used = roles, args, part, used

    def value(self, name: str) -> Any:
        """Return a role or an argument; None where the statement has none."""
        return self.roles[name] if name in self.roles else self.args.get(name)

    def text(self, name: str, how: str) -> str:
        """Return a field as it is told; one of a damaged document that does not fit its format, as it is."""
        try:
            return self._formatted(name, how)
        except (AttributeError, KeyError, TypeError, ValueError):
            return str(self.value(name))

    def _formatted(self, name: str, how: str) -> str:
        value = self.value(name)
        if isinstance(value, Mapping) and "code" in value:
            inner = how or value.get("part", self.part)
            return _said(value["code"], value.get("roles", {}), value.get("args", {}), inner, self.used)
        if "|" in how or "/" in how:
            one, _, many = how.partition("|" if "|" in how else "/")
            count = value if isinstance(value, int) else len(value or ())
            form = one if count == 1 else many
            return f"{number(count)} {form}" if "|" in how else form
        if isinstance(value, (list, tuple)):
            value = [_said_inside(each, self.used) for each in value]
        if how == "stage":
            return _stage(str(value), self.used)
        if how:
            return FORMATS[how](value)
        if isinstance(value, (list, tuple)):
            return listed(value)
        return number(value) if isinstance(value, float) else "" if value is None else str(value)


def _stage(name: str, used: Language) -> str:
    """Return what a stage is called; of a second result its name stands behind it."""
    own, between, result = name.partition(" · ")
    return (_said(f"stage.{own}", {}, {}, "text", used) or capitalized(own)) + between + result


def _said_inside(item: Any, used: Language) -> Any:
    """Return the text of a statement in a list; anything else as it is."""
    if isinstance(item, Mapping) and "code" in item:
        return _said(item["code"], item.get("roles", {}), item.get("args", {}), "text", used)
    return item


def _filled(template: str, fields: _Fields) -> str:
    if "[[" in template:
        template = _OPTIONAL.sub(lambda match: match[1] if _has_all(match[1], fields) else "", template)
    return "".join(
        literal if name is None else literal + fields.text(name, how) for literal, name, how in _parsed(template)
    )


def _has_all(template: str, fields: _Fields) -> bool:
    values = (fields.value(name) for _, name, _ in _parsed(template) if name is not None)
    return all(value is not None and value not in ((), [], "") for value in values)


@lru_cache(maxsize=4096)
def _parsed(template: str) -> tuple[tuple[str, str | None, str], ...]:
    return tuple((literal, name, how or "") for literal, name, how, _ in _FORMATTER.parse(template))
