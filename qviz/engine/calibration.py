"""Finds calibration data and hands it on batch by batch, each as the arguments of ``forward``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sized
from itertools import islice
from pathlib import Path
from types import ModuleType
from typing import Any

import torch
from torch.nn import Module

from qviz.engine.inputs import FILES, as_arguments, call, call_users, read_file
from qviz.errors import QvizError


class Batches:
    """Calibration batches as argument tuples; counts them where the data can.

    Args:
        data: Tensors, tuples of arguments, or dicts of arguments by name.
        width: How many arguments the model takes; what a batch has beyond (labels) is dropped.
        module: Whose ``forward`` names the arguments of a dict.
    """

    def __init__(self, data: Iterable[Any], width: int, module: Module | None = None) -> None:
        self._data = data
        self._width = width
        self._module = module

    def __len__(self) -> int:
        try:
            return len(self._data)  # type: ignore[arg-type]
        except TypeError:
            return 0

    def __bool__(self) -> bool:
        return True

    def __iter__(self) -> Iterator[tuple[Any, ...]]:
        for batch in self._data:
            yield as_arguments(batch, self._module)[: self._width]


class _Limited:
    """The first batches of some."""

    def __init__(self, batches: Iterable[tuple[Any, ...]], count: int) -> None:
        self._batches, self._count = batches, count

    def __len__(self) -> int:
        known = len(self._batches) if isinstance(self._batches, Sized) else 0
        return min(known, self._count) or self._count

    def __iter__(self) -> Iterator[tuple[Any, ...]]:
        return islice(self._batches, self._count)


def limited(batches: Iterable[tuple[Any, ...]], count: int | None) -> Iterable[tuple[Any, ...]]:
    """Return at most so many batches; all for None.

    Raises:
        QvizError: The count is none.
    """
    if count is None:
        return batches
    if count < 1:
        raise QvizError(f"{count} batches calibrate nothing", "Ask for one at least.")
    return _Limited(batches, count)


def calibration_batches(
    text: str | None, place: ModuleType, inputs: tuple[Any, ...], module: Module | None = None
) -> Iterable[tuple[Any, ...]] | None:
    """Return calibration data as argument tuples, or None for the example inputs.

    Args:
        text: ``--calibrate``: a file, or ``mod:callable`` that yields batches; None looks for
            ``calibration_data`` beside the model.
        place: Where the model stands.
        inputs: The example inputs, which tell how many arguments there are and what a batch is.
        module: The model.

    Raises:
        QvizError: A file that does not open, a name that is not there, data that is no sequence.
    """
    if text is not None and text.endswith(FILES):
        return cut(text, read_file(Path(text)), inputs)
    if text is not None:
        data = call(text)
    else:
        data = getattr(place, "calibration_data", None)
        data = call_users("calibration_data()", data) if callable(data) else data
    if data is None:
        return None
    if isinstance(data, torch.Tensor) or not isinstance(data, Iterable):
        raise QvizError(f"the calibration data is a {type(data).__name__}, not batches", "Return a list of batches.")
    return Batches(data, len(inputs), module)


def cut(text: str, held: tuple[torch.Tensor, ...], inputs: tuple[Any, ...]) -> list[tuple[torch.Tensor, ...]]:
    """Cut one tensor per argument into batches like the example inputs; an incomplete last one is left out.

    A tensor with one dimension more than its example input holds whole batches.

    Raises:
        QvizError: Another number of tensors or samples than the model takes.
    """
    if len(held) != len(inputs):
        raise QvizError(
            f"{text} holds {len(held)} tensors, and the model takes {len(inputs)} inputs",
            "Give one tensor for each, with the samples along the first dimension.",
        )
    columns = [_column(tensor, example) for tensor, example in zip(held, inputs, strict=True)]
    counts = {len(column) for column in columns}
    if len(counts) != 1 or counts == {0}:
        shapes = ", ".join("×".join(map(str, tensor.shape)) for tensor in held)
        raise QvizError(
            f"{text} does not make whole batches: it holds {shapes}",
            "Its first dimensions have to be as many samples each, and at least as many as one batch of inputs.",
        )
    return list(zip(*columns, strict=True))


def _column(tensor: torch.Tensor, example: Any) -> list[torch.Tensor]:
    if not isinstance(example, torch.Tensor) or tensor.dim() != example.dim() or not example.dim():
        return list(tensor) if tensor.dim() else []
    size = max(example.shape[0], 1)
    return [tensor[start : start + size] for start in range(0, len(tensor) - size + 1, size)]
