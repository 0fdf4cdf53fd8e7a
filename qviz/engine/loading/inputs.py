"""Makes inputs from texts such as ``1x3x224x224:float32``, files of tensors, and the user's functions."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch.nn import Module

from qviz.engine.failures import line_of
from qviz.engine.loading.forward import Arguments, bind, is_by_name, parameters
from qviz.engine.loading.importing import import_of, import_place
from qviz.engine.loading.missing_gpu import asks_for_gpu, gpu_elsewhere
from qviz.engine.loading.tensor_files import FILES, read_tensors
from qviz.errors import QvizError
from qviz.sources.text import look_up, read_name
from qviz.words import mark, tr

FORM = mark("Write an input as [NAME=]SHAPE[:DTYPE[:LOW..HIGH]], a {files} file of tensors, or mod:callable.")

_NUMBER = r"-?\d+(?:\.\d+)?"
_SHAPE = re.compile(rf"(?P<shape>\d+(x\d+)*)(:(?P<dtype>\w+)(:(?P<low>{_NUMBER})\.\.(?P<high>{_NUMBER}))?)?")
_SHAPE_BEGINS = re.compile(r"\d+(x\d+)*(:|$)")
_INTEGERS = ("uint8", "int8", "int16", "int32", "int64", "bool")


class Input(NamedTuple):
    """One argument of ``forward``.

    Attributes:
        make: Makes it here; random ones are drawn when made.
        python: Makes it elsewhere.
        setup: Statements that `python` needs before.
    """

    make: Callable[[], Any]
    python: str
    setup: tuple[str, ...] = ()


def _form() -> str:
    return tr(FORM, files=", ".join(FILES))


def read_inputs(texts: tuple[str, ...], module: Module) -> Arguments:
    """Return the call of ``forward`` that the texts of ``--input`` describe.

    Raises:
        QvizError: A text of no known form, an unknown argument name, a file that does not open.
    """
    return make(plan_inputs(texts, module))


def make(planned: Arguments) -> Arguments:
    """Return a call with the values of its `Input` arguments."""
    return Arguments(
        tuple(each.make() for each in planned.args), {name: each.make() for name, each in planned.kwargs.items()}
    )


def plan_inputs(texts: tuple[str, ...], module: Module) -> Arguments:
    """Return a call of ``forward`` whose arguments are `Input`, in its order.

    Raises:
        QvizError: A text of no known form, an unknown argument name, a file that does not open.
    """
    positional: list[Input] = []
    named: dict[str, Input] = {}
    for text in texts:
        name, equals, rest = text.partition("=")
        if not (equals and name.isidentifier()):
            for own, each in _read_one(text, module):
                if own is None:
                    positional.append(each)
                else:
                    named[own] = each
            continue
        values = _read_one(rest, module)
        if len(values) != 1:
            raise QvizError(
                tr(
                    '"{spec}" holds {number} tensors, but {name} is one argument',
                    spec=text,
                    number=len(values),
                    name=name,
                ),
                _form(),
            )
        named[name] = values[0][1]
    return bind(module, positional, named) if named else Arguments(tuple(positional))


def _same(value: Any) -> Any:
    return value


def _read_one(text: str, module: Module) -> list[tuple[str | None, Input]]:
    """Return the arguments that a text gives, with their names where it has them."""
    if text.endswith(FILES):
        return _of_file(text, module)
    if match := _SHAPE.fullmatch(text):
        return [(None, _random(text, match))]
    if ":" in text and not _SHAPE_BEGINS.match(text):
        return _of_call(text, module)
    raise QvizError(tr('"{spec}" is not an input', spec=text), _form())


def _of_file(text: str, module: Module) -> list[tuple[str | None, Input]]:
    held = read_tensors(Path(text))
    is_by_name = bool(held.names) and set(held.names) <= set(parameters(module))
    names = held.names if is_by_name else [None] * len(held.tensors)
    return [
        (name, Input(partial(_same, tensor), python, held.imports))
        for name, tensor, python in zip(names, held.tensors, held.python, strict=True)
    ]


def _of_call(text: str, module: Module) -> list[tuple[str | None, Input]]:
    name, value = read_name(text), call(text)
    variable = f"{name.attribute.replace('.', '_')}_given"
    is_called = callable(_found(text))
    expression = f"{name.attribute}({name.written_arguments})" if is_called else name.attribute
    setup = (import_of(name, name.attribute.split(".")[0]), f"{variable} = {expression}")
    if isinstance(value, Mapping) and is_by_name(value, module):
        return [(key, Input(partial(_same, each), f"{variable}[{key!r}]", setup)) for key, each in value.items()]
    if isinstance(value, (list, tuple)):
        return [(None, Input(partial(_same, each), f"{variable}[{at}]", setup)) for at, each in enumerate(value)]
    return [(None, Input(partial(_same, value), variable, setup))]


def _random(text: str, match: re.Match[str]) -> Input:
    sides, name = tuple(int(side) for side in match["shape"].split("x")), match["dtype"] or "float32"
    shape, dtype = ", ".join(map(str, sides)), getattr(torch, name, None)
    if not isinstance(dtype, torch.dtype):
        raise QvizError(
            tr('"{spec}": torch has no dtype "{name}"', spec=text, name=name), tr("For example: float32, int64, bool.")
        )
    if not (dtype.is_floating_point or name in _INTEGERS):
        raise QvizError(
            tr('"{spec}": random inputs of dtype {name} are not supported', spec=text, name=name),
            tr("For example: float32, int64, bool."),
        )
    low, high = match["low"], match["high"]
    if low is not None and float(low) > float(high):
        raise QvizError(tr('"{spec}": {low} is above {high}', spec=text, low=low, high=high), _form())
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
        raise QvizError(
            tr('"{spec}" could not be created: {error}', spec=text, error=error), tr("Give a smaller shape.")
        ) from error


def call(text: str) -> Any:
    """Return what ``mod:callable`` or ``file.py:callable`` gives, or is.

    Raises:
        QvizError: It is not there, or it fails.
    """
    found = _found(text)
    return call_users(text, partial(read_name(text).call, found)) if callable(found) else found


def _found(text: str) -> Any:
    name = read_name(text)
    module = import_place(name)
    return look_up(module, name, [key for key, value in vars(module).items() if callable(value)], "function")


def call_users(text: str, function: Callable[[], Any]) -> Any:
    """Return what a function of the user's gives.

    Raises:
        QvizError: It fails; the line is named.
    """
    try:
        return function()
    except (Exception, SystemExit) as error:  # the user's code may raise anything
        if asks_for_gpu(error):
            raise gpu_elsewhere(text, error) from error
        where = line_of(error)
        message = tr("{call} failed: {type}: {error}", call=text, type=type(error).__name__, error=error)
        if where:
            message = tr("{message} at {file}:{line}", message=message, file=where.file, line=where.line)
        raise QvizError(message, tr("Fix that line.")) from error
