"""Which operators of a converted stage run in low precision, and which stay float.

An operator is low (docs/contract.md, section 1) when it is a ``quantized_op``, or when its quantizable
inputs come through dequantize and its output is quantized again. Operators that a backend
takes as one pattern (conv, batch norm, relu) hand values on between them without a cast, so
the question is asked of each chain of such operators as a whole.

FX and eager conversion put kernels in place of all that the backend takes. What stays a float operator between casts
beside them runs in float; in PT2E and in the reference a backend takes it later. Where the graph still tells who
asked for the casts, an operator that the quantizer passed by is float: the casts around it are those of its neighbors.

The output may stay float where the operator's annotation says so, or where a weight comes through
dequantize too: only the operator's own annotation quantizes a weight, so a missing cast behind it is
what that annotation wants, as that of every dynamic one does. Inputs alone prove nothing: the operator
before may have asked for the cast.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from qviz.document.graph import COMPUTING, Graph, Kind, Node, Value
from qviz.document.query import Index

QUANTIZABLE = re.compile(
    r"conv(_?transpose)?[123]d|convolution|conv(bn)?(relu)?[123]d|linear(relu|bn1d)?|addmm|matmul|bmm|embedding_?(bag)?|lstm|gru"
    r"|add|mul|cat|relu6?|leaky_?relu|prelu|elu|gelu|silu|hard(tanh|swish|sigmoid)|sigmoid|tanh|_?softmax"
    r"|(native_)?(layer|group)_?norm|(instance|batch)_?norm([123]d)?|(adaptive_?)?(avg|max)_?pool[123]d|mean"
    r"|scaled_dot_product_attention|multiheadattention"
)
"""Bare names of the functions and modules that compute and that some backend of torch 2.8 quantizes."""

FOLLOWER = re.compile(r"relu6?|hardtanh|batch_?norm([123]d)?")
"""Operators that backends take into the pattern of the operator before them."""

MOVES = re.compile(
    r"view(_as)?|reshape|(un)?flatten|(un)?squeeze|transpose|permute|t|contiguous|clone|detach|alias|expand|slice|select"
    r"|chunk|split(_with_sizes)?|getitem|identity|dropout"
)
"""Operators that hand values on as they are, moved or picked."""

_OPERATOR = re.compile(
    r"(aten|prims|quantized|quantized_decomposed|onednn|torchvision)\.(\w+)(\.\w+)?|(\w+)\.(\w+)\.default"
)
"""``namespace.operator.overload`` of ``torch.ops``; a packet goes without the overload."""

_WEIGHTED = re.compile(
    r"conv(_?transpose)?[123]d|convolution|conv(bn)?(relu)?[123]d|linear(relu|bn1d)?|addmm|embedding(_bag)?"
)
"""Operators one of whose arguments is a weight."""
_ON_THE_WAY = (Kind.DEQUANTIZE, Kind.QUANTIZE)
_WIDE = ("torch.float32", "torch.float64")
_MATRIX = 2
"""Dimensions that a weight has at least; a bias has one."""
_INPLACE = {"iadd": "add", "imul": "mul", "isub": "sub"}
_PACKING = re.compile(r"\w*(un|pre)pack\w*")
"""Work on weights that a lowered graph does once; it computes no operator of the model."""


class Precision(NamedTuple):
    """Ids of the quantizable operators, in graph order."""

    low: tuple[str, ...]
    float: tuple[str, ...]


class PrecisionWithDtypes(NamedTuple):
    """The same, and of each operator in low precision the dtype in which it works; "" where that is not known."""

    precision: Precision
    dtypes: tuple[str, ...] = ()


def function_name(node: Node) -> str:
    """Return the bare function or module name: ``aten.relu_.default`` and ``ReLU`` are both ``relu``."""
    return node.module_type.lower() if node.op == "call_module" else _bare_name(node.target)


def operator_name(node: Node) -> str:
    """Return what an operator is called in texts: a module by its class, ``GroupNorm``, a function as it is written."""
    return (node.module_type if node.op == "call_module" else "") or function_name(node)


@lru_cache(maxsize=4096)
def _bare_name(target: str) -> str:
    operator = _OPERATOR.fullmatch(target)
    name = (operator[2] or operator[5]) if operator else target.rpartition(".")[2]
    name = name.rstrip("_") or name
    return _INPLACE.get(name, name)


def precision(graph: Graph, index: Index | None = None) -> Precision:
    """Return which quantizable operators of a converted stage are low, and which float; `index` is the graph's."""
    return precision_with_dtypes(graph, index or Index(graph)).precision


