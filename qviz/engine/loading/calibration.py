"""Finds calibration data and hands it on batch by batch, each as the arguments of ``forward``."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sized
from itertools import islice
from pathlib import Path
from types import ModuleType
from typing import Any

import torch
from torch.nn import Module

from qviz.engine.loading.forward import Arguments, arrange, describe, names, refuse_unlike
from qviz.engine.loading.inputs import call, call_users, make
from qviz.engine.loading.tensor_files import FILES, read_tensors
from qviz.errors import QvizError
from qviz.words import tr


class Batches:
    """Calibration batches as calls of ``forward``; counts them where the data can.

    Args:
        data: Tensors, tuples of arguments, or dicts of arguments by name.
        example: Which arguments the model takes; what a batch has beyond (labels) is dropped.
        module: Whose ``forward`` names the arguments of a dict.
    """

    def __init__(self, data: Iterable[Any], example: Arguments, module: Module | None = None) -> None:
        self._data = data
        self._example = example
        self._module = module

    def __len__(self) -> int:
        try:
            return len(self._data)  # type: ignore[arg-type]
        except TypeError:
            return 0

    def __bool__(self) -> bool:
        return True

    def __iter__(self) -> Iterator[Arguments]:
        for batch in self._data:
            call = arrange(batch, self._example, self._module)
            refuse_unlike(call, self._example, self._module)
            yield call


class RandomBatches(Batches):
    """Random batches, drawn as the example inputs are."""


class Changed:
    """Batches whose tensors are changed as they pass.

    Attributes:
        given: They, as they were.
    """

    def __init__(self, batches: Iterable[Arguments], change: Callable[[torch.Tensor], torch.Tensor]) -> None:
        self.given, self._change = batches, change

    def __len__(self) -> int:
        return len(self.given) if isinstance(self.given, Sized) else 0

    def __bool__(self) -> bool:
        return True

    def __iter__(self) -> Iterator[Arguments]:
        for batch in self.given:
            yield batch.mapped(self._change)


class _Limited:
    """The first batches of some."""

    def __init__(self, batches: Iterable[Arguments], count: int) -> None:
        self._batches, self._count = batches, count

    def __len__(self) -> int:
        known = len(self._batches) if isinstance(self._batches, Sized) else 0
        return min(known, self._count) or self._count

    def __iter__(self) -> Iterator[Arguments]:
        return islice(self._batches, self._count)


def limited(batches: Iterable[Arguments], count: int | None) -> Iterable[Arguments]:
    """Return at most so many batches; all for None.

    Raises:
        QvizError: The count is none.
    """
    if count is None:
        return batches
    if count < 1:
        raise QvizError(tr("{number} batches cannot calibrate a model", number=count), tr("Use at least one batch."))
    return _Limited(batches, count)


def calibration_batches(
    text: str | None,
    place: ModuleType,
    inputs: Arguments,
    module: Module | None = None,
    beside: str = "calibration_data",
) -> Iterable[Arguments] | None:
    """Return data as calls of ``forward``, or None where there is none but the example inputs.

    Args:
        text: ``--calibrate`` or ``--evaluate``: a file, or ``mod:callable`` that yields batches.
        place: Where the model stands.
        inputs: The example inputs, which tell how many arguments there are and what a batch is.
        module: The model.
        beside: The name beside the model that is looked for where there is no text.

    Raises:
        QvizError: A file that does not open, a name that is not there, data that is no sequence.
    """
    if text is not None and text.endswith(FILES):
        held = read_tensors(Path(text)).ordered(names(inputs, module))
        return cut(text, held.tensors, inputs)
    if text is not None:
        data = call(text)
    else:
        data = getattr(place, beside, None)
        data = call_users(f"{beside}()", data) if callable(data) else data
    if data is None:
        return None
    if isinstance(data, torch.Tensor) or not isinstance(data, Iterable):
        raise QvizError(
            tr("The {name} is a {type}, not batches", name=beside.replace("_", " "), type=type(data).__name__),
            tr("Return a list of batches."),
        )
    return Batches(data, inputs, module)


def drawn_batches(planned: Arguments, first: Arguments, count: int) -> RandomBatches | None:
    """Return the example inputs and as many more as make so many batches; None where they are the only batch.

    Args:
        planned: The call with its `Input` arguments; without any, nothing can be drawn again.
        first: The example inputs, which were drawn just now.
        count: Of all batches.
    """
    if count < 2 or not len(planned):
        return None
    return RandomBatches([first, *(make(planned) for _ in range(count - 1))], first)


def is_drawn(batches: Iterable[Arguments] | None) -> bool:
    """Tell whether batches are random ones, whatever was changed of them."""
    return is_drawn(batches.given) if isinstance(batches, Changed) else isinstance(batches, RandomBatches)


def cut(text: str, held: tuple[torch.Tensor, ...], inputs: Arguments) -> list[Arguments]:
    """Cut one tensor per argument into batches like the example inputs; an incomplete last one is left out.

    A tensor with one dimension more than its example input holds whole batches.

    Raises:
        QvizError: Another number of tensors or samples than the model takes.
    """
    if len(held) != len(inputs):
        raise QvizError(
            tr(
                "{spec} holds {number} tensors, but the model takes {count_2} inputs",
                spec=text,
                number=len(held),
                count_2=len(inputs),
            ),
            tr("Give one tensor for each, with the samples along the first dimension."),
        )
    columns = [_column(tensor, example) for tensor, example in zip(held, inputs.values, strict=True)]
    counts = {len(column) for column in columns}
    if len(counts) != 1 or counts == {0}:
        shapes = ", ".join("×".join(map(str, tensor.shape)) for tensor in held)
        raise QvizError(
            tr(
                "{spec} does not make whole batches: it holds {shapes}, and one batch is {names}",
                spec=text,
                shapes=shapes,
                names=", ".join(describe(inputs)),
            ),
            tr("Give all tensors the same number of samples in the first dimension, at least one batch of them."),
        )
    return [arrange(row, inputs) for row in zip(*columns, strict=True)]


def _column(tensor: torch.Tensor, example: Any) -> list[torch.Tensor]:
    if not isinstance(example, torch.Tensor) or tensor.dim() != example.dim() or not example.dim():
        return list(tensor) if tensor.dim() else []
    size = max(example.shape[0], 1)
    return [tensor[start : start + size] for start in range(0, len(tensor) - size + 1, size)]
