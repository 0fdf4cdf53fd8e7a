"""The words of a search: what was typed, taken apart into terms."""

from __future__ import annotations

import re
from typing import NamedTuple

_TERM = re.compile(r'(?P<minus>-?)(?:(?P<key>[A-Za-z_]\w*):(?!:))?(?:"(?P<quoted>[^"]*)"?|(?P<plain>\S*))')
_JOINT = re.compile(r"\s*[x×,]\s*")
_NUMBERS = re.compile(r"[\[(]?[-\d.]+(?:\s*[x×,]\s*[-\d.]+)+[\])]?")


class Term(NamedTuple):
    """One condition: a free word has no key, and `is_excluded` turns the condition round."""

    key: str
    value: str
    is_excluded: bool


def parse(text: str) -> list[Term]:
    """Return the terms of what was typed, in lower case; anything can be parsed, since people type on.

    A quotation mark that is not closed reaches to the end. `a::b` is a word: torch names operators so.
    """
    terms = []
    for found in _TERM.finditer(text.lower()):
        key, quoted = found["key"] or "", found["quoted"]
        value = found["plain"] if quoted is None else quoted
        if key or value:
            terms.append(Term(key, _value(key, value), bool(found["minus"])))
    return terms


def _value(key: str, value: str) -> str:
    """Return a value as the index writes it: 1,64 and [1, 64] are 1x64, and dtypes go without ``torch.``."""
    if key == "shape" or (key and _NUMBERS.fullmatch(value)):
        return _JOINT.sub("x", value.strip("[]() "))
    if key in ("dtype", "qscheme"):
        return value.removeprefix("torch.")
    return value.replace(" ", "_") if key == "kind" else value
