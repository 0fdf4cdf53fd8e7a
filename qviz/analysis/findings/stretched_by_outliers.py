"""An activation range that a few values stretch, so that nearly all others share a few levels."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from qviz.analysis.findings.evidence import Evidence, listed, numbers
from qviz.document.kept import kept_finding
from qviz.document.snapshot import Finding, Histogram, Level

_NEARLY_ALL = 0.999
_SMALL_PART = 1 / 8
_ENOUGH = 500
"""Of fewer values a histogram tells nothing about the rare ones."""


def find(evidence: Evidence) -> Iterator[Finding]:
    """Yield the observers whose histogram has nearly all values within a small part of its range."""
    found: defaultdict[str, list[tuple[float, str, Histogram]]] = defaultdict(list)
    for stage, node, fact in evidence.watched():
        part = _part(fact.histogram) if fact.histogram is not None else None
        if fact.histogram is not None and part is not None and part <= _SMALL_PART:
            found[stage.name].append((part, node.id, fact.histogram))
    for name, stretched in found.items():
        part, worst, histogram = min(stretched, key=lambda each: each[0])
        listing = listed(node_id for _, node_id, _ in stretched)
        yield kept_finding(
            rule="stretched_by_outliers",
            level=Level.WARNING,
            stage=name,
            nodes=tuple(node_id for _, node_id, _ in stretched),
            message=f"{listing}: 99.9 % of the values lie within {part:.1%} of the range"
            + (f" in the worst, {worst}" if len(stretched) > 1 else ""),
            reason=f"the range of {worst} goes from {float(histogram.min):.4g} to {float(histogram.max):.4g} because "
            f"of a few outliers, which leaves the rest about {max(round(part * 256), 1)} of 256 levels",
            hint="Look at what calibrates: clip the outliers, or leave this operator in float.",
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
