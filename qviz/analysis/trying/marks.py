"""Marks of what a choice leaves in float, at the nodes of the stages in view."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from qviz.analysis.inspecting.inspected_run import InspectedRun
from qviz.analysis.overlays.overlay import Overlay
from qviz.analysis.overlays.scale import Amount, Range
from qviz.document.graph import NodeId
from qviz.document.snapshot import StageName
from qviz.words import mark


class CountScale(Range, frozen=True):
    """Counts; what stands for several is their sum."""

    def merged(self, values: Iterable[Amount]) -> Amount | None:
        """Return how many there are together; None for none."""
        return sum(float(each) for each in values) or None


_SCALE = CountScale(0.0, 1.0)


def float_marks(run: InspectedRun, ids: Collection[str], stages: Iterable[StageName]) -> dict[StageName, Overlay]:
    """Return for each stage how many of these quantizers count for its nodes.

    Args:
        run: The run of the ledger.
        ids: The quantizers that are left in float.
        stages: Those in view.
    """
    found: dict[StageName, Overlay] = {}
    for name in stages:
        if run.stage(name) is not None:
            nodes = _counts(run, ids, name)
            found[name] = Overlay("in_float", mark("To be left in float"), _SCALE, nodes, mark="chip")
    return found


def _counts(run: InspectedRun, ids: Collection[str], stage: StageName) -> Mapping[NodeId, Amount]:
    counts: dict[NodeId, Amount] = {}
    for name in ids:
        place = run.owners.get(name)
        there = run.become(place.stage, (place.node,), stage) if place is not None else ()
        for node in there[:1]:
            counts[node] = float(counts.get(node, 0.0)) + 1.0
    return counts


def rows_at(run: InspectedRun, stage: StageName, node: NodeId) -> tuple[str, ...]:
    """Return the ids of the quantizers that count for a node of a stage, or stand at it, the worst first."""
    if run.stage(stage) is None or run.watched is None or run.ledger is None:
        return ()
    there = set(run.become(stage, (node,), run.watched))
    found = []
    for row in run.ledger.quantizers:
        owner = run.owners.get(row.id)
        if (owner is not None and owner.node in there) or not there.isdisjoint(row.nodes):
            found.append(row.id)
    return tuple(found)