def precision_with_dtypes(graph: Graph, index: Index) -> PrecisionWithDtypes:
    """Return the same, with the dtypes of those that are low."""
    low: list[str] = []
    dtypes: list[str] = []
    stays_float: list[str] = []
    working = [node for node in graph.nodes if node.kind in COMPUTING]
    has_kernels = any(node.kind is Kind.QUANTIZED_OP and not is_reference(node) for node in working)
    runs_floats = has_kernels and not any(node.target.startswith("aten.") for node in working)
    for node in working:
        kind = node.kind
        if has_kernels and is_reference(node):  # convert left it
            stays_float.append(node.id)
        elif kind is Kind.OP or kind is Kind.FUSED_OP:
            if _is_quantizable(node, index) and not node.attributes.get("stub"):
                inputs = _float_inputs(node, index)
                if _is_low(node, inputs, index) and (inputs.weights or not runs_floats):
                    low.append(node.id)
                    dtypes.append(_dtype_of_casts(node, inputs, index))
                else:
                    stays_float.append(node.id)
        elif kind is Kind.QUANTIZED_OP and not _matches(_PACKING, node):
            low.append(node.id)
            dtypes.append(_kept_dtype(node))
    return PrecisionWithDtypes(Precision(tuple(low), tuple(stays_float)), tuple(dtypes))


def _kept_dtype(node: Node) -> str:
    """Return the dtype that torch keeps at a quantized operator: of its weight, else of its input or output."""
    held = (node.quant.weight, node.quant.input, node.quant.output) if node.quant is not None else ()
    # A quantized batch norm's weight is kept in float32.
    return next((each.dtype for each in held if each is not None and each.dtype not in _WIDE), "")


def _dtype_of_casts(node: Node, inputs: _FloatInputs, index: Index) -> str:
    """Return the dtype of the casts that an operator reads, of its weight if it has one.

    One that ends a chain of operators, and reads none, has that of the casts which read it. It is "" where several
    differ.
    """
    casts = inputs.weights[:1] or [each for each in inputs.activations if each.kind is Kind.DEQUANTIZE]
    found = {_dtype_of_cast(each) for each in casts}
    if not found:
        readers = [index.nodes[each] for each in index.users[node.id]]
        found = {_dtype_of_cast(each) if each.kind is Kind.QUANTIZE else "" for each in readers}
    return found.pop() if len(found) == 1 else ""


def _dtype_of_cast(node: Node) -> str:
    params = (node.quant.input or node.quant.output) if node.quant is not None else None
    return "" if params is None else params.dtype


def is_reference(node: Node) -> bool:
    """Return whether a node is a reference module: float, with a quantized weight, for a backend to replace it."""
    return node.why is not None and node.why.code == "quantized.reference"


def _matches(names: re.Pattern[str], node: Node) -> bool:
    is_module = node.op == "call_module"
    # By its text: a compiled pattern is hashed anew each time, from its first code to its last.
    return _is_name_of(names.pattern, node.module_type if is_module else node.target, is_module)


@lru_cache(maxsize=8192)
def _is_name_of(names: str, name: str, is_module: bool) -> bool:
    return re.fullmatch(names, name.lower() if is_module else _bare_name(name)) is not None


