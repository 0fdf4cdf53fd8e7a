"""What a node adds to the noise of the outputs, and its rank among all places of rounding."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

from qviz.analysis.inspecting.inspected_run import InspectedRun, NodePlace
from qviz.analysis.ledger.answer import finite
from qviz.document.graph import NodeId
from qviz.document.measurements import QuantizerNoise
from qviz.document.snapshot import StageName
from qviz.words import tr
from qviz.words.formats import part


class PlaceNoise(NamedTuple):
    """The noise of one place.

    Attributes:
        share: Of the whole noise: the sum of its quantizers'.
        rank: From 1, the noisiest first.
        places: How many places there are; each quantizer counts for one.
        rows: Its quantizers, the largest share first.
        total: What the shares of all quantizers sum to; None where that is not known.
        is_additive: Whether shares can be read as parts of a whole.
    """

    share: float
    rank: int
    places: int
    rows: tuple[QuantizerNoise, ...]
    total: float | None
    is_additive: bool


def share_of(rows: Sequence[QuantizerNoise]) -> float | None:
    """Return the sum of the shares of some quantizers; None where no share is known."""
    known = [each for row in rows if (each := finite(row.share)) is not None]
    return sum(known) if known else None


def alone_text(rows: Sequence[QuantizerNoise]) -> str:
    """Return what a sum of shares above one means; "" for others, which are parts of the whole."""
    share = share_of(rows)
    if share is None or share <= 1.0:
        return ""
    told = part(share)
    measured = share_of([row for row in rows if row.is_exact])
    if measured is None or measured <= 1.0:
        return tr("Alone {share} of the output noise, more than all quantizers together: an estimate.", share=told)
    if len(rows) == 1:
        return tr("Alone it makes {share} of the output noise; other quantizers partly cancel it out.", share=told)
    return tr("{share} adds up what each quantizer makes alone; together they partly cancel out.", share=told)


def quantizers_of(run: InspectedRun, stage: StageName, ids: Sequence[NodeId]) -> tuple[QuantizerNoise, ...]:
    """Return the quantizers that count for some nodes, or stand at them, the largest share first."""
    ledger = run.ledger
    if ledger is None or run.watched is None:
        return ()
    there = set(run.become(stage, ids, run.watched))
    observers = {each for each in there if run.index(run.watched).nodes[each].kind.watches}
    return tuple(
        row
        for row in ledger.quantizers
        if row.stage == run.watched
        and row.id in run.owners
        and (run.owners[row.id].node in there or not observers.isdisjoint(row.nodes))
    )


def noise_of(run: InspectedRun, place: NodePlace) -> PlaceNoise | None:
    """Return what the quantizers of a node add to the noise; None where nothing of it is measured."""
    rows, ledger = quantizers_of(run, place.stage, (place.node,)), run.ledger
    share = share_of(rows)
    if ledger is None or share is None:
        return None
    node = run.node(place)
    if node is not None and not node.kind.computes:
        others = [value for row in ledger.quantizers if (value := finite(row.share)) is not None]
    else:
        by_owner: defaultdict[NodePlace, list[QuantizerNoise]] = defaultdict(list)
        for row in ledger.quantizers:
            if row.id in run.owners:
                by_owner[run.owners[row.id]].append(row)
        others = [value for each in by_owner.values() if (value := share_of(each)) is not None]
    rank = 1 + sum(other > share + 1e-12 for other in others)
    return PlaceNoise(share, rank, len(others), rows, finite(ledger.additivity), ledger.is_additive)


def worst_inside(run: InspectedRun, stage: StageName, path: str) -> NodeId | None:
    """Return the operator of a module whose quantizers add most of the noise; None where nothing is measured."""
    ids = tuple(node.id for node in run.inside(stage, path))
    found: defaultdict[NodeId, float] = defaultdict(float)
    for row in quantizers_of(run, stage, ids):
        found[run.owners[row.id].node] += finite(row.share) or 0.0
    if not found or run.watched is None:
        return None
    became = run.become(run.watched, (max(found, key=lambda each: found[each]),), stage)
    return next((each for each in became if each in ids), None)
