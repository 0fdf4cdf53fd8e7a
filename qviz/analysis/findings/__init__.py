"""What qviz looks for in a run: one small file per rule, and the table of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeAlias

from qviz.analysis.findings import never_calibrated, nothing_quantized
from qviz.document.snapshot import Finding, Level, Snapshot

Rule: TypeAlias = Callable[[Snapshot], Iterator[Finding]]

RULES: tuple[Rule, ...] = (nothing_quantized.find, never_calibrated.find)

_LEVELS = {level: rank for rank, level in enumerate(Level)}


def find(snapshot: Snapshot) -> tuple[Finding, ...]:
    """Return the findings that the snapshot has and those of all rules, sorted by level, then by place."""
    found = [*snapshot.findings, *(finding for rule in RULES for finding in rule(snapshot))]
    place = {
        (stage.name, node.id): (rank, position)
        for rank, stage in enumerate(snapshot.stages)
        for position, node in enumerate(stage.graph.nodes)
    }

    def key(finding: Finding) -> tuple[int, tuple[int, int]]:
        first = min((place[at] for node in finding.nodes if (at := (finding.stage, node)) in place), default=(-1, -1))
        return _LEVELS[finding.level], first

    return tuple(sorted(found, key=key))
