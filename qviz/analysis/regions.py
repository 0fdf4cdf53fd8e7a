"""Which operators of a converted stage run in low precision, and which stay float.

An operator is low (contract, section 1) when it is a ``quantized_op``, or when its quantizable
inputs come through dequantize and its output is quantized again. Operators that a backend
takes as one pattern (conv, batch norm, relu) hand values on between them without a cast, so
the question is asked of each chain of such operators as a whole.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from qviz.document.graph import Graph, Kind, Node
from qviz.document.query import Index

QUANTIZABLE = re.compile(
    r"conv(_?transpose)?[123]d|conv(bn)?(relu)?[123]d|linear(relu|bn1d)?|addmm|matmul|bmm|embedding_?(bag)?|lstm|gru"
    r"|add|mul|cat|relu6?|leaky_?relu|prelu|elu|gelu|silu|hard(tanh|swish|sigmoid)|sigmoid|tanh|softmax"
    r"|(layer|group)_?norm|(instance|batch)_?norm([123]d)?|(adaptive_?)?(avg|max)_?pool[123]d|mean"
    r"|scaled_dot_product_attention|multiheadattention"
)
"""Bare names of the functions and modules that compute and that some backend of torch 2.8 quantizes."""

FOLLOWER = re.compile(r"relu6?|hardtanh|batch_?norm([123]d)?")
"""Operators that backends take into the pattern of the operator before them."""

_OVERLOADS = frozenset({"default", "Tensor", "Scalar", "out", "int", "dim"})
_INPLACE = {"iadd": "add", "imul": "mul", "isub": "sub"}


class Precision(NamedTuple):
    """Ids of the quantizable operators, in graph order."""

    low: tuple[str, ...]
    float: tuple[str, ...]


def function_name(node: Node) -> str:
    """Return the bare function or module name: ``aten.relu_.default`` and ``ReLU`` are both ``relu``."""
    if node.op == "call_module":
        return node.module_type.lower()
    name = next((part for part in reversed(node.target.split(".")) if part not in _OVERLOADS), node.target)
    name = name.rstrip("_")
    return _INPLACE.get(name, name)


def precision(graph: Graph) -> Precision:
    """Return which quantizable operators of a converted stage are low, and which float."""
    index = Index(graph)
    low: list[str] = []
    stays_float: list[str] = []
    for node in graph.nodes:
        if node.kind is Kind.QUANTIZED_OP:
            low.append(node.id)
        elif node.kind in (Kind.OP, Kind.FUSED_OP) and not node.attributes.get("stub") and _is_quantizable(node, index):
            (low if _fed_low(node, index) and _quantized_again(node, index) else stays_float).append(node.id)
    return Precision(tuple(low), tuple(stays_float))


def _matches(names: re.Pattern[str], node: Node) -> bool:
    return names.fullmatch(function_name(node)) is not None


def _is_quantizable(node: Node, index: Index) -> bool:
    if not _matches(QUANTIZABLE, node):
        return False
    dtypes = {value.dtype for producer in index.producers[node.id] for value in index.nodes[producer].values}
    return not dtypes or any("float" in dtype for dtype in dtypes)


def _fed_low(node: Node, index: Index) -> bool:
    activations = [index.nodes[i] for i in index.producers[node.id] if index.nodes[i].kind is not Kind.CONSTANT]
    if _matches(FOLLOWER, node) and len(activations) == 1 and activations[0].kind in (Kind.OP, Kind.FUSED_OP):
        before = activations[0]
        return len(index.users[before.id]) == 1 and _matches(QUANTIZABLE, before) and _fed_low(before, index)
    return bool(activations) and all(each.kind is Kind.DEQUANTIZE for each in activations)


def _quantized_again(node: Node, index: Index) -> bool:
    users = [index.nodes[i] for i in index.users[node.id]]
    if len(users) == 1 and _matches(FOLLOWER, users[0]):
        return _quantized_again(users[0], index)
    return bool(users) and all(each.kind is Kind.QUANTIZE for each in users)
