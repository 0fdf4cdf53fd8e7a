"""An activation range that a few values stretch, so that nearly all others share a few levels."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from qviz.analysis.findings.evidence import Evidence, numbers
from qviz.analysis.findings.rules import finds
from qviz.document.snapshot import Finding, Histogram, Level

_NEARLY_ALL = 0.999
_SMALL_PART = 1 / 8
_ENOUGH = 500
"""Of fewer values a histogram tells nothing about the rare ones."""


@finds("stretched_by_outliers")
def find(evidence: Evidence) -> Iterator[Finding]:
    """Yield the observers whose histogram has nearly all values within a small part of its range."""
    found: defaultdict[str, list[tuple[float, str, Histogram]]] = defaultdict(list)
    measured = evidence.snapshot.measurements
    exact = {
        (each.stage, node) for each in (measured.inputs if measured else ()) if each.is_exact for node in each.nodes
    }
    for stage, node, fact in evidence.watched():
        if (stage.name, node.id) in exact:
            continue  # zeros and ones are held by any scale
        part = _part(fact.histogram) if fact.histogram is not None else None
        if fact.histogram is not None and part is not None and part <= _SMALL_PART:
            found[stage.name].append((part, node.id, fact.histogram))
    for name, stretched in found.items():
        part, worst, histogram = min(stretched, key=lambda each: each[0])
        nodes = tuple(node_id for _, node_id, _ in stretched)
        yield Finding(
            rule="stretched_by_outliers",
            level=Level.WARNING,
            stage=name,
            nodes=nodes,
            code="stretched_by_outliers." + ("one" if len(nodes) == 1 else "several"),
            roles={"subject": nodes, "worst": (worst,)},
            args={
                "share": part,
                "low": float(histogram.min),
                "high": float(histogram.max),
                "levels": max(round(part * 256), 1),
            },
        )


def _part(histogram: Histogram) -> float | None:
    """Return which part of the range the narrowest run of bins with nearly all values takes."""
    counts = numbers(tuple(histogram.counts))
    total = sum(counts)
    if total < _ENOUGH or max(counts) == total:
        return None  # of one value, however often, nothing stretches the range but the zero that it has to hold
    return _narrowest(counts, _NEARLY_ALL * total) / len(counts)


def _narrowest(counts: Sequence[float], enough: float) -> int:
    best, start, held = len(counts), 0, 0.0
    for end, count in enumerate(counts):
        held += count
        while held - counts[start] >= enough:
            held -= counts[start]
            start += 1
        if held >= enough:
            best = min(best, end - start + 1)
    return best
