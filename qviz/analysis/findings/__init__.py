"""What qviz looks for in a run: one small file per rule, and the table of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeAlias

from qviz.analysis.findings import (
    asked_but_float,
    batch_norm_in_training,
    batch_norm_left,
    casts,
    dead_branch,
    dynamic_on_convolutions,
    float_into_quantized,
    float_island,
    fusible_but_unfused,
    little_quantized,
    module_used_twice,
    never_calibrated,
    nothing_quantized,
    reduce_range_mismatch,
    scales,
    scales_differ,
    stretched_by_outliers,
    switched_off,
    uneven_channels,
    unobserved_input,
    wrong_kind_of_graph,
)
from qviz.analysis.findings.evidence import Evidence
from qviz.document.snapshot import Finding, Level, Snapshot

Rule: TypeAlias = Callable[[Evidence], Iterator[Finding]]

RULES: tuple[Rule, ...] = (
    wrong_kind_of_graph.find,
    nothing_quantized.find,
    little_quantized.find,
    never_calibrated.find,
    dead_branch.find,
    unobserved_input.find,
    switched_off.find,
    reduce_range_mismatch.find,
    stretched_by_outliers.find,
    scales.find_saturated,
    scales.find_degenerate,
    float_into_quantized.find,
    module_used_twice.find,
    batch_norm_in_training.find,
    batch_norm_left.find,
    fusible_but_unfused.find,
    asked_but_float.find,
    float_island.find,
    dynamic_on_convolutions.find,
    casts.find_chains,
    casts.find_repeats,
    scales_differ.find,
    uneven_channels.find,
)

_LEVELS = {level: rank for rank, level in enumerate(Level)}


def find(snapshot: Snapshot) -> tuple[Finding, ...]:
    """Return the findings that the snapshot has and those of all rules, sorted by level, then by place."""
    evidence = Evidence(snapshot)
    found = [*snapshot.findings, *(finding for rule in RULES for finding in rule(evidence))]
    place = {
        (stage.name, node.id): (rank, position)
        for rank, stage in enumerate(snapshot.stages)
        for position, node in enumerate(stage.graph.nodes)
    }

    def key(finding: Finding) -> tuple[int, tuple[int, int]]:
        first = min((place[at] for node in finding.nodes if (at := (finding.stage, node)) in place), default=(-1, -1))
        return _LEVELS[finding.level], first

    return tuple(sorted(found, key=key))
