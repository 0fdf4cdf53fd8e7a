"""Reads SOURCE and ``mod:callable`` texts, and finds what they name in an imported place."""

from __future__ import annotations

import ast
import difflib
import functools
import os
from collections.abc import Callable, Collection
from types import ModuleType
from typing import Any, NamedTuple

from qviz.assets import asset
from qviz.document.model_files import MODEL_FILES
from qviz.document.samples import SAMPLES, sample
from qviz.errors import QvizError
from qviz.sources.other_forms import FORMS, no_name, no_source
from qviz.words import tr


class Name(NamedTuple):
    """Something importable: a file or a dotted module, a name in it, arguments if it is to be called."""

    place: str
    attribute: str
    arguments: dict[str, Any] | None
    is_file: bool
    positional: tuple[Any, ...] = ()

    def call(self, function: Any) -> Any:
        """Call what was found with the arguments that were given."""
        return function(*self.positional, **(self.arguments or {}))

    @property
    def written_arguments(self) -> str:
        """The arguments as Python writes them."""
        named = (f"{key}={value!r}" for key, value in (self.arguments or {}).items())
        return ", ".join([*map(repr, self.positional), *named])


def read_name(text: str) -> Name:
    """Take ``file.py:make(depth=18)`` or ``package.module:name`` apart.

    Raises:
        QvizError: It is none of the forms; the hint lists them.
    """
    if text.startswith("sample:"):
        return _sample_name(text)
    if text.endswith(MODEL_FILES):
        raise QvizError(tr("{spec} holds a whole model; a name is not needed", spec=text), tr(FORMS))
    if (refusal := no_source(text)) is not None:
        raise refusal
    before_call = text.split("(", 1)[0]
    place, colon, _ = before_call.rpartition(":")
    if not colon or (len(place) == 1 and text[2:3] in ("/", "\\")):  # the colon behind a drive's letter
        place, attribute = text, ""
    else:
        attribute = text[len(place) + 1 :]
    before = place if attribute else before_call
    is_file = before.endswith(".py") or "/" in before or "\\" in before
    if not attribute and not is_file:
        is_file = os.path.isdir(text)  # which is refused as a folder
        if not is_file:
            raise no_name(text)
    return _read_call(place, attribute, is_file, text)


def _sample_name(text: str) -> Name:
    found = sample(text.removeprefix("sample:"))
    if found is None:
        names = [each.name for each in SAMPLES]
        near = difflib.get_close_matches(text.removeprefix("sample:"), names, 1)
        hint = (
            tr("Did you mean sample:{near}?", near=near[0])
            if near
            else tr("Choose one of: {names}.", names=", ".join(names))
        )
        raise QvizError(tr("{spec} does not exist", spec=text), hint)
    return Name(str(asset(f"samples/{found.file}")), "model", None, True)


def _read_call(place: str, attribute: str, is_file: bool, text: str) -> Name:
    if "(" not in attribute:
        return Name(place, attribute, None, is_file)
    try:
        call = ast.parse(attribute, mode="eval").body
        if not isinstance(call, ast.Call) or not isinstance(call.func, (ast.Name, ast.Attribute)):
            raise ValueError(attribute)
        if any(word.arg is None for word in call.keywords):
            raise ValueError("**")
        positional = tuple(ast.literal_eval(each) for each in call.args)
        arguments = {str(word.arg): ast.literal_eval(word.value) for word in call.keywords}
    except (SyntaxError, TypeError, ValueError, RecursionError, MemoryError) as error:
        raise QvizError(
            tr('"{spec}" could not be read', spec=text),
            tr("Write arguments as literals, as in file.py:make(depth=18, act='relu')."),
        ) from error
    return Name(place, ast.unparse(call.func), arguments, is_file, positional)


def look_up(
    module: ModuleType, name: Name, candidates: list[str], what: str, defined: Collection[str] | None = None
) -> Any:
    """Return the named attribute of an imported place; ``Net.small`` is looked up in the class.

    Args:
        module: The place.
        name: What is wanted of it.
        candidates: What may have been meant.
        what: For people: "model", "function".
        defined: The names that may be taken, which are the module's own; None takes what it imports, too.

    Raises:
        QvizError: There is none, or it is reached by way of something that is no class; the hint suggests the nearest
            name, or what there is.
    """
    if name.attribute:
        first, *rest = name.attribute.split(".")
        if defined is not None and first not in defined and hasattr(module, first):
            raise QvizError(
                tr("{place} only imports {name}", place=name.place, name=first),
                tr("Name the file or module that defines it; a plan or a result cannot name it elsewhere."),
            )
        try:
            return functools.reduce(_member(name, defined is None), rest, getattr(module, first))
        except AttributeError:
            pass
    near = difflib.get_close_matches(name.attribute, [*candidates, *vars(module)], 1) if name.attribute else []
    if near:
        hint = tr("Did you mean {near}?", near=near[0])
    else:
        hint = (
            tr("Choose one of: {names}.", names=", ".join(candidates))
            if candidates
            else tr("It has no {what}.", what=what)
        )
    if name.attribute:
        raise QvizError(tr('{place} has no "{name}"', place=name.place, name=name.attribute), hint)
    raise QvizError(
        tr("{place}: the name of the {what} is missing, as in {place}:name", place=name.place, what=what), hint
    )


def _member(name: Name, is_typed: bool) -> Callable[[Any, str], Any]:
    """Return what takes a step from a class to something in it; only classes are gone through.

    Raises:
        QvizError: The step is from something else, or to what every class has.
    """

    def step(owner: Any, part: str) -> Any:
        if not isinstance(owner, type) or part.startswith("__") or not (is_typed or part in vars(owner)):
            raise QvizError(
                tr("{place}:{name} is not inside a class", place=name.place, name=name.attribute),
                tr("Write a function in the file that returns it, and name that."),
            )
        return getattr(owner, part)

    return step
