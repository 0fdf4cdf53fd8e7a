"""What can stand before a colon in a search, and the texts that a node has for it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Final, Protocol

from qviz.document.graph import WATCHING, Json, Node, NodeId, Number, QParams
from qviz.document.inlining import INSIDE

_QUANTIZATION = ("scale", "zero_point", "qscheme", "quant_min", "quant_max", "axis")

SEPARATORS: Final = {"module": ".", "shape": "x", "name": "", "op": "", "observer": "", "finding": ""}
"""What parts a value into pieces that can be looked for whole: ``module:layer1`` is not in ``layer10``.

Without a separator only a part is looked for; a key that is not named here is looked for as a whole value.
"""


def _dtypes(node: Node) -> list[str]:
    found = [value.dtype.removeprefix("torch.") for value in node.values]
    if node.quant is not None and node.quant.output is not None:
        found.append(node.quant.output.dtype.removeprefix("torch."))
    return found


def _shapes(node: Node) -> list[str]:
    return [_shape(value.shape) for value in node.values]


@lru_cache(4096)
def _shape(sizes: tuple[int | str, ...]) -> str:
    return "x".join(map(str, sizes))


def _operators(node: Node) -> list[str]:
    parts = [part.type for part in node.parts] if node.parts else []
    return [node.target, node.module_type, *parts] if node.module_type else [node.target, *parts]


def _observers(node: Node) -> list[str]:
    found = [part.type for part in node.parts if part.kind in WATCHING] if node.parts else []
    return [*found, node.observer.type] if node.observer is not None else found


def _modules(node: Node) -> tuple[str, ...]:
    own = (node.place, node.module_path) if INSIDE in node.id else (node.place,)  # in a nested graph it has both
    return tuple(each for each in own if each)


def _quantized(node: Node) -> Iterator[QParams]:
    for quant in (node.quant, *(part.quant for part in node.parts or ())):
        if quant is not None:
            yield from filter(None, (quant.input, quant.weight, quant.bias, quant.output))


def _of_quantization(field: str) -> Callable[[Node], Iterable[str]]:
    def texts(node: Node) -> Iterator[str]:
        for params in _quantized(node):
            value: Number | tuple[Number, ...] | None = getattr(params, field)
            if value is not None:
                yield json_text(list(value) if isinstance(value, tuple) else value).removeprefix("torch.")

    return texts


FIELDS: Final[dict[str, Callable[[Node], Iterable[str]]]] = {
    "name": lambda node: (node.id,),
    "op": _operators,
    "module": _modules,
    "kind": lambda node: (node.kind.value,),
    "dtype": _dtypes,
    "shape": _shapes,
    "observer": _observers,
    **{field: _of_quantization(field) for field in _QUANTIZATION},
}
"""The texts of a node by key; more than one where it has several outputs or tensors."""


class OtherWords(Protocol):
    """More of what can stand before a colon: what a run knows of the nodes of a stage."""

    @property
    def keys(self) -> tuple[str, ...]:
        """The words before the colon."""
        ...

    def texts(self, key: str) -> Mapping[NodeId, Iterable[str]]:
        """Return the texts that nodes have for a word."""
        ...

    def numbers(self, key: str) -> Mapping[NodeId, float]:
        """Return the numbers that nodes have for a word, for ``share:>5``."""
        ...


def json_text(value: Json) -> str:
    """Return a value as people type it: 3x3 for a list, 1 for 1.0."""
    if isinstance(value, list):
        return "x".join(map(json_text, value))
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return "none" if value is None else str(value)
