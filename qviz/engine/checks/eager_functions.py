"""Finds the functions that eager quantization does not see, and names the module that it would."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from torch import nn
from torch.ao.nn.quantized import FloatFunctional
from torch.ao.quantization import DeQuantStub, QuantStub
from torch.fx import GraphModule, Node

from qviz.engine.nodes.called import called_modules
from qviz.engine.nodes.kinds import SHAPE_QUERY
from qviz.engine.nodes.targets import bare_name
from qviz.engine.recording.functional_calls import MADE_BY

_RUNS = {"relu": "torch.nn.ReLU", "cat": "FloatFunctional.cat"}
"""They take quantized tensors, and give their result the scale of what comes in."""

_STOPS = {
    "linear": "torch.nn.Linear",
    "conv1d": "torch.nn.Conv1d",
    "conv2d": "torch.nn.Conv2d",
    "conv3d": "torch.nn.Conv3d",
    "batch_norm": "torch.nn.BatchNorm2d",
    "instance_norm": "torch.nn.InstanceNorm2d",
    "layer_norm": "torch.nn.LayerNorm",
    "group_norm": "torch.nn.GroupNorm",
    "hardswish": "torch.nn.Hardswish",
    "elu": "torch.nn.ELU",
    "prelu": "torch.nn.PReLU",
}
"""They have no kernel for quantized tensors."""

_JOINS = {"add": "FloatFunctional.add", "mul": "FloatFunctional.mul", "matmul": "FloatFunctional.matmul"}
_WITH_NUMBER = {"add": "FloatFunctional.add_scalar", "mul": "FloatFunctional.mul_scalar"}
"""The same with two tensors, and with a tensor and a number."""
_WITH_ALPHA = {"add": "FloatFunctional.mul_scalar and then FloatFunctional.add"}
"""The same where the second tensor is multiplied by a number."""


def may_join(node: Node) -> bool:
    """Tell whether FloatFunctional has a method for a function."""
    return node.op in ("call_function", "call_method") and hasattr(FloatFunctional, _name(node).strip("_"))


class Unseen(NamedTuple):
    """A function in an eager model, what would do the same, and whether quantized tensors stop it."""

    node: Node
    better: str
    stops: bool


def unseen(graph: GraphModule) -> Iterator[Unseen]:
    """Yield the functions of an eager model that have an observed module; none inside of a FloatFunctional.

    What reads float tensors alone, before the QuantStub or behind the DeQuantStub, is as it should be.
    """
    numbers, quantized = _numbers(graph), quantized_part(graph)
    for node in graph.graph.nodes:
        if MADE_BY in node.meta or node.op not in ("call_function", "call_method"):
            continue
        if quantized.isdisjoint(node.all_input_nodes):
            continue
        name = _name(node)
        tensors = [each for each in node.all_input_nodes if each not in numbers]
        if name in _RUNS:
            yield Unseen(node, _RUNS[name], stops=False)
        elif name in _STOPS:
            yield Unseen(node, _STOPS[name], stops=True)
        elif name in _JOINS and tensors and (better := _joined(node, tensors)) is not None:
            yield Unseen(node, better, stops=True)


def better_module(node: Node) -> str | None:
    """Return the module that computes what a function computes, where quantized tensors stop the function."""
    return _STOPS.get(_name(node)) if node.op == "call_function" else None


def better_form(node: Node) -> str | None:
    """Return the module, or the method of one, that computes what a function computes, where such a one is known."""
    if node.op not in ("call_function", "call_method"):
        return None
    return _STOPS.get(_name(node)) or _joined(node, node.all_input_nodes)


def _joined(node: Node, tensors: list[Node]) -> str | None:
    """Return the method of FloatFunctional in the place of a function; none of them takes an alpha."""
    name = _name(node)
    if name not in _JOINS or not tensors:
        return None
    if node.kwargs.get("alpha", 1) != 1:
        return _WITH_ALPHA.get(name)
    both = len(tensors) > 1 or node.args[:2] == (tensors[0], tensors[0])
    return _JOINS[name] if both else _WITH_NUMBER.get(name)


def _name(node: Node) -> str:
    """Return what a node does; ``x += y`` adds as well."""
    name = bare_name(node.target)
    return name[1:] if name in ("iadd", "imul", "imatmul") else name


def quantized_part(graph: GraphModule) -> set[Node]:
    """Return the nodes that give quantized tensors: those between stubs; without any, all behind the inputs."""
    called = called_modules(graph)
    has_stubs = any(isinstance(each, QuantStub) for each in called.values())
    found: set[Node] = set()
    for node in graph.graph.nodes:
        module: nn.Module | None = called.get(node)
        if isinstance(module, DeQuantStub) or (node.op == "call_method" and node.target == "dequantize"):
            continue
        begins = isinstance(module, QuantStub) if has_stubs else node.op == "placeholder"
        if begins or not found.isdisjoint(node.all_input_nodes):
            found.add(node)
    return found


def _numbers(graph: GraphModule) -> set[Node]:
    """Return the nodes that give sizes, and what is computed of sizes alone."""
    found: set[Node] = set()
    for node in graph.graph.nodes:
        if node.op not in ("call_function", "call_method"):
            continue
        name = bare_name(node.target)
        asked = str(node.args[1]) if name == "getattr" else name
        computes = getattr(node.target, "__module__", "") == "_operator"
        fed = node.all_input_nodes
        if SHAPE_QUERY.fullmatch(asked) or (computes and fed and all(each in found for each in fed)):
            found.add(node)
    return found
