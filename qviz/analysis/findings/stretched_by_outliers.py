"""An activation range that a few values stretch, so that nearly all others share a few levels."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from qviz.analysis.findings.evidence import Evidence, numbers
from qviz.document.snapshot import Finding, Histogram, Level

_NEARLY_ALL = 0.999
_SMALL_PART = 1 / 8
_ENOUGH = 500
"""Of fewer values a histogram tells nothing about the rare ones."""


def find(evidence: Evidence) -> Iterator[Finding]:
    """Yield observers whose histogram has nearly all values within a small part of its range."""
    for stage, node, fact in evidence.watched():
        histogram = fact.histogram
        if histogram is None or (part := _part(histogram)) is None or part > _SMALL_PART:
            continue
        yield Finding(
            rule="stretched_by_outliers",
            level=Level.WARNING,
            stage=stage.name,
            nodes=(node.id,),
            message=f"{node.id}: 99.9 % of the values lie within {part:.1%} of the range",
            reason=f"the range goes from {float(histogram.min):.4g} to {float(histogram.max):.4g} because of a few "
            f"outliers, which leaves the rest about {max(round(part * 256), 1)} of 256 levels",
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
