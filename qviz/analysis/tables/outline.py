"""The modules of a run in the order in which they compute, each with its share in low precision."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from qviz.analysis.coverage import CONVERTED, LowPrecision
from qviz.document.graph import Node
from qviz.document.snapshot import Snapshot

LARGEST = 20_000
"""Nodes; of more, the shares are not looked for while the window waits."""


class OutlineRow(NamedTuple):
    """One module.

    Attributes:
        path: Its place in the model; "" for the whole.
        type: Its class.
        low: The share of its multiply-accumulates in low precision, of its operators where those are not known; None
            where nothing in it is quantizable, and before the conversion.
    """

    path: str
    type: str
    low: float | None = None


def outline(snapshot: Snapshot) -> tuple[OutlineRow, ...]:
    """Return the modules of a result, each behind the one that holds it."""
    types = {group.path: group.type for stage in snapshot.stages for group in stage.whole.groups}
    nodes = (node for stage in snapshot.stages for node in stage.whole.nodes if node.kind.computes)
    order = dict.fromkeys(path for node in nodes for path in _around(node))
    order |= dict.fromkeys(sorted(types))
    shares = _shares(snapshot)
    return tuple(OutlineRow(path, types[path], shares.get(path)) for path in order if path in types)


def _around(node: Node) -> Iterator[str]:
    """Yield the paths of the modules around a node, from the outside in."""
    parts = node.place.split(".") if node.place else []
    for end in range(len(parts) + 1):
        yield ".".join(parts[:end])


def _shares(snapshot: Snapshot) -> Mapping[str, float]:
    stages = snapshot.stages
    if not stages or stages[-1].name not in CONVERTED or sum(len(each.whole.nodes) for each in stages) > LARGEST:
        return {}
    judged = LowPrecision(stages, snapshot.links, snapshot.facts, stages[-1])
    macs, operators = defaultdict[str, list[int]](lambda: [0, 0]), defaultdict[str, list[int]](lambda: [0, 0])
    for node in stages[0].whole.nodes:
        low, total = judged.macs_of(node.id)
        _add(macs, node, low, total)
    low_ids, float_ids = map(frozenset, judged.operators)
    for node in stages[-1].whole.nodes:
        if node.id in low_ids or node.id in float_ids:
            _add(operators, node, int(node.id in low_ids), 1)
    of_macs = {path: low / total for path, (low, total) in macs.items() if total}
    return {path: low / total for path, (low, total) in operators.items() if total} | of_macs


def _add(found: defaultdict[str, list[int]], node: Node, low: int, total: int) -> None:
    for path in _around(node):
        found[path][0] += low
        found[path][1] += total
