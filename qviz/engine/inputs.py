"""Makes input tensors from texts such as ``1x3x224x224:float32``, files, and the user's functions."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch.nn import Module

from qviz.engine.failures import line_of
from qviz.engine.importing import import_place
from qviz.engine.naming import look_up, read_name
from qviz.errors import QvizError

FORM = "An input is [NAME=]SHAPE[:DTYPE[:LOW..HIGH]], a .npz, .npy or .pt file of tensors, or mod:callable."
FILES = (".npz", ".npy", ".pt")

_NUMBER = r"-?\d+(?:\.\d+)?"
_SHAPE = re.compile(rf"(?P<shape>\d+(x\d+)*)(:(?P<dtype>\w+)(:(?P<low>{_NUMBER})\.\.(?P<high>{_NUMBER}))?)?")
_SHAPE_BEGINS = re.compile(r"\d+(x\d+)*(:|$)")
_INTEGERS = ("uint8", "int8", "int16", "int32", "int64", "bool")


class Input(NamedTuple):
    """One argument of ``forward``: how it is made here, and the Python that makes it elsewhere."""

    make: Callable[[], Any]
    python: str


def as_arguments(inputs: Any, module: Module | None = None) -> tuple[Any, ...]:
    """Return inputs as positional arguments: a lone tensor is one, a dict by the names of ``forward``."""
    if isinstance(inputs, dict) and module is not None and set(inputs) <= set(parameters(module)):
        return _bind(module, [], inputs)
    return tuple(inputs) if isinstance(inputs, (tuple, list)) else (inputs,)


def read_inputs(texts: tuple[str, ...], module: Module) -> tuple[Any, ...]:
    """Return the arguments of ``forward`` that the texts of ``--input`` describe.

    Raises:
        QvizError: A text of no known form, an unknown argument name, a file that does not open.
    """
    return tuple(each.make() for each in plan_inputs(texts, module))


def plan_inputs(texts: tuple[str, ...], module: Module) -> tuple[Input, ...]:
    """Return how the arguments of ``forward`` are made, in its order; random ones are drawn when made.

    Raises:
        QvizError: A text of no known form, an unknown argument name, a file that does not open.
    """
    positional: list[Input] = []
    named: dict[str, Input] = {}
    for text in texts:
        name, equals, rest = text.partition("=")
        if not (equals and name.isidentifier()):
            positional += _read_one(text)
            continue
        values = _read_one(rest)
        if len(values) != 1:
            raise QvizError(f"{text!r} holds {len(values)} tensors, and {name} is one argument", FORM)
        named[name] = values[0]
    if not named:
        return tuple(positional)
    bound = _bind(module, positional, named)
    return tuple(each if isinstance(each, Input) else Input(partial(_same, each), repr(each)) for each in bound)


def _same(value: Any) -> Any:
    return value


def parameters(module: Module) -> dict[str, inspect.Parameter]:
    """Return the parameters of ``forward`` by name."""
    return dict(inspect.signature(module.forward).parameters)


def _bind(module: Module, positional: list[Any], named: dict[str, Any]) -> tuple[Any, ...]:
    """Return arguments in the order of ``forward``, with defaults in the gaps."""
    known = parameters(module)
    form = f"forward({', '.join(known)})"
    unknown = [name for name in named if name not in known]
    if unknown and not any(each.kind is each.VAR_KEYWORD for each in known.values()):
        raise QvizError(f"the inputs do not fit {form}: it has no {unknown[0]}", FORM)
    try:
        bound = inspect.signature(module.forward).bind(*positional, **named)
    except TypeError as error:
        raise QvizError(f"the inputs do not fit {form}: {error}", FORM) from error
    given = set(bound.arguments)
    bound.apply_defaults()
    by_keyword = sorted(given & set(bound.kwargs) | set(bound.kwargs) - set(known))
    if by_keyword:
        raise QvizError(
            f"{form} takes {', '.join(by_keyword)} by keyword only", "Wrap the model in one that takes it by position."
        )
    if any(each.kind is each.VAR_POSITIONAL for each in known.values()):
        return bound.args
    return bound.args[: 1 + max(list(known).index(name) for name in given)]


def _read_one(text: str) -> list[Input]:
    if text.endswith(FILES):
        load = f"load({text!r})"
        held = read_file(Path(text))
        return [Input(partial(_same, each), f"{load}[{index}]") for index, each in enumerate(held)]
    if match := _SHAPE.fullmatch(text):
        return [_random(text, match)]
    if ":" in text and not _SHAPE_BEGINS.match(text):
        called = as_arguments(call(text))
        return [Input(partial(_same, each), f"call({text!r})[{index}]") for index, each in enumerate(called)]
    raise QvizError(f"{text!r} is no input", FORM)


def _random(text: str, match: re.Match[str]) -> Input:
    sides, name = tuple(int(side) for side in match["shape"].split("x")), match["dtype"] or "float32"
    shape, dtype = ", ".join(map(str, sides)), getattr(torch, name, None)
    if not isinstance(dtype, torch.dtype):
        raise QvizError(f"{text!r}: torch has no dtype {name!r}", "For example: float32, int64, bool.")
    if not (dtype.is_floating_point or name in _INTEGERS):
        raise QvizError(f"{text!r}: random inputs cannot be {name}", "For example: float32, int64, bool.")
    low, high = match["low"], match["high"]
    if low is not None and float(low) > float(high):
        raise QvizError(f"{text!r}: {low} is above {high}", FORM)
    if not dtype.is_floating_point:
        ends = int(float(low or 0)), int(float(high or 1)) + 1
        return Input(
            partial(_draw, text, lambda: torch.randint(*ends, sides).to(dtype)),
            f"torch.randint({ends[0]}, {ends[1]}, ({shape},)).to(torch.{name})",
        )
    cast = "" if name == "float32" else f".to(torch.{name})"
    if low is None:
        return Input(partial(_draw, text, lambda: torch.randn(sides).to(dtype)), f"torch.randn({shape}){cast}")
    return Input(
        partial(_draw, text, lambda: torch.empty(sides).uniform_(float(low), float(high)).to(dtype)),
        f"torch.empty({shape}).uniform_({low}, {high}){cast}",
    )


def _draw(text: str, make: Callable[[], torch.Tensor]) -> torch.Tensor:
    try:
        return make()
    except RuntimeError as error:  # no memory for it
        raise QvizError(f"{text!r} cannot be made: {error}", "Give a smaller shape.") from error


def read_file(path: Path) -> tuple[torch.Tensor, ...]:
    """Return the tensors of a file, without running code from it.

    Raises:
        QvizError: Not found, or it holds something else.
    """
    if not path.is_file():
        raise QvizError(f"{path} was not found", "Check the path.")
    try:
        if path.suffix == ".pt":
            held = torch.load(path, weights_only=True, map_location="cpu")
            held = as_arguments(list(held.values()) if isinstance(held, dict) else held)
        else:
            import numpy as np

            arrays = np.load(path, allow_pickle=False)
            held = tuple(torch.from_numpy(arrays[key]) for key in arrays.files) if path.suffix == ".npz" else (arrays,)
            held = tuple(torch.as_tensor(each) for each in held)
    except Exception as error:  # torch, zipfile and numpy raise a dozen kinds
        first = str(error).strip().partition("\n")[0]
        raise QvizError(f"{path} could not be read: {first}", "It has to hold tensors only.") from error
    if not held or not all(isinstance(each, torch.Tensor) for each in held):
        raise QvizError(f"{path} holds something else than tensors", FORM)
    return held


def call(text: str) -> Any:
    """Return what ``mod:callable`` or ``file.py:callable`` gives, or is.

    Raises:
        QvizError: It is not there, or it fails.
    """
    name = read_name(text)
    module = import_place(name)
    found = look_up(module, name, [key for key, value in vars(module).items() if callable(value)], "function")
    return call_users(text, partial(name.call, found)) if callable(found) else found


def call_users(text: str, function: Callable[[], Any]) -> Any:
    """Return what a function of the user's gives.

    Raises:
        QvizError: It fails; the line is named.
    """
    try:
        return function()
    except (Exception, SystemExit) as error:  # the user's code may raise anything
        where = line_of(error)
        at = f" at {where.file}:{where.line}" if where else ""
        raise QvizError(f"{text} failed: {type(error).__name__}: {error}{at}", "Mend that line.") from error


def describe(inputs: tuple[Any, ...]) -> tuple[str, ...]:
    """Return shape and dtype of every input, for people: ``1×3×224×224 float32``."""
    return tuple(
        f"{'×'.join(map(str, each.shape))} {str(each.dtype).removeprefix('torch.')}".lstrip()
        if isinstance(each, torch.Tensor)
        else type(each).__name__
        for each in inputs
    )
