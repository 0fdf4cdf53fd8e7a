"""Float islands: operators in float with operators in low precision before and behind them."""

from __future__ import annotations

from collections.abc import Iterator

from qviz.analysis.inspecting.inspected_run import InspectedRun
from qviz.document.graph import Kind, NodeId
from qviz.document.query import Index


def float_islands(run: InspectedRun) -> tuple[tuple[NodeId, ...], ...]:
    """Return the islands of the judged stage, each with its operators in graph order.

    Operators in float that hand values to one another without a cast are one island. It has to begin at a value that
    comes out of low precision and to end at one that goes back; what stays in float at an end of the model is none.
    """
    if run.judged_stage is None:
        return ()
    index, told = run.index(run.judged_stage), _told_floats(run)
    islands = []
    for members in _connected(run, index):
        named = tuple(each for each in members if each in told)
        if named and _comes_from_low(run, index, members) and _goes_to_low(run, index, members):
            islands.append(named)
    return tuple(islands)


def _told_floats(run: InspectedRun) -> frozenset[NodeId]:
    """Return the operators that could run in low precision, and those that a finding names as standing between."""
    found = [each for each in run.parts.findings if each.rule == "float_island" and each.stage == run.judged_stage]
    return run.floats.union(*(each.nodes for each in found))


def _connected(run: InspectedRun, index: Index) -> Iterator[list[NodeId]]:
    """Yield the float operators that are joined by edges, each group in graph order."""
    order = {node_id: at for at, node_id in enumerate(index.nodes)}
    low, kinds = run.low, (Kind.OP, Kind.FUSED_OP)
    found = [each.id for each in index.nodes.values() if each.kind in kinds and each.id not in low]
    left = set(found)
    for start in found:
        if start not in left:
            continue
        left.remove(start)
        members, waiting = [], [start]
        while waiting:
            here = waiting.pop()
            members.append(here)
            for beside in (*index.producers[here], *index.users[here]):
                if beside in left:
                    left.remove(beside)
                    waiting.append(beside)
        yield sorted(members, key=order.__getitem__)


def _comes_from_low(run: InspectedRun, index: Index, members: list[NodeId]) -> bool:
    """Return whether a value comes out of low precision; a weight that is dequantized is none."""
    for member in members:
        for each in index.producers[member]:
            if each in run.low or (index.nodes[each].kind is Kind.DEQUANTIZE and not _is_of_constant(index, each)):
                return True
    return False


def _is_of_constant(index: Index, node_id: NodeId) -> bool:
    node = index.nodes[node_id]
    while node.kind.casts and index.producers[node.id]:
        node = index.nodes[index.producers[node.id][0]]
    return node.kind is Kind.CONSTANT


def _goes_to_low(run: InspectedRun, index: Index, members: list[NodeId]) -> bool:
    users = [each for member in members for each in index.users[member]]
    return any(each in run.low or index.nodes[each].kind is Kind.QUANTIZE for each in users)
