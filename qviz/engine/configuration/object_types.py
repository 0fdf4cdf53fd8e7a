"""Finds what a rule names as an object type: a module class, a function, or the name of a tensor's method."""

from __future__ import annotations

import difflib
import operator
from typing import Any

import torch

from qviz.engine.loading.written import Written, users_own
from qviz.errors import QvizError
from qviz.words import mark, tr

_FORM = mark("Name one of torch, such as torch.nn.Linear, or your own as mod:Class.")
_ROOTS: dict[str, Any] = {"torch": torch, "operator": operator, "_operator": operator}


def object_type(text: str) -> Written:
    """Return what ``torch.nn.Linear``, ``operator.add``, ``reshape`` or ``mod:Class`` refers to.

    Raises:
        QvizError: There is no such thing; the hint names the nearest.
    """
    if ":" in text:
        return users_own(text, is_called=False)
    root, dot, rest = text.partition(".")
    if not dot:
        return _method(text)
    if root not in _ROOTS:
        raise QvizError(tr('"{spec}" is not an object type of torch', spec=text), tr(_FORM))
    value = _ROOTS[root]
    for part in rest.split("."):
        value = _attribute(value, part, text)
    if not callable(value):
        raise QvizError(
            tr("{spec} is a {type}, neither a type nor a function", spec=text, type=type(value).__name__),
            tr("For example: torch.nn.Linear."),
        )
    if root == "torch":
        return Written(value, text)
    return Written(value, f"operator.{rest}", frozenset({"import operator"}))


def _attribute(owner: Any, name: str, text: str) -> Any:
    found = getattr(owner, name, None)
    if found is None:
        raise QvizError(tr('"{spec}" was not found', spec=text), _nearest(name, dir(owner), text[: text.rindex(name)]))
    return found


def _method(name: str) -> Written:
    """Return the name of a method of tensors; what is a module class or a function is told its whole name."""
    if callable(getattr(torch.Tensor, name, None)):
        return Written(name, repr(name))
    places = {"torch.nn": torch.nn, "torch.nn.functional": torch.nn.functional, "torch": torch}
    names = {each: f"{place}.{each}" for place, owner in reversed(places.items()) for each in dir(owner)}
    methods = {each: each for each in dir(torch.Tensor)}
    near = names.get(name) or _whole(name, methods) or _whole(name, names)
    raise QvizError(
        tr('Tensors have no method "{name}"', name=name), tr("Did you mean {near}?", near=near) if near else tr(_FORM)
    )


def _whole(name: str, names: dict[str, str]) -> str | None:
    near = difflib.get_close_matches(name, names, 1, cutoff=0.75)
    return names[near[0]] if near else None


def _nearest(name: str, names: list[str], before: str) -> str:
    near = difflib.get_close_matches(name, names, 1)
    return tr("Did you mean {before}{near}?", before=before, near=near[0]) if near else tr(_FORM)
