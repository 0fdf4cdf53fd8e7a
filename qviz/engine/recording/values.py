"""Describes what nodes give: shapes and dtypes as plain data."""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from torch.fx import GraphModule, Node
from torch.utils import _pytree as pytree

from qviz.document.graph import QParams, Value
from qviz.engine.nodes.module_roles import LOW, role_of
from qviz.engine.nodes.targets import target_name

Values = dict[str, tuple[Value, ...]]


class Known(NamedTuple):
    """What is known about the results of a graph's nodes, by node name.

    Attributes:
        values: Shapes and dtypes.
        quantized: How quantized tensors are, where the graph was run for real.
        nested: The same inside called GraphModules, by the name of the node that calls.
    """

    values: Values
    quantized: dict[str, QParams]
    nested: dict[str, Known]


def describe(result: Any) -> tuple[Value, ...]:
    """Return one value for every tensor and number in what a node gave; nothing for other objects."""
    leaves = pytree.tree_leaves(result)
    return tuple(_describe_leaf(leaf) for leaf in leaves if _is_describable(leaf))


def _is_describable(leaf: Any) -> bool:
    return isinstance(
        leaf, torch.Tensor | bool | int | float | complex | str | torch.SymInt | torch.SymFloat | torch.SymBool
    )


def _describe_leaf(leaf: Any) -> Value:
    if isinstance(leaf, torch.Tensor):
        return Value(tuple(size if type(size) is int else str(size) for size in leaf.shape), str(leaf.dtype))
    symbolic = {torch.SymInt: "int", torch.SymFloat: "float", torch.SymBool: "bool"}
    return Value((), symbolic.get(type(leaf), type(leaf).__name__))


def attribute(module: torch.nn.Module, node: Node) -> Any:
    """Return the object that a get_attr node reads, or None."""
    value: Any = module
    for part in str(node.target).split("."):
        value = getattr(value, part, None)
    return value


def is_float(module: GraphModule) -> bool:
    """Tell whether nothing in a graph can be low precision; packed weights would be read as garbage by fakes."""
    if any(role_of(each) in LOW for each in module.modules()):
        return False
    functions = [node for node in module.graph.nodes if node.op in ("call_function", "get_attr")]
    return not any(
        isinstance(attribute(module, node), torch.ScriptObject) if node.op == "get_attr" else _is_quantized(node)
        for node in functions
    )


def _is_quantized(node: Node) -> bool:
    return "quantize" in target_name(node.target)
