"""Two numbers for each operator of a stage: how large it is before, how noisy after."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import Literal, NamedTuple

from qviz.analysis.inspecting.inspected_run import InspectedRun
from qviz.analysis.ledger.answer import finite
from qviz.document.graph import NodeId
from qviz.document.snapshot import StageName
from qviz.words import mark
from qviz.words.formats import amount, decibels, part

_EITHER: Mapping[str, Callable[[float], str]] = {"amount": amount, "decibels": decibels, "part": part}


class NumberColumn(NamedTuple):
    """A number for some nodes of a stage.

    Attributes:
        title: What a reader calls it, in English.
        values: By node id.
        form: How it is written.
        is_worst: Whether the least of several stands for them; else their sum.
    """

    title: str
    values: Mapping[NodeId, float]
    form: Literal["amount", "decibels", "part"]
    is_worst: bool = False

    def text(self, ids: Iterable[NodeId]) -> str:
        """Return what stands for some nodes; empty where none of them has a number."""
        known = [self.values[each] for each in ids if each in self.values]
        if not known:
            return ""
        return _EITHER[self.form](min(known) if self.is_worst else math.fsum(known))


def number_columns(run: InspectedRun, stage: StageName) -> tuple[NumberColumn, ...]:
    """Return the columns of a stage: sizes of the first, SQNR and share of the noise of others; none where unknown."""
    if stage == run.parts.first:
        return _sizes(run, stage)
    shares: defaultdict[NodeId, float] = defaultdict(float)
    levels: dict[NodeId, float] = {}
    for row in run.ledger.quantizers if run.ledger is not None else ():
        owner = run.owners.get(row.id)
        ids = run.become(owner.stage, (owner.node,), stage)[:1] if owner is not None else ()
        for node in ids:
            share, level = finite(row.share), finite(row.local_db)
            if share is not None:
                shares[node] += share
            if level is not None:
                levels[node] = min(levels.get(node, math.inf), level)
    return _noise(levels, dict(shares)) if shares or levels else ()


def empty_columns() -> tuple[NumberColumn, ...]:
    """Return the columns of a later stage whose noise was not measured."""
    return _noise({}, {})


def _noise(levels: Mapping[NodeId, float], shares: Mapping[NodeId, float]) -> tuple[NumberColumn, ...]:
    return (
        NumberColumn(mark("SQNR"), levels, "decibels", is_worst=True),
        NumberColumn(mark("noise"), shares, "part"),
    )


def _sizes(run: InspectedRun, stage: StageName) -> tuple[NumberColumn, ...]:
    sizes = {node: fact.size for node, fact in run.parts.facts.get(stage, {}).items() if fact.size is not None}
    if not sizes:
        return ()
    parameters = {node: float(each.parameters) for node, each in sizes.items() if each.parameters}
    macs = {node: float(each.macs) for node, each in sizes.items() if each.macs}
    return NumberColumn(mark("parameters"), parameters, "amount"), NumberColumn(mark("MACs"), macs, "amount")
