"""The order of findings: measured damage beside its root, and the root first."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from qviz.analysis.findings.evidence import Evidence
from qviz.document.graph import CASTING, WATCHING
from qviz.document.query import Index
from qviz.document.snapshot import Finding, Level

DAMAGE = "output_differs"

_AT_OWNER = frozenset(
    (
        "degenerate_scale",
        "saturated_range",
        "stretched_by_outliers",
        "uneven_channels",
        "few_levels",
        "levels_unused",
        "constant_lost",
        "wrong_axis",
        "range_unused",
        "functional_in_eager",
        "bias_scale_differs",
    )
)
"""Roots where they are found at the quantizer that owns the noise."""
_AT_READER = frozenset(("uneven_channels", "bias_scale_differs"))
"""Of those, what names the operator, while the owner of the noise is the observer or the cast of its weight or bias."""
_ANYWHERE = frozenset(
    ("never_calibrated", "outside_calibration", "switched_off", "batch_norm_in_training", "buffer_frozen")
)
"""Roots wherever they are: they concern the whole run."""
_BEFORE = frozenset(
    ("not_finite", "capture_differs", "kernel_differs", "applied_twice", "converted_does_not_run", "state_lost")
)
"""What is as bad as measured noise, and no part of it: said first."""

_LAST = 3
_SUMMARIES = frozenset(("little_quantized",))
"""What only adds up others: said last."""

_LEVELS = {level: rank for rank, level in enumerate(Level)}


def with_roots(found: Iterable[Finding], evidence: Evidence) -> tuple[tuple[int, Finding], ...]:
    """Return the findings with their rank inside their level; a root of measured damage is as bad as the damage."""
    findings = tuple(found)
    damages = [finding for finding in findings if finding.rule == DAMAGE]
    if not damages:
        return tuple((_LAST if finding.rule in _SUMMARIES else 0, finding) for finding in findings)
    worst = min(damages, key=lambda each: _LEVELS[each.level])
    return tuple(_ranked(finding, damages, worst.level, evidence) for finding in findings)


def _ranked(finding: Finding, damages: list[Finding], worst: Level, evidence: Evidence) -> tuple[int, Finding]:
    if finding.rule == DAMAGE:
        return 1, finding
    if finding.rule in _BEFORE or finding.code == "degenerate_scale.not_finite":
        return 0, finding
    level = worst if finding.rule in _ANYWHERE else None
    if finding.rule in _AT_OWNER:
        explained = [each.level for each in damages if _is_at(finding, each, evidence)]
        level = min(explained, key=_LEVELS.__getitem__, default=None)
    if level is None:
        return _LAST if finding.rule in _SUMMARIES else 2, finding
    if _LEVELS[level] < _LEVELS[finding.level]:
        finding = msgspec.structs.replace(finding, level=level)
    return 0, finding


def _is_at(finding: Finding, damage: Finding, evidence: Evidence) -> bool:
    """Return whether a finding names the quantizer that owns the noise, in its stage or what it became."""
    if damage.args.get("by_class") or not damage.nodes:  # small next to the outputs' power: its owner says little
        return True
    nodes, owner = set(damage.nodes), damage.nodes
    stage = next((stage for stage in evidence.snapshot.stages if stage.name == damage.stage), None)
    if stage is not None and finding.rule in _AT_READER:
        owner = (*owner, *_readers(owner, evidence.index(stage)))
        nodes |= set(owner)
    if finding.stage != damage.stage:
        nodes |= set(evidence.links.partners(damage.stage, finding.stage, owner))
    return bool(nodes & set(finding.nodes))


def _readers(nodes: Iterable[str], index: Index) -> Iterator[str]:
    """Yield what reads the nodes, past observers and casts."""
    waiting = [*nodes]
    while waiting:
        for user in index.users[waiting.pop()]:
            yield user
            if index.nodes[user].kind in WATCHING | CASTING:
                waiting.append(user)
