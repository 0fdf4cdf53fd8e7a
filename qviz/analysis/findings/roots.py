"""The order of findings: measured damage beside its root, and the root first."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from qviz.analysis.findings.evidence import Evidence
from qviz.analysis.findings.harm import IMPOSSIBLE, NOISE, is_near, measured_level
from qviz.document.snapshot import Finding, Level

DAMAGE = "output_differs"

_AT_OWNER = NOISE - {"outside_calibration"} | {"functional_in_eager"}
"""Roots where they are found at the quantizer that owns the noise."""
_ANYWHERE = frozenset(
    (
        "never_calibrated",
        "observer_alters",
        "outside_calibration",
        "switched_off",
        "batch_norm_in_training",
        "buffer_frozen",
    )
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
    """Return the findings with their rank inside their level.

    A root of measured damage is as bad as the damage; what was measured to do none is good to know.
    """
    findings = tuple(found)
    damages = [finding for finding in findings if finding.rule == DAMAGE]
    if not damages:
        return tuple((_LAST if each.rule in _SUMMARIES else 0, measured_level(each, evidence)) for each in findings)
    worst = min(damages, key=lambda each: _LEVELS[each.level])
    return tuple(_ranked(finding, damages, worst.level, evidence) for finding in findings)


def _ranked(finding: Finding, damages: list[Finding], worst: Level, evidence: Evidence) -> tuple[int, Finding]:
    if finding.rule == DAMAGE:
        return 1, finding
    if finding.rule in _BEFORE or finding.code in IMPOSSIBLE:
        return 0, finding
    level = worst if finding.rule in _ANYWHERE else None
    if finding.rule in _AT_OWNER:
        explained = [each.level for each in damages if _is_at(finding, each, evidence)]
        level = min(explained, key=_LEVELS.__getitem__, default=None)
    if level is None:
        return _LAST if finding.rule in _SUMMARIES else 2, measured_level(finding, evidence)
    if _LEVELS[level] < _LEVELS[finding.level]:
        finding = msgspec.structs.replace(finding, level=level)
    return 0, finding


def _is_at(finding: Finding, damage: Finding, evidence: Evidence) -> bool:
    """Return whether a finding names the quantizer that owns the noise, in its stage or what it became."""
    if damage.args.get("by_class") or not damage.nodes:  # small next to the outputs' power: its owner says little
        return True
    return is_near(finding, damage.stage, damage.nodes, evidence)
