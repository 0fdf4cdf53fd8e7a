"""What flows out of every node: shape and dtype, in the words of a line's label."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import Enum
from functools import lru_cache

from qviz.document.graph import Graph, Kind, Node, Value
from qviz.document.query import Index
from qviz.words.visible import short_name

SHORT = {"float32": "f32", "float64": "f64", "float16": "f16", "bfloat16": "bf16"}
HALF = frozenset({"float16", "bfloat16"})
INDEX = frozenset({"int64", "int32", "int16", "uint16", "uint32", "uint64", "bool", "int", "str"})
"""Also the numbers of Python: sizes, and what is computed of them."""


class DtypeClass(str, Enum):
    """What a dtype is for: float32 and wider, 8 bits or fewer, 16-bit floats, whole numbers and truth."""

    FLOAT = "float"
    LOW = "low"
    HALF = "half"
    INDEX = "index"

    __hash__ = str.__hash__  # Enum's own is a call in Python: it is looked up for every line of a large graph


class OutputValues:
    """The values between the nodes of a graph, filled in from their producers where torch says nothing.

    Attributes:
        values: For a node with one output of which something is known, that.
    """

    def __init__(self, graph: Graph, index: Index) -> None:
        self._index = index
        self.values: dict[str, Value] = {}
        self._mixed = False
        for node in graph.nodes:
            several = node.values
            value = several[0] if len(several) == 1 else self._value(node)
            if value is not None:
                self.values[node.id] = value
                self._mixed = self._mixed or dtype_class(value.dtype) is DtypeClass.LOW

    def _value(self, node: Node) -> Value | None:
        """Return what flows out of a node, of which torch does not say it."""
        producers = self._index.producers[node.id]
        if node.values or not producers:
            return None
        before = self.values.get(producers[0])
        match node.kind:
            case kind if kind.watches:
                return before
            case Kind.QUANTIZE | Kind.QUANTIZED_OP if node.quant and node.quant.output:
                shape = before.shape if before and node.kind is Kind.QUANTIZE else ()
                return Value(shape, node.quant.output.dtype)
            case Kind.DEQUANTIZE if before:
                return Value(before.shape, "torch.float32")
            case _:
                return self._item(node, producers[0])

    def _item(self, node: Node, producer: str) -> Value | None:
        values = self._index.nodes[producer].values
        if node.target.endswith("getitem") and len(node.args) == 2 and isinstance(node.args[1], int):
            return values[node.args[1]] if -len(values) <= node.args[1] < len(values) else None
        return None

    def dtype_class(self, node_id: str) -> DtypeClass:
        """Return the class of the dtype that leaves a node; float where nothing is known."""
        value = self.values.get(node_id)
        if value is not None:
            return dtype_class(value.dtype)
        several = {dtype_class(each.dtype) for each in self._index.nodes[node_id].values}
        return several.pop() if len(several) == 1 else DtypeClass.FLOAT

    def label(self, node_id: str) -> str:
        """Return the shape that leaves a node, and the dtype where the node changes it."""
        value = self.values.get(node_id)
        node = self._index.nodes[node_id]
        if value is None or node.kind is Kind.CONSTANT:  # the box of a constant says it
            return ""
        return _label(value.shape, value.dtype if self._changes(node_id, value.dtype) else "")

    def _changes(self, node_id: str, dtype: str) -> bool:
        """Return whether a node gives another dtype than all that it reads."""
        is_known = False
        for each in self._index.producers[node_id]:
            before = self.values.get(each)
            if before is not None:
                if before.dtype == dtype:
                    return False
                is_known = True
        return is_known or self._mixed or dtype != "torch.float32"


@lru_cache(maxsize=4096)
def _label(shape: tuple[int | str, ...], dtype: str) -> str:
    told = " ".join(filter(None, (shape_text(shape), short_dtype(dtype) if dtype else "")))
    return short_name(told)  # sizes may be expressions of any length


@lru_cache(maxsize=256)
def dtype_class(dtype: str) -> DtypeClass:
    """Return the class of a dtype such as ``torch.quint8``."""
    name = dtype.removeprefix("torch.")
    if name in HALF:
        return DtypeClass.HALF
    if name in INDEX:
        return DtypeClass.INDEX
    if name.startswith(("qint", "quint", "int", "uint", "float8", "float4")):
        return DtypeClass.LOW
    return DtypeClass.FLOAT


@lru_cache(maxsize=256)
def short_dtype(dtype: str) -> str:
    """Return ``f32`` for ``torch.float32``, ``quint8`` for ``torch.quint8``."""
    name = dtype.removeprefix("torch.")
    return SHORT.get(name, name)


def shape_text(shape: Iterable[int | str]) -> str:
    """Return ``1×64×56×56``; a scalar has no text."""
    return "×".join(str(each) for each in shape)


def weight_of(node: Node, values: Mapping[str, Value], index: Index) -> Value | None:
    """Return the weight of an operator that takes one as its second input."""
    producers = index.producers[node.id]
    return values.get(producers[1]) if len(producers) > 1 else None
