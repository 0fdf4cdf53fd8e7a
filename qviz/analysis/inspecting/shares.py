"""How much of some operators runs in low precision: of their multiply-accumulates, parameters, operators."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from qviz.analysis.inspecting.inspected_run import InspectedRun, NodePlace
from qviz.document.graph import NodeId
from qviz.document.snapshot import OperatorSize, StageName


class LowShare(NamedTuple):
    """What runs in low precision of what could; each as [low, all], None where it is not known."""

    operators: tuple[int, int] | None
    macs: tuple[int, int] | None
    parameters: tuple[int, int] | None

    @property
    def share(self) -> float | None:
        """The share of the multiply-accumulates, else of the operators."""
        for pair in (self.macs, self.operators):
            if pair is not None and pair[1]:
                return pair[0] / pair[1]
        return None


def low_share(run: InspectedRun, stage: StageName, ids: Sequence[NodeId]) -> LowShare:
    """Return how much of some nodes of a stage runs in low precision after conversion."""
    judged = run.judged_stage
    if judged is None:
        return LowShare(None, None, None)
    there = run.become(stage, ids, judged)
    low = sum(each in run.low for each in there)
    stays = sum(each in run.floats for each in there)
    first = run.parts.first
    sizes = [(each, size) for each in run.become(stage, ids, first) if (size := _size(run, first, each)) is not None]
    in_low = [size for each, size in sizes if run.is_low(first, _workers(run, first, each))]
    parameters = sum(size.parameters for _, size in sizes)
    return LowShare(
        (low, low + stays) if low + stays else None,
        _macs(in_low, [size for _, size in sizes]),
        (sum(size.parameters for size in in_low), parameters) if parameters else None,
    )


def _size(run: InspectedRun, stage: StageName, node_id: NodeId) -> OperatorSize | None:
    fact = run.fact(NodePlace(stage, node_id))
    return fact.size if fact is not None else None


def _workers(run: InspectedRun, stage: StageName, node_id: NodeId) -> tuple[NodeId, ...]:
    """Return an operator itself, of a parameter that stands as a node its readers."""
    index = run.index(stage)
    return (node_id,) if index.nodes[node_id].kind.computes else tuple(index.users[node_id])


def _macs(low: Sequence[OperatorSize], all_of_them: Sequence[OperatorSize]) -> tuple[int, int] | None:
    if any(each.macs is None for each in all_of_them):
        return None
    total = sum(each.macs or 0 for each in all_of_them)
    return (sum(each.macs or 0 for each in low), total) if total else None
