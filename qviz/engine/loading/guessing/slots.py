"""The arguments of ``forward`` as slots for tensors: one for each, or for each part of one that holds several."""

from __future__ import annotations

import ast
import inspect
import re
import textwrap
from collections.abc import Iterator
from typing import NamedTuple

from torch.nn import Module

from qviz.engine.loading.forward import parameters

_LITERAL_TYPES = {"int": "1", "float": "1.0", "bool": "False", "str": "''"}
"""Annotations of arguments that are no tensors, and a value that each can have."""
_INTEGERS = re.compile(r"(^|_)(ids?|idx|index|indices|tokens?)$")


class Slot(NamedTuple):
    """One tensor, or one literal.

    Attributes:
        name: The argument.
        part: Its index or key in the argument; "" for the whole.
        default: As Python writes it; "" where it has to be given.
        literal: What is given instead of a tensor, as Python writes it; "" for a tensor.
        seems_integer: Whether it is named as integers are.
    """

    name: str
    part: str = ""
    default: str = ""
    literal: str = ""
    seems_integer: bool = False


def slots_of(module: Module) -> list[Slot]:
    """Return the slots of ``forward``, in its order; ``**kwargs`` has none, ``*args`` one if it is all."""
    found: list[Slot] = []
    unpacked = _unpacked(module)
    for name, each in parameters(module).items():
        if each.kind is each.VAR_KEYWORD or (each.kind is each.VAR_POSITIONAL and found):
            continue
        default = "" if each.default is each.empty else repr(each.default)
        said = each.annotation if isinstance(each.annotation, str) else _written(each.annotation)
        literal = default if default and default != "None" and "Tensor" not in said else ""
        plain = re.sub(r"Optional\[(.*)\]|\s*\|\s*None", r"\1", said).strip("'\" ")
        if not literal and plain in _LITERAL_TYPES:
            literal = _LITERAL_TYPES[plain]
        parts = [] if literal else _parts(plain) or unpacked.get(name, [])
        shown = f"*{name}" if each.kind is each.VAR_POSITIONAL else name
        found += [Slot(shown, part, default, literal, bool(_INTEGERS.search(part or name))) for part in parts or [""]]
    return found


def _written(annotation: object) -> str:
    if annotation is inspect.Parameter.empty:
        return ""
    return (
        annotation.__name__ if isinstance(annotation, type) and not hasattr(annotation, "__args__") else str(annotation)
    )


def _parts(annotation: str) -> list[str]:
    """Return the parts that an annotation tells: ``tuple[Tensor, Tensor]`` has two; a list has one, for all we know."""
    inner = re.fullmatch(r"(?:typing\.)?(?:[Tt]uple|[Ll]ist|Sequence)\[(.*)\]", annotation)
    if inner is None:
        return []
    many = inner[1].count("Tensor")
    return [str(place) for place in range(many)]


def _unpacked(module: Module) -> dict[str, list[str]]:
    """Return the parts of arguments that forward takes apart: ``a, b = pair`` and ``batch["ids"]``."""
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(type(module).forward)))
    except (OSError, TypeError, SyntaxError, ValueError):
        return {}
    found: dict[str, list[str]] = {}
    for name, part in _taken_apart(tree):
        found.setdefault(name, [])
        found[name] += [part] if part not in found[name] else []
    return found


def _taken_apart(tree: ast.AST) -> Iterator[tuple[str, str]]:
    for each in ast.walk(tree):
        match each:
            case ast.Assign(targets=[ast.Tuple(elts=parts)], value=ast.Name(id=name)):
                yield from ((name, str(place)) for place in range(len(parts)))
            case ast.Subscript(value=ast.Name(id=name), slice=ast.Constant(value=str(key))):
                yield name, key
