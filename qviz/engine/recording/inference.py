"""Finds the shapes and dtypes of what every node gives: from the capture, by rules, and else by running the graph."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Collection, Mapping
from typing import Any

import torch
from torch.fx import GraphModule, Node

from qviz.document.graph import Value
from qviz.engine.nodes.called import called_module
from qviz.engine.nodes.module_paths import is_of_pattern
from qviz.engine.nodes.module_roles import OBSERVING, role_of
from qviz.engine.nodes.targets import argument, target_name
from qviz.engine.recording.propagation import propagate
from qviz.engine.recording.values import Known, Values, attribute, describe

_QUANTIZE = re.compile(r"quantized_decomposed\.quantize_per_(tensor|channel)\.(default|tensor2?)")
_DEQUANTIZE = re.compile(r"quantized_decomposed\.dequantize_per_(tensor|channel)\.(default|tensor2?)")
_CHOOSE = re.compile(r"quantized_decomposed\.choose_qparams(_symmetric)?\.tensor")
_SCALE_AND_ZERO_POINT = (Value((1,), "torch.float64"), Value((1,), "torch.int64"))


def find_values(
    module: GraphModule,
    example_inputs: tuple[Any, ...] | None,
    earlier: Mapping[str, tuple[Value, ...]],
    unchanged: Collection[str] = (),
) -> Known:
    """Return what the nodes give, as far as it can be found.

    Args:
        module: The graph; neither its tensors nor its observers' statistics change.
        example_inputs: What the graph is run on when it carries no fake tensors of its own.
        earlier: Values of nodes of the stage before, which survivors keep where they cannot be run.
        unchanged: The nodes of a float graph that do what they did in the stage before.
    """
    from_meta = {
        node.name: describe(node.meta["val"])
        for node in module.graph.nodes
        if "val" in node.meta and not is_of_pattern(node)
    }
    known = Known(from_meta, {}, {})
    if any(node.op not in ("output", "get_attr") and node.name not in from_meta for node in module.graph.nodes):
        kept = {name: earlier[name] for name in unchanged if name in earlier}
        inferred = infer(module, kept | from_meta)
        found = Known(inferred, {}, {}) if inferred is not None else propagate(module, example_inputs)
        known = Known(from_meta | found.values, found.quantized, found.nested)
    complete(module, known.values, earlier)
    return known


def infer(module: GraphModule, known: Values) -> Values | None:
    """Return what all nodes give if the inserted ones alone are unknown: they keep the shape of what they read.

    That spares running a whole exported program for its observers, or its quantizes and dequantizes.

    Args:
        module: The graph.
        known: What is known from the capture.

    Returns:
        None where anything else is unknown.
    """
    found = dict(known)
    for node in module.graph.nodes:
        if node.op == "output" or node.name in found:
            continue
        value = _of_inserted(module, node, found)
        if value is None:
            return None
        found[node.name] = value
    return found


def _of_inserted(module: GraphModule, node: Node, found: Values) -> tuple[Value, ...] | None:
    if node.op == "get_attr":
        constant = attribute(module, node)
        return describe(constant) if isinstance(constant, torch.Tensor | GraphModule) else None
    producer = node.args[0] if node.args and isinstance(node.args[0], Node) else None
    given = found.get(producer.name) if producer is not None else None
    if producer is None or not given:
        return None
    if node.target is operator.getitem and _CHOOSE.fullmatch(target_name(producer.target)):
        return (given[int(str(node.args[1]))],)
    if len(given) != 1:
        return None
    if node.op == "call_module":
        return given if role_of(called_module(module, node)) in OBSERVING else None
    return _of_cast(node, given[0])


def _of_cast(node: Node, given: Value) -> tuple[Value, ...] | None:
    name = target_name(node.target)
    if _QUANTIZE.fullmatch(name):
        return (Value(given.shape, str(argument(node, "dtype"))),)
    if _DEQUANTIZE.fullmatch(name):
        return (Value(given.shape, str(argument(node, "out_dtype") or torch.float32)),)
    return _SCALE_AND_ZERO_POINT if _CHOOSE.fullmatch(name) else None


def complete(module: GraphModule, found: Values, earlier: Mapping[str, tuple[Value, ...]]) -> None:
    """Complete what could not be run: from the objects, from the stage before, from the neighbours."""
    rules: tuple[Callable[[Node], tuple[Value, ...]], ...] = (
        lambda node: describe(attribute(module, node)) if node.op == "get_attr" else (),
        lambda node: earlier.get(node.name, ()),
        lambda node: _passed_on(module, node, found),
    )
    for node in module.graph.nodes:
        for rule in rules:
            if not found.get(node.name):
                found[node.name] = rule(node)


def _passed_on(module: GraphModule, node: Node, found: Values) -> tuple[Value, ...]:
    producer = next(iter(node.all_input_nodes), None)
    if producer is None or not found.get(producer.name):
        return ()
    if node.op == "output" or (node.op == "call_module" and role_of(called_module(module, node)) in OBSERVING):
        return found[producer.name]
    shape = found[producer.name][0].shape
    name = target_name(node.target)
    if name.startswith(("quantized_decomposed.quantize_", "torch.quantize_per_")):
        dtype = argument(node, "dtype") or next((each for each in node.args if isinstance(each, torch.dtype)), None)
        return (Value(shape, str(dtype)),) if dtype else ()
    if name.startswith("quantized_decomposed.dequantize_") or name == "dequantize":
        return (Value(shape, str(argument(node, "out_dtype") or torch.float32)),)
    return ()
