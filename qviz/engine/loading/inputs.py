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
from qviz.engine.loading.importing import import_name, import_of
from qviz.engine.loading.missing_gpu import asks_for_gpu, gpu_elsewhere
from qviz.engine.loading.tensor_files import read_tensors
from qviz.errors import QvizError
from qviz.sources.input_text import (
    DrawnTensor,
    InputForm,
    LiteralInput,
    SeveralInputs,
    TensorsOfFile,
    UsersCall,
    form_hint,
    read_form,
    split_name,
)
from qviz.sources.text import read_name
from qviz.words import tr


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
        name, rest = split_name(text)
        if not name:
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
                form_hint(),
            )
        named[name] = values[0][1]
    return bind(module, positional, named) if named else Arguments(tuple(positional))


def _same(value: Any) -> Any:
    return value


def _read_one(text: str, module: Module) -> list[tuple[str | None, Input]]:
    """Return the arguments that a text gives, with their names where it has them."""
    return _made(read_form(text), module)


def _made(form: InputForm, module: Module) -> list[tuple[str | None, Input]]:
    match form:
        case TensorsOfFile():
            return _of_file(form.path, module)
        case DrawnTensor():
            return [(None, _random(form))]
        case UsersCall():
            return _of_call(form.text, module)
        case LiteralInput():
            return [(None, Input(partial(_same, form.value), repr(form.value)))]
        case SeveralInputs():
            return [(None, _several(form, module))]


def _several(form: SeveralInputs, module: Module) -> Input:
    """Return a tuple or dict of inputs as one."""
    parts = [each for part in form.parts for _, each in _made(part, module)]
    setup = tuple(dict.fromkeys(line for each in parts for line in each.setup))
    if not form.names:
        python = "".join(f"{each.python}, " for each in parts).rstrip()
        return Input(lambda: tuple(each.make() for each in parts), f"({python})", setup)
    if len(form.names) != len(parts):
        raise QvizError(tr('"{spec}" has a different number of tensors and names', spec=form.text), form_hint())
    pairs = list(zip(form.names, parts, strict=True))
    python = ", ".join(f"{name!r}: {each.python}" for name, each in pairs)
    return Input(lambda: {name: each.make() for name, each in pairs}, f"{{{python}}}", setup)


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


def _random(form: DrawnTensor) -> Input:
    text, sides, dtype = form.text, form.sides, getattr(torch, form.dtype, None)
    if not isinstance(dtype, torch.dtype):
        raise QvizError(
            tr('"{spec}": torch has no dtype "{name}"', spec=text, name=form.dtype),
            tr("For example: float32, int64, bool."),
        )
    if not (dtype.is_floating_point or form.is_of_integers):
        raise QvizError(
            tr('"{spec}": random inputs of dtype {name} are not supported', spec=text, name=form.dtype),
            tr("For example: float32, int64, bool."),
        )
    if form.values == "zeros":
        return Input(partial(_draw, text, lambda: torch.zeros(sides, dtype=dtype)), form.python)
    if form.is_of_integers:
        ends = form.integer_ends
        return Input(partial(_draw, text, lambda: torch.randint(*ends, sides).to(dtype)), form.python)
    first, second = float(form.first or 0), float(form.second or 1)
    if form.values == "uniform":
        return Input(partial(_draw, text, lambda: torch.empty(sides).uniform_(first, second).to(dtype)), form.python)
    return Input(partial(_draw, text, lambda: (torch.randn(sides) * second + first).to(dtype)), form.python)


def _draw(text: str, make: Callable[[], torch.Tensor]) -> torch.Tensor:
    try:
        return make()
    except RuntimeError as error:  # no memory for it
        raise QvizError(
            tr('"{spec}" could not be created: {error}', spec=text, error=error), tr("Give a smaller shape.")
        ) from error


_OF_ARGUMENTS = re.compile(r"\(\) (missing|takes|got an unexpected)")


def call(text: str) -> Any:
    """Return what ``mod:callable`` or ``file.py:callable`` gives, or is.

    Raises:
        QvizError: It is not there, or it fails.
    """
    found = _found(text)
    return call_users(text, partial(read_name(text).call, found)) if callable(found) else found


def _found(text: str) -> Any:
    return import_name(read_name(text), "function")[1]


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
        elif isinstance(error, TypeError) and _OF_ARGUMENTS.search(str(error)):
            hint = tr(
                "Give what it takes as Python literals, as in {name}(size=8), or give its parameters defaults.",
                name=text.partition("(")[0],
            )
            raise QvizError(message, hint) from error
        raise QvizError(message, tr("Fix that line.")) from error
