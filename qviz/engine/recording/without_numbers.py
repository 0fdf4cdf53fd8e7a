"""Takes out of a recorded stage what fake tensors cannot tell: scales, zero points, integers, ranges."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from qviz.document.graph import Graph, Kind, Node, QParams, Quant
from qviz.document.snapshot import Facts, Stage

_CASTS = (Kind.QUANTIZE, Kind.DEQUANTIZE)


def without_numbers(stage: Stage) -> Stage:
    """Return a stage whose calls of quantize and dequantize have no scale and no zero point."""
    subgraphs = stage.subgraphs and {path: _graph(each) for path, each in stage.subgraphs.items()}
    return msgspec.structs.replace(stage, graph=_graph(stage.graph), subgraphs=subgraphs)


def unscaled(quants: Mapping[str, Quant]) -> dict[str, Quant]:
    """Return the quantization of nodes without scales and zero points."""
    return {
        node_id: Quant(*(each and _bare(each) for each in (quant.input, quant.weight, quant.bias, quant.output)))
        for node_id, quant in quants.items()
    }


def sizes_alone(facts: Mapping[str, Facts]) -> dict[str, Facts]:
    """Return the facts without what was measured: sizes are those of shapes."""
    return {node_id: Facts(size=each.size) for node_id, each in facts.items() if each.size is not None}


def _graph(graph: Graph) -> Graph:
    return msgspec.structs.replace(graph, nodes=tuple(map(_node, graph.nodes)))


def _node(node: Node) -> Node:
    if node.kind in _CASTS and len(node.args) > 2 and isinstance(node.args[1], float):
        args = [node.args[0], None, None, *node.args[3:]]  # the value, scale, zero point, bounds, dtype
        return msgspec.structs.replace(node, args=args)
    return node


def _bare(params: QParams) -> QParams:
    return msgspec.structs.replace(params, scale=None, zero_point=None)
