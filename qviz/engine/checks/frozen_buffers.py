"""Finds buffers and parameters that forward() updates, and that captured or converted models hold as constants."""

from __future__ import annotations

import operator
from collections.abc import Collection, Iterator, Mapping
from typing import NamedTuple

from torch import Tensor, nn
from torch._ops import OpOverload
from torch.fx import GraphModule, Node

from qviz.document.snapshot import Finding, Level
from qviz.engine.checks.traced_constants import computed_from
from qviz.engine.nodes.targets import bare_name

_IN_PLACE = (operator.iadd, operator.isub, operator.imul, operator.itruediv, operator.setitem)
_VIEWS = (
    *("getitem", "view", "reshape", "t", "transpose", "permute", "select", "narrow"),
    *("unsqueeze", "squeeze", "expand", "detach", "flatten"),
)


class HeldBuffer(NamedTuple):
    """A buffer or parameter, and how often it was written so far."""

    tensor: Tensor
    writes: int


def versions(model: nn.Module) -> dict[str, HeldBuffer]:
    """Return each buffer and parameter with how often it was written so far."""
    every = (*model.named_buffers(), *model.named_parameters())
    counted = ((name, each) for name, each in every if not each.is_inference())
    return {name: HeldBuffer(each, each._version) for name, each in counted}  # noqa: SLF001 - torch has no other counter


def written_by_trace(before: Mapping[str, HeldBuffer], model: nn.Module, captured: GraphModule) -> Iterator[Finding]:
    """Yield what a trace wrote or replaced as it ran forward() once: its graph does neither.

    Args:
        before: Both before it.
        model: The one that was traced.
        captured: What came of it; what it does not read does no harm.
    """
    now = versions(model)
    written = {name for name, held in now.items() if name in before and not _is_untouched(before[name], held)}
    read = _reading(captured, written)
    for name, nodes in read.items():
        yield _finding(name, nodes, "captured", "buffer_frozen.traced")
    others = written.difference(read)
    for name, nodes in (computed_from(model, others, captured) if others else {}).items():
        yield _finding(name, nodes, "captured", "buffer_frozen.computed")


def _is_untouched(one: HeldBuffer, other: HeldBuffer) -> bool:
    return one.tensor is other.tensor and one.writes == other.writes


def updated(captured: GraphModule) -> dict[str, tuple[str, ...]]:
    """Return the buffers that an exported graph writes and that its outputs depend on, each with what reads it."""
    return _reading(captured, _written(captured))


def folded(buffers: Mapping[str, tuple[str, ...]], converted: GraphModule) -> Iterator[Finding]:
    """Yield those of them whose writes no longer reach an output: what reads them reads a constant now."""
    nodes = {node.name for node in converted.graph.nodes}
    left = _reading(converted, buffers)
    for name, readers in buffers.items():
        if name not in left:
            yield _finding(name, tuple(each for each in readers if each in nodes), "converted", "buffer_frozen.folded")


def _written(graph: GraphModule) -> frozenset[str]:
    """Return the buffers that operators of a graph write in place, also through views."""
    found = set()
    for node in graph.graph.nodes:
        base = _first(node) if _writes(node) else None
        while base is not None and (_writes(base) or _is_view(base)):
            base = _first(base)
        if base is not None and base.op == "get_attr":
            found.add(str(base.target))
    return frozenset(found)


def _first(node: Node) -> Node | None:
    return node.args[0] if node.args and isinstance(node.args[0], Node) else None


def _writes(node: Node) -> bool:
    """Return whether an operator changes its first argument."""
    target = node.target
    if isinstance(target, OpOverload):
        arguments = target._schema.arguments  # noqa: SLF001 - nothing else tells
        alias = arguments[0].alias_info if arguments else None
        return alias is not None and alias.is_write
    if node.op == "call_method":
        return str(target).endswith("_") and not str(target).endswith("__")
    return node.op == "call_function" and target in _IN_PLACE


def _is_view(node: Node) -> bool:
    """Return whether a node gives its first argument, or a part of it, and no copy."""
    if isinstance(node.target, OpOverload):
        returned = node.target._schema.returns  # noqa: SLF001
        return any(each.alias_info is not None for each in returned)
    return node.op.startswith("call") and bare_name(node.target) in _VIEWS


def _reading(graph: GraphModule, names: Collection[str]) -> dict[str, tuple[str, ...]]:
    """Return the buffers that an output depends on, each with the nodes that read it."""
    needed: set[Node] = set()
    waiting = [node for node in graph.graph.nodes if node.op == "output"]
    while waiting:
        node = waiting.pop()
        if node not in needed:
            needed.add(node)
            waiting += node.all_input_nodes
    found: dict[str, list[str]] = {}
    for node in graph.graph.nodes:
        if node.op == "get_attr" and str(node.target) in names and node in needed:
            found.setdefault(str(node.target), []).extend(user.name for user in node.users if user in needed)
    return {name: tuple(dict.fromkeys(readers)) for name, readers in found.items()}


def _finding(name: str, nodes: tuple[str, ...], stage: str, code: str) -> Finding:
    return Finding(
        "buffer_frozen",
        Level.WARNING,
        stage,
        nodes,
        code,
        {"subject": nodes} if nodes else {},
        {"name": name},
        () if nodes else (name,),
    )
