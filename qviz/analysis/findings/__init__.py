"""What qviz looks for in a run: one small file per rule, which registers itself."""

from __future__ import annotations

from collections.abc import Iterable

from qviz.analysis.findings.consequences import with_causes
from qviz.analysis.findings.evidence import Evidence
from qviz.analysis.findings.grouping import grouped
from qviz.analysis.findings.roots import with_roots
from qviz.analysis.findings.rules import FindingRule, declared_rules
from qviz.document.run_steps import STOPPED
from qviz.document.snapshot import Finding, Level, Snapshot

_BEFORE_WHAT_FOLLOWS = (
    *("buffer_frozen", "layer_in_float", "asked_but_float", "float_in_subgraph"),
    *("capture_differs", "quantizer_without_effect", "fuse_list_out_of_order", "training_diverged"),
    "training_replaced",
    *("state_lost", "unobserved_input", "module_used_twice"),
)
"""Causes that stand first though what follows from them is as bad: it says less of where and why."""
_LEVELS = {level: rank for rank, level in enumerate(Level)}


def find(snapshot: Snapshot, own: Iterable[FindingRule] = ()) -> tuple[Finding, ...]:
    """Return the findings that the snapshot has and those of all rules, sorted by level, then by place.

    What is the same at several places is one finding, and what follows from another names it.
    What stopped the run is the first. Where the outputs are noisy, the roots of that and the owner of the noise are
    the first of their level.

    Args:
        snapshot: The run.
        own: Rules of the user's project.
    """
    evidence = Evidence(snapshot)
    rules = [*(each.find for each in declared_rules()), *own]
    found = [*snapshot.findings, *(finding for rule in rules for finding in rule(evidence))]
    place = {
        (stage.name, node.id): (rank, position)
        for rank, stage in enumerate(snapshot.stages)
        for position, node in enumerate(stage.whole.nodes)
    }

    def key(ranked: tuple[int, Finding]) -> tuple[bool, int, int, tuple[int, int]]:
        rank, finding = ranked
        first = min((place[at] for node in finding.nodes if (at := (finding.stage, node)) in place), default=(-1, -1))
        return finding.rule != STOPPED, _LEVELS[finding.level], rank, first

    ordered = [finding for _, finding in sorted(with_roots(found, evidence), key=key)]
    whole = with_causes(grouped(ordered, evidence), evidence)

    def level(finding: Finding) -> tuple[bool, int, bool]:
        cause = finding.because_of.rule if finding.because_of is not None else None
        return finding.rule != STOPPED, _LEVELS[finding.level], cause in _BEFORE_WHAT_FOLLOWS

    return tuple(sorted(whole, key=level))
