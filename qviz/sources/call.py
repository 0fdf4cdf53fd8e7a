"""Writes the source line of a callable with arguments, and says what is wrong with a value before anything runs."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from typing import TypeAlias

from qviz.errors import QvizError
from qviz.sources.candidates import Candidate, Parameter
from qviz.words import mark, tr

_TYPES: dict[str, tuple[type, ...]] = {
    "int": (int,),
    "float": (int, float),
    "bool": (bool,),
    "str": (str,),
    "list": (list,),
    "tuple": (tuple,),
    "dict": (dict,),
    "None": (type(None),),
}
"""Annotations whose values literals can be; any other is not checked."""
_SAMPLES = {
    "int": "18",
    "float": "0.5",
    "bool": "True",
    "str": "'text'",
    "list": "[1, 2]",
    "tuple": "(1, 2)",
    "dict": "{'key': 1}",
    "None": "None",
}
_GAP = mark("{name} is empty, but a later positional argument is set. Enter {name} too: {default}.")
_UNREADABLE = mark("{name}: {text} could not be read. Write {form}.")
_NamedValues: TypeAlias = Mapping[str, str]


class ArgumentsError(QvizError):
    """Values that a callable cannot be called with; `faults` tells for each parameter what is wrong."""

    def __init__(self, faults: dict[str, str]) -> None:
        super().__init__("; ".join(faults.values()), tr("Correct the values, or leave them empty for their defaults."))
        self.faults = faults


def source_line(place: str, chosen: Candidate, values: _NamedValues) -> str:
    """Return ``file.py:make(depth=18)``.

    Args:
        place: The file or module.
        chosen: What is called, or taken as it is.
        values: What was typed for each parameter; empty takes the default.

    Raises:
        ArgumentsError: A value is missing, no literal, or not of the annotated type.
    """
    name = f"{place}:{chosen.name}"
    typed = {key: text.strip() for key, text in values.items() if text.strip()}
    faults = {each.name: fault for each in chosen.parameters if (fault := _fault(each, typed))}
    faults |= {key: fault for key, fault in _gaps(chosen.parameters, typed).items() if key not in faults}
    if faults:
        raise ArgumentsError(faults)
    written = ", ".join(_written(each, typed, "star" in _kinds(chosen, typed)) for each in _given(chosen, typed))
    return f"{name}({written})" if written else name


def _given(chosen: Candidate, typed: _NamedValues) -> list[Parameter]:
    return [each for each in chosen.parameters if each.name in typed]


def _kinds(chosen: Candidate, typed: _NamedValues) -> set[str]:
    return {each.kind for each in _given(chosen, typed)}


def _written(each: Parameter, typed: _NamedValues, has_star: bool) -> str:
    text = typed[each.name]
    if each.kind in ("star", "double star"):
        call = _call(each, text)
        assert call is not None
        return ", ".join(ast.unparse(part) for part in (*call.args, *call.keywords))
    value = repr(_value(each, text))
    return value if each.kind == "positional" or (each.kind == "either" and has_star) else f"{each.name}={value}"


def _gaps(parameters: tuple[Parameter, ...], typed: _NamedValues) -> dict[str, str]:
    """Find values that stand by their place alone, behind one that was left out."""
    has_star = any(each.kind == "star" and each.name in typed for each in parameters)
    by_place = [each for each in parameters if each.kind == "positional" or (each.kind == "either" and has_star)]
    last = max((place for place, each in enumerate(by_place) if each.name in typed), default=-1)
    end = len(by_place) if has_star else last
    return {
        each.name: tr(_GAP, name=each.name, default=each.default) for each in by_place[:end] if each.name not in typed
    }


def _fault(each: Parameter, typed: _NamedValues) -> str:
    """Return what is wrong with a parameter's value and what to do; empty if nothing is."""
    text = typed.get(each.name)
    if text is None:
        return _missing(each) if each.is_required else ""
    if each.kind in ("star", "double star"):
        form = "1, 2" if each.kind == "star" else "name=1, other='text'"
        return "" if _call(each, text) else tr(_UNREADABLE, name=each.name, text=text, form=form)
    try:
        value = _value(each, text)
    except ValueError:
        is_word = re.fullmatch(r"[\w.-]+", text) is not None
        is_text = is_word and not _wanted(each)
        advice = tr("Put text in quotes: '{text}'.", text=text) if is_text else _advice(each)
        return tr("{name}: {text} is not a literal. {advice}", name=each.name, text=text, advice=advice)
    wanted = _wanted(each)
    is_default = each.default is not None and repr(value) == each.default
    if is_default or not wanted or _fits(value, wanted):
        return ""
    known = {"name": each.name, "wanted": each.annotation, "text": text, "type": type(value).__name__}
    return tr("{name} is {wanted}, but {text} is {type}. {advice}", **known, advice=_advice(each))


def _fits(value: object, wanted: tuple[str, ...]) -> bool:
    return any(isinstance(value, _TYPES[name]) for name in wanted)


def _advice(each: Parameter) -> str:
    return tr("Write a Python literal such as {sample}.", sample=_sample(each) or "18, 0.5, True, (1, 2)")


def _missing(each: Parameter) -> str:
    sample = _sample(each)
    if not sample:
        return tr("{name} has no default. Enter a value.", name=each.name)
    return tr("{name} has no default. Enter a value such as {sample}.", name=each.name, sample=sample)


def _sample(each: Parameter) -> str:
    wanted = [name for name in _wanted(each) if name != "None"]
    return _SAMPLES[wanted[0]] if wanted else ""


def _value(each: Parameter, text: str) -> object:
    """Return the value of a text; where text is wanted, words need no quotes.

    Raises:
        ValueError: It is no literal.
    """
    wanted = _wanted(each)
    takes_text = "str" in wanted or (not wanted and (each.default or "")[:1] in ("'", '"'))
    try:
        value: object = ast.literal_eval(text)
    except (SyntaxError, ValueError, TypeError, RecursionError, MemoryError) as error:
        if takes_text and text[0] not in "'\"":
            return text
        raise ValueError(text) from error
    is_other = not isinstance(value, str) and wanted == ("str",)
    return text if is_other else value


def _wanted(each: Parameter) -> tuple[str, ...]:
    """Return the names of the types that an annotation allows; none where it says more than is known here."""
    annotation = each.annotation.strip("'\"")
    optional = re.fullmatch(r"(?:typing\.)?Optional\[(.*)\]", annotation)
    parts = [*optional[1].split("|"), "None"] if optional else annotation.split("|")
    heads = tuple(part.strip().split("[")[0].lower() for part in parts)
    names = tuple("None" if head == "none" else head.removeprefix("typing.") for head in heads)
    return names if all(name in _TYPES for name in names) else ()


def _call(each: Parameter, text: str) -> ast.Call | None:
    """Return what was typed for ``*args`` or ``**kwargs`` as a call; None where it is none of literals."""
    try:
        call = ast.parse(f"f({text})", mode="eval").body
        if not isinstance(call, ast.Call) or ast.unparse(call.func) != "f":
            return None
        for value in (*call.args, *(word.value for word in call.keywords)):
            ast.literal_eval(value)
    except (SyntaxError, ValueError, TypeError, RecursionError, MemoryError):
        return None
    is_star = each.kind == "star"
    is_named = all(word.arg is not None for word in call.keywords)
    return call if is_named and not (call.keywords if is_star else call.args) else None
