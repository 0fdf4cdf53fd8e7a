"""The error of each quantizer, and the noise that is carried past it, where its nodes stand in a stage."""

from __future__ import annotations

import math
from collections.abc import Iterator

from qviz.analysis.linking.index import LinkIndex
from qviz.analysis.overlays.overlay import Overlay
from qviz.analysis.overlays.scale import Amount, Look, Range
from qviz.document.graph import Kind
from qviz.document.query import Index
from qviz.document.snapshot import Snapshot, Stage
from qviz.words import mark

STEPS = (50.0, 45.0, 40.0, 35.0, 30.0)
"""dB from which each shade begins, the least error first; what is below the last has the last shade."""
_BELOW = 25.0
THIN, WIDE = 46.0, 31.0
"""dB at which a line is as thin, and as wide, as it gets."""


class ErrorScale(Range, frozen=True):
    """Signal to noise in dB, in six shades that every kind of color vision tells apart: ``error.0`` to ``error.5``."""

    def look(self, value: Amount) -> Look:
        """Return how a value is drawn."""
        level = float(value)
        return Look(f"error.{sum(math.isnan(level) or level < step for step in STEPS)}")

    def width(self, value: Amount) -> float:
        """Return how wide a line is for what it carries."""
        level = float(value)
        loud = 1.0 if math.isnan(level) else min(max((THIN - level) / (THIN - WIDE), 0.0), 1.0)
        return round(1.4 + 5.6 * loud, 1)

    def width_ticks(self) -> tuple[float, ...]:
        """Return the values of the thinnest line, of one in the middle, and of the widest."""
        return (THIN, (THIN + WIDE) / 2, WIDE)

    def ticks(self) -> tuple[float, ...]:
        """Return a value of each shade."""
        return (*STEPS, _BELOW)


SCALE = ErrorScale(_BELOW, STEPS[0], worst="low")


def numbers(snapshot: Snapshot, stage: Stage) -> Overlay:
    """Return the signal-to-noise ratio of each quantizer of a measured run, by the nodes that it is in a stage.

    The edges are those on which the tensor of an activation quantizer runs: into it, and on from it. Their colors are
    its own error, given float inputs; their widths are the noise at its place with every quantizer on. A node in
    which several meet shows the worst.
    """
    nodes: dict[str, Amount] = {}
    edges: dict[tuple[str, str], Amount] = {}
    widths: dict[tuple[str, str], Amount] = {}
    ledger = snapshot.measurements.ledger if snapshot.measurements is not None else None
    links, index = LinkIndex(snapshot.links), Index(stage.whole)
    for row in ledger.quantizers if ledger is not None else ():
        if row.local_db is None:
            continue
        level = float(row.local_db)
        ids = row.nodes if row.stage == stage.name else links.partners(row.stage, stage.name, row.nodes)
        for each in (each for each in ids if each in index.nodes):
            nodes[each] = min(float(nodes.get(each, math.inf)), level)
            if row.kind != "weight":
                along = [*_into(each, index), *((each, user) for user in index.users[each])]
                edges |= dict.fromkeys(along, level)
                if row.accumulated_db is not None:
                    widths |= dict.fromkeys(along, float(row.accumulated_db))
    return Overlay(
        "numbers",
        mark("SQNR of the quantizer"),
        SCALE,
        nodes,
        edges,
        widths,
        mark("noise carried"),
        unit="dB",
        mark="side",
        is_plain=True,
    )


def _into(node_id: str, index: Index) -> Iterator[tuple[str, str]]:
    """Yield the edge that brings a node what it rounds or watches; an operator that rounds its result has none."""
    node = index.nodes[node_id]
    if (node.kind is Kind.QUANTIZE or node.kind.watches) and index.producers[node_id]:
        yield index.producers[node_id][0], node_id
