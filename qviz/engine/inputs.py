"""Makes input tensors from texts such as ``1x3x224x224:float32``, files, and the user's functions."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import torch
from torch.nn import Module

from qviz.engine.naming import import_place, look_up, read_name
from qviz.errors import QvizError

FORM = "An input is [NAME=]SHAPE[:DTYPE[:LOW..HIGH]], a .npz or .pt file of tensors, or mod:callable."

_SHAPE = re.compile(r"(?P<shape>\d+(x\d+)*)(:(?P<dtype>[a-z]+\d*)(:(?P<low>-?[\d.]+?)\.\.(?P<high>-?[\d.]+))?)?")


def as_arguments(inputs: Any) -> tuple[Any, ...]:
    """Return inputs as the tuple of positional arguments: a lone tensor is one argument."""
    return tuple(inputs) if isinstance(inputs, (tuple, list)) else (inputs,)


def read_inputs(texts: tuple[str, ...], module: Module) -> tuple[Any, ...]:
    """Return the arguments of ``forward`` that the texts of ``--input`` describe.

    Raises:
        QvizError: A text of no known form, an unknown argument name, a file that does not open.
    """
    positional: list[Any] = []
    named: dict[str, Any] = {}
    for text in texts:
        name, equals, rest = text.partition("=")
        if equals and name.isidentifier():
            named[name] = _read_one(rest)
        else:
            value = _read_one(text)
            positional += value if isinstance(value, (tuple, list)) else [value]
    return _bind(module, positional, named) if named else tuple(positional)


def _bind(module: Module, positional: list[Any], named: dict[str, Any]) -> tuple[Any, ...]:
    signature = inspect.signature(module.forward)
    try:
        bound = signature.bind(*positional, **named)
    except TypeError as error:
        arguments = ", ".join(signature.parameters)
        raise QvizError(f"the inputs do not fit forward({arguments}): {error}", FORM) from error
    bound.apply_defaults()
    if bound.kwargs:
        raise QvizError(
            f"forward takes {', '.join(bound.kwargs)} by keyword only", "Wrap the model in one that does not."
        )
    return bound.args


def _read_one(text: str) -> Any:
    if match := _SHAPE.fullmatch(text):
        return _random(text, match)
    if text.endswith((".npz", ".npy", ".pt")):
        return _read_file(Path(text))
    if ":" in text:
        return _call(text, None)
    raise QvizError(f"{text!r} is no input", FORM)


def _random(text: str, match: re.Match[str]) -> torch.Tensor:
    shape = tuple(int(side) for side in match["shape"].split("x"))
    dtype = getattr(torch, match["dtype"] or "float32", None)
    if not isinstance(dtype, torch.dtype):
        raise QvizError(f"{text!r}: torch has no dtype {match['dtype']!r}", "For example: float32, int64, bool.")
    if match["low"] is not None:
        low, high = float(match["low"]), float(match["high"])
        if dtype.is_floating_point:
            return torch.empty(shape).uniform_(low, high).to(dtype)
        return torch.randint(int(low), int(high) + 1, shape, dtype=dtype)
    if dtype.is_floating_point:
        return torch.randn(shape).to(dtype)
    return torch.randint(0, 2, shape, dtype=torch.int64).to(dtype)


def _read_file(path: Path) -> tuple[torch.Tensor, ...]:
    if not path.is_file():
        raise QvizError(f"{path} was not found", "Check the path.")
    try:
        if path.suffix == ".pt":
            held = torch.load(path, weights_only=True, map_location="cpu")
            return as_arguments(list(held.values()) if isinstance(held, dict) else held)
        import numpy

        arrays = numpy.load(path, allow_pickle=False)
        held = [arrays[key] for key in arrays.files] if path.suffix == ".npz" else [arrays]
        return tuple(torch.from_numpy(array) for array in held)
    except Exception as error:  # torch, zipfile and numpy raise a dozen kinds
        raise QvizError(
            f"{path} could not be read: {error}", "It has to hold tensors only: .npz, .npy or .pt."
        ) from error


def _call(text: str, place: ModuleType | None) -> Any:
    name = read_name(text)
    module = import_place(name)
    found = look_up(module, name, [key for key, value in vars(module).items() if callable(value)], "function")
    return found(**(name.arguments or {})) if callable(found) else found


def calibration_batches(text: str | None, place: ModuleType, width: int) -> Iterable[tuple[Any, ...]] | None:
    """Return calibration data as argument tuples, or None for the example inputs.

    Args:
        text: ``--calibrate``: a file, or ``mod:callable`` that yields batches; None looks for
            ``calibration_data`` beside the model.
        place: Where the model stands.
        width: How many arguments the model takes; what a batch has beyond (labels) is dropped.

    Raises:
        QvizError: A file that does not open, a name that is not there, data that is no sequence.
    """
    if text is None:
        data = getattr(place, "calibration_data", None)
        data = data() if callable(data) else data
    elif text.endswith((".npz", ".npy", ".pt")):
        data = zip(*_read_file(Path(text)), strict=True)
        return [tuple(tensor.unsqueeze(0) for tensor in row) for row in data]
    else:
        data = _call(text, place)
    if data is None:
        return None
    if isinstance(data, torch.Tensor) or not isinstance(data, Iterable):
        raise QvizError(f"the calibration data is a {type(data).__name__}, not batches", "Return a list of batches.")
    return Batches(data, width)


class Batches:
    """Calibration batches as argument tuples; counts them where the data can."""

    def __init__(self, data: Iterable[Any], width: int) -> None:
        self._data = data
        self._width = width

    def __len__(self) -> int:
        try:
            return len(self._data)  # type: ignore[arg-type]
        except TypeError:
            return 0

    def __bool__(self) -> bool:
        return True

    def __iter__(self) -> Iterator[tuple[Any, ...]]:
        for batch in self._data:
            yield as_arguments(batch)[: self._width]


def describe(inputs: tuple[Any, ...]) -> tuple[str, ...]:
    """Return shape and dtype of every input, for people: ``1×3×224×224 float32``."""
    return tuple(
        f"{'×'.join(map(str, each.shape))} {str(each.dtype).removeprefix('torch.')}"
        if isinstance(each, torch.Tensor)
        else type(each).__name__
        for each in inputs
    )
