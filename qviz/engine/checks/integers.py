"""Finds, before any data runs, where a PT2E quantizer treats integers as if they were floats."""

from __future__ import annotations

import re
from collections.abc import Iterator

import torch
from torch.fx import GraphModule, Node

from qviz.document.snapshot import Finding, Level
from qviz.engine.nodes.called import called_module
from qviz.engine.nodes.module_roles import OBSERVING, role_of
from qviz.engine.nodes.targets import bare_name

_NEEDS_INTEGERS = re.compile(
    r"embedding(_bag)?|gather|index(_select|_put|_add|_copy|_fill)?|scatter(_add|_reduce)?|take(_along_dim)?|one_hot"
    r"|bitwise_\w+|_?assert_tensor_metadata|repeat_interleave"
)
"""Operators that refuse floats where they take integers."""
_CASTS = re.compile(r"to|_to_copy|type_as|convert_element_type")
PATCH = "[quantizer_options]\nskip_integers = true\n"


def integers_as_floats(prepared: GraphModule) -> Iterator[Finding]:
    """Yield the operators on integers that now give floats to one that needs integers, and those that are observed."""
    made_float = [node for node in prepared.graph.nodes if _is_made_float(node)]
    broken = {node: reader for node in made_float if (reader := _reader_of_integers(node)) is not None}
    if broken:
        readers = tuple(dict.fromkeys(each.name for each in broken.values()))
        yield _finding("scalars", tuple(node.name for node in broken), readers)
    observed = [node.args[0] for node in prepared.graph.nodes if _is_observer(prepared, node)]
    integers = tuple(dict.fromkeys(each.name for each in observed if isinstance(each, Node) and _gives_integers(each)))
    if integers:
        yield _finding("observed", integers, ())


def _finding(what: str, nodes: tuple[str, ...], readers: tuple[str, ...]) -> Finding:
    return Finding(
        rule="integers_as_floats",
        level=Level.ERROR,
        stage="prepared",
        nodes=nodes,
        code=f"integers_as_floats.{what}",
        roles={"subject": nodes, **({"readers": readers} if readers else {})},
        args={"patch": PATCH},
    )


def _is_observer(prepared: GraphModule, node: Node) -> bool:
    return node.op == "call_module" and role_of(called_module(prepared, node)) in OBSERVING


def _is_made_float(node: Node) -> bool:
    """Return whether an operator gave integers when it was captured, and has a float tensor instead of a scalar now."""
    return node.op == "call_function" and _gives_integers(node) and any(map(_is_float_scalar, node.all_input_nodes))


def _is_float_scalar(node: Node) -> bool:
    value = node.meta.get("val")
    return node.op == "get_attr" and isinstance(value, torch.Tensor) and value.dim() == 0 and value.is_floating_point()


def _gives_integers(node: Node) -> bool:
    value = node.meta.get("val")
    return isinstance(value, torch.Tensor) and not value.is_floating_point() and not value.is_complex()


def _reader_of_integers(node: Node) -> Node | None:
    """Return the first operator that needs the integers, past those that hand them on."""
    waiting, seen = list(node.users), {node}
    while waiting:
        each = waiting.pop(0)
        if each in seen:
            continue
        seen.add(each)
        if _NEEDS_INTEGERS.fullmatch(bare_name(each.target)):
            return each
        if each.op == "call_module" or (_gives_integers(each) and not _CASTS.fullmatch(bare_name(each.target))):
            waiting += each.users
    return None
