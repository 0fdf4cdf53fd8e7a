"""What a finding that speaks of noise does to the outputs, as far as the run measured it: that is its level."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator

import msgspec

from qviz.analysis.findings import damage
from qviz.analysis.findings.evidence import Evidence
from qviz.analysis.ledger.answer import finite
from qviz.analysis.regions import function_name
from qviz.document.graph import CASTING, COMPUTING, WATCHING, Kind, Number
from qviz.document.measurements import Ledger, Measurements
from qviz.document.query import Index
from qviz.document.snapshot import Finding, Level, Stage

_MISTAKES = frozenset(
    (
        *("few_levels", "levels_unused", "wrong_axis", "outside_calibration", "range_unused"),
        *("bias_scale_differs", "bounds_outside_dtype"),
    )
)
"""What costs accuracy and is a mistake of the configuration or of the data: a few samples do not excuse it."""
IMPOSSIBLE = frozenset(("degenerate_scale.not_finite", "degenerate_scale.not_positive"))
"""Scales with which nothing right comes out."""
_STOPS = IMPOSSIBLE | {"bounds_outside_dtype.refused", "bounds_outside_dtype.zero_point"}
"""What has no damage to be measured: nothing comes out, or it is wrong whatever it costs."""
NOISE = _MISTAKES | {
    "degenerate_scale",
    "saturated_range",
    "stretched_by_outliers",
    "uneven_channels",
    "constant_lost",
}
"""What costs accuracy on the data at hand and nothing else."""
_BY_CHANNEL = frozenset(("uneven_channels", "wrong_axis"))
"""What wrecks some channels: beside a loud one their noise vanishes in the figure of the whole output."""
_READ_BY = frozenset(("uneven_channels", "bias_scale_differs"))
"""Of those, what names the operator, while the owner of the noise is the observer or the cast of its weight or bias."""
_MIXES = re.compile(r"conv(?!ert)|linear|addmm|(ba?dd)?b?mm|matmul|scaled_dot_product|multihead|lstm|gru")
"""Operators whose outputs depend on all channels of their input, by how their names begin."""


def measured_level(finding: Finding, evidence: Evidence) -> Finding:
    """Return a finding with the level of what it was measured to do; itself where that is not known."""
    measured = evidence.snapshot.measurements
    if measured is None or finding.rule not in NOISE or finding.code in _STOPS:
        return finding
    if finding.rule in _BY_CHANNEL and _reaches_output(finding, evidence):
        return finding
    if damage.is_harmless(measured):
        return _with(finding, Level.INFO, "kept_db", damage.lowest(measured, "total"))
    if any(damage.changes_classes(each, measured) for each in measured.outputs):  # the power of its noise says little
        return finding
    return _by_ledger(finding, measured, evidence)


def _by_ledger(finding: Finding, measured: Measurements, evidence: Evidence) -> Finding:
    """Return it with the level of the noise that its quantizers put on the outputs alone."""
    ledger = measured.ledger
    if ledger is None:
        return finding
    powers = [row.powers for row in ledger.quantizers if is_near(finding, row.stage, row.nodes, evidence)]
    alone = _worst_alone(powers, ledger)
    if alone is None:
        return finding
    return _with(finding, damage.level(alone, damage.thresholds(measured)), "alone_db", alone)


def _worst_alone(rows: list[dict[str, Number]], ledger: Ledger) -> float | None:
    """Return the lowest signal-to-noise ratio that these rows leave to an output; None where it is not known."""
    found: list[float] = []
    for name, signal in ledger.signals.items():
        powers = [finite(each.get(name)) for each in rows]
        known = [each for each in powers if each is not None]
        if not rows or len(known) < len(powers) or not (of_signal := finite(signal)):
            return None
        noise = sum(known)
        found.append(round(10 * math.log10(of_signal / noise), 4) if noise > 0 else math.inf)
    return min(found, default=None)


def _with(finding: Finding, level: Level, figure: str, value: Number | None) -> Finding:
    if finding.rule in _MISTAKES:
        level = damage.worst((level, finding.level))
    args = finding.args if value is None else {**finding.args, figure: value}
    return msgspec.structs.replace(finding, level=level, args=args)


def is_near(finding: Finding, stage_name: str, owner: Iterable[str], evidence: Evidence) -> bool:
    """Return whether a finding names these nodes of a stage, or what they became."""
    nodes = set(owner)
    if (stage := _stage(stage_name, evidence)) is not None and finding.rule in _READ_BY:
        nodes |= {*_readers(tuple(nodes), evidence.index(stage))}
    if finding.stage != stage_name:
        nodes |= set(evidence.links.partners(stage_name, finding.stage, tuple(nodes)))
    return bool(nodes & set(finding.nodes))


def _stage(name: str, evidence: Evidence) -> Stage | None:
    return next((stage for stage in evidence.snapshot.stages if stage.name == name), None)


def _readers(nodes: Iterable[str], index: Index) -> Iterator[str]:
    """Yield what reads the nodes, past observers and casts."""
    waiting = [*nodes]
    while waiting:
        for user in index.users[waiting.pop()]:
            yield user
            if index.nodes[user].kind in WATCHING | CASTING:
                waiting.append(user)


def _reaches_output(finding: Finding, evidence: Evidence) -> bool:
    """Return whether its channels come out of the model before an operator behind its own mixes them."""
    stage = _stage(finding.stage, evidence)
    if stage is None:
        return True
    index = evidence.index(stage)
    waiting = [(each, False) for each in finding.nodes if each in index.nodes]
    seen = {*waiting}
    while waiting:
        node_id, is_behind = waiting.pop()
        node = index.nodes[node_id]
        if node.kind is Kind.OUTPUT:
            return True
        if node.kind in COMPUTING:
            if is_behind and _MIXES.match(function_name(node)):
                continue
            is_behind = True
        new = {(user, is_behind) for user in index.users[node_id]} - seen
        seen |= new
        waiting += new
    return False
