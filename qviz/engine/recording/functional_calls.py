"""Tells which call of a FloatFunctional makes a node, and draws that call as its quantized form makes it."""

from __future__ import annotations

import sys
from types import FrameType
from typing import Any, NamedTuple

from torch import nn
from torch.ao.nn.quantized import FloatFunctional, QFunctional
from torch.ao.nn.quantized.modules import functional_modules
from torch.fx import Graph, Node, Proxy, map_arg
from torch.fx.proxy import GraphAppendingTracer

from qviz.engine.nodes.targets import bare_name

MADE_BY = "made_by_functional"
"""Where the meta of a node keeps the call that made it."""


class FunctionalCall(NamedTuple):
    """A method of a FloatFunctional, in which functions run that eager mode replaces as a whole."""

    path: str
    method: str


def running(model: nn.Module) -> FunctionalCall | None:
    """Return the call that runs now, if one does of a FloatFunctional that the model holds; prepare sees no other."""
    frame: FrameType | None = sys._getframe()  # noqa: SLF001
    while frame is not None and frame.f_code.co_filename != functional_modules.__file__:
        frame = frame.f_back
    called = frame.f_locals.get("self") if frame is not None else None
    if frame is None or not isinstance(called, FloatFunctional):
        return None
    path = next((path for path, each in model.named_modules() if each is called), None)
    return FunctionalCall(path, frame.f_code.co_name) if path is not None else None


def converted_call(graph: Graph, node: Node, now: dict[Node, Node], quantized: QFunctional) -> Node:
    """Add to a graph what a converted FloatFunctional does in the place of a node; return what gives the result.

    Args:
        graph: What is drawn.
        node: What the float form did; the relu of ``add_relu`` is done together with its sum.
        now: The nodes drawn so far, by those of the float graph.
        quantized: What became of the FloatFunctional.
    """
    call: FunctionalCall = node.meta[MADE_BY]
    if call.method == "add_relu" and bare_name(node.target) == "relu":
        return now[node.all_input_nodes[0]]
    tracer = GraphAppendingTracer(graph)

    def proxy(each: Node) -> Any:
        return Proxy(now[each], tracer)

    result: Proxy = getattr(quantized, call.method)(*map_arg(node.args, proxy), **map_arg(node.kwargs, proxy))
    return result.node
