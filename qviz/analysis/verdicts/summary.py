"""The run in a few numbers: nodes per kind of every stage, what runs in low precision."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from qviz.analysis.coverage import CONVERTED, LowPrecision
from qviz.document.coverage import Coverage
from qviz.document.graph import Json, Kind
from qviz.document.query import count_kinds
from qviz.document.snapshot import Facts, Link, Stage


def summarize(
    stages: Sequence[Stage], links: Sequence[Link], facts: Mapping[str, Mapping[str, Facts]]
) -> dict[str, Json]:
    """Return ``kinds`` (stage, kind, count) and, after a conversion, ``precision`` and ``coverage``.

    ``precision`` lists the ids of the quantizable operators of the last stage that run ``low``
    and that stay ``float``; ``coverage`` has [low, all] of ``operators``, ``parameters`` and ``macs``.
    """
    kinds: dict[str, Json] = {}
    for stage in stages:
        counts = count_kinds(stage.whole)
        kinds[stage.name] = {kind.value: counts[kind] for kind in Kind if counts[kind]}
    summary: dict[str, Json] = {"kinds": kinds}
    if stages and stages[-1].name in CONVERTED:
        judged = LowPrecision(stages, links, facts, stages[-1])
        low, stays_float = judged.operators
        summary["precision"] = {"stage": stages[-1].name, "low": list(low), "float": list(stays_float)}
        if (found := judged.coverage) is not None:
            summary["coverage"] = found.shares()
    return summary


def told_coverage(summary: Mapping[str, Json]) -> Coverage | None:
    """Return what a document says of how much is in low precision; an older one tells the operators alone."""
    told, judged = summary.get("coverage"), summary.get("precision")
    if not isinstance(judged, dict):
        return None
    low, stays_float = judged.get("low"), judged.get("float")
    if not isinstance(low, list) or not isinstance(stays_float, list):
        return None
    known = told if isinstance(told, dict) else {}
    counted = _share(known, "operators") or (len(low), len(low) + len(stays_float))
    return Coverage(str(judged.get("stage")), *counted, _share(known, "parameters"), _share(known, "macs"))


def _share(shares: Mapping[str, Json], name: str) -> tuple[int, int] | None:
    match shares.get(name):
        case [int(low), int(total)]:
            return low, total
    return None