def _is_quantizable(node: Node, index: Index) -> bool:
    if not _matches(QUANTIZABLE, node):
        return False
    has_values, nodes = False, index.nodes
    for each in index.producers[node.id]:
        for value in nodes[each].values:
            if "float" in value.dtype:
                return True
            has_values = True
    return not has_values


class _FloatInputs(NamedTuple):
    """What an operator reads: its activations, without indices, and the weights that come through dequantize."""

    activations: list[Node]
    weights: list[Node]


def _is_low(node: Node, inputs: _FloatInputs, index: Index) -> bool:
    if not _is_fed_low(node, inputs, index):
        return False
    # The output is quantized again, or may stay float.
    return bool(inputs.weights) or _is_annotated(node) or _quantized_again(node, index)


def _is_fed_low(node: Node, inputs: _FloatInputs, index: Index) -> bool:
    if node.why is not None and node.why.code.startswith("float."):
        return False  # nobody asked for the casts around it on its account
    activations, weights = inputs
    casts, within = 0, []
    for each in activations:
        kind = each.kind
        if kind is Kind.DEQUANTIZE:
            casts += 1
        elif kind is Kind.OP or kind is Kind.FUSED_OP:
            within.append(each)
    if casts + len(within) < len(activations) or len(within) > 1 or not (activations or weights):
        return False
    if not weights and _has_float_weight(node, index):
        return False  # casts around it belong to its neighbors
    if not within:
        return True
    if not (_is_annotated(node) or (_matches(FOLLOWER, node) and len(activations) == 1)):
        return False
    before = within[0]
    is_only_reader = len(index.users[before.id]) == 1
    return is_only_reader and _matches(QUANTIZABLE, before) and _is_fed_low(before, _float_inputs(before, index), index)


def _has_float_weight(node: Node, index: Index) -> bool:
    """Return whether a weight stands in the graph as it was: what left the operator in float."""
    if not _matches(_WEIGHTED, node):
        return False
    if node.op == "call_module":
        return True  # a module that no backend replaced keeps its own weight
    constants = (index.nodes[each] for each in index.producers[node.id] if index.nodes[each].kind is Kind.CONSTANT)
    values = (value for each in constants for value in each.values)
    return any("float" in value.dtype and len(value.shape or ()) >= _MATRIX for value in values)


def _is_annotated(node: Node) -> bool:
    """Return whether a quantizer took the operator and wants its output in float."""
    return node.attributes.get("annotated") == "float output"


def _float_inputs(node: Node, index: Index) -> _FloatInputs:
    found, nodes = _FloatInputs([], []), index.nodes
    for each in index.producers[node.id]:
        read = nodes[each]
        kind = read.kind
        if kind is Kind.CONSTANT:
            continue
        if kind is Kind.DEQUANTIZE and _is_cast_constant(read, index):
            found.weights.append(read)
        elif _may_be_float(read.values):
            found.activations.append(read)
    return found


def _may_be_float(values: tuple[Value, ...]) -> bool:
    """Return whether one of several outputs is a float, or nothing is known of them."""
    if len(values) == 1:  # most
        return "float" in values[0].dtype
    return not values or any("float" in value.dtype for value in values)


def _is_cast_constant(node: Node, index: Index) -> bool:
    """Return whether a dequantize is that of a parameter, quantized beforehand or on the spot."""
    nodes, producers = index.nodes, index.producers
    while node.kind in _ON_THE_WAY and producers[node.id]:
        node = nodes[producers[node.id][0]]
    return node.kind is Kind.CONSTANT


def _quantized_again(node: Node, index: Index) -> bool:
    nodes, users = index.nodes, index.users[node.id]
    while len(users) == 1 and _matches(FOLLOWER, nodes[users[0]]):
        users = index.users[users[0]]
    return bool(users) and all(nodes[each].kind is Kind.QUANTIZE for each in users)
