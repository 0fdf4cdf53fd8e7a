"""The findings of a stage: the worst level of each node that they speak of."""

from __future__ import annotations

from qviz.analysis.overlays.overlay import Overlay, StageRecord
from qviz.analysis.overlays.scale import Amount, Categories, Category
from qviz.document.snapshot import Level
from qviz.words import mark

SCALE = Categories(tuple(Category(each.value, each.value, f"level.{each.value}") for each in reversed(Level)))


def findings(record: StageRecord) -> Overlay:
    """Return the worst level of the findings at each node."""
    levels: dict[str, Amount] = {}
    for finding in record.findings:
        for node_id in finding.nodes:
            known = (levels[node_id],) if node_id in levels else ()
            levels[node_id] = SCALE.merged((*known, finding.level.value)) or finding.level.value
    return Overlay(
        "findings", mark("findings"), SCALE, levels, mark="flag", findings=tuple(each.nodes for each in record.findings)
    )
