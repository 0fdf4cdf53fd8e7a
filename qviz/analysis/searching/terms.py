"""The words of a search: what was typed, taken apart into terms."""

from __future__ import annotations

import re
from typing import NamedTuple

_TERM = re.compile(r'(?P<minus>-?)(?:(?P<key>[A-Za-z_]\w*):(?!:))?(?:"(?P<quoted>[^"]*)"?|(?P<plain>\S*))')
_JOINT = re.compile(r"\s*[x×,]\s*")
_BOUND = re.compile(r"([<>]=?)(-?(?:\d+\.?\d*|\.\d+)(?:e-?\d+)?)")
_NUMBERS = re.compile(r"[\[(]?[-\d.]+(?:\s*[x×,]\s*[-\d.]+)+[\])]?")


class Term(NamedTuple):
    """One condition: a free word has no key, and `is_excluded` turns the condition round."""

    key: str
    value: str
    is_excluded: bool


class Bound(NamedTuple):
    """What a number is compared with."""

    sign: str
    value: float

    def holds(self, number: float) -> bool:
        """Return whether a number is on the right side."""
        if self.sign.startswith(">"):
            return number > self.value or (self.sign == ">=" and number == self.value)
        return number < self.value or (self.sign == "<=" and number == self.value)


def compares(value: str) -> Bound | None:
    """Return what ``>0.5`` compares with; None of what compares nothing, or is not typed to its end."""
    found = _BOUND.fullmatch(value)
    return Bound(found[1], float(found[2])) if found is not None else None


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
