"""The run in a few numbers: nodes per kind of every stage, operators in low precision."""

from __future__ import annotations

from collections.abc import Sequence

from qviz.analysis.regions import precision
from qviz.document.graph import Json, Kind, Record
from qviz.document.query import count_kinds
from qviz.document.snapshot import Stage

CONVERTED = ("converted", "reference", "lowered")
"""The stages in which operators have their precision."""


class Coverage(Record, frozen=True):
    """How many of the quantizable operators of a stage run in low precision."""

    stage: str
    low: int
    total: int


def summarize(stages: Sequence[Stage]) -> dict[str, Json]:
    """Return ``kinds`` (stage, kind, count) and, after a conversion, ``precision``.

    ``precision`` lists the ids of the quantizable operators of the last stage that run ``low``
    and that stay ``float``.
    """
    kinds: dict[str, Json] = {}
    for stage in stages:
        counts = count_kinds(stage.whole)
        kinds[stage.name] = {kind.value: counts[kind] for kind in Kind if counts[kind]}
    summary: dict[str, Json] = {"kinds": kinds}
    if stages and stages[-1].name in CONVERTED:
        low, stays_float = precision(stages[-1].whole)
        summary["precision"] = {"stage": stages[-1].name, "low": list(low), "float": list(stays_float)}
    return summary


def coverage(stages: Sequence[Stage]) -> Coverage | None:
    """Return how much of the last stage is quantized; None before a conversion, or of nothing quantizable."""
    if not stages or stages[-1].name not in CONVERTED:
        return None
    low, stays_float = precision(stages[-1].whole)
    total = len(low) + len(stays_float)
    return Coverage(stages[-1].name, len(low), total) if total else None
