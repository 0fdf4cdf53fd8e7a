"""Says how much runs in low precision, the same for the command line and the window."""

from __future__ import annotations

from qviz.document.coverage import Coverage
from qviz.words import tr, trn
from qviz.words.formats import percent

Share = tuple[int, int]
"""What runs in low precision, and all."""


def operators(coverage: Coverage) -> str:
    """Return the counts with their weight: ``3 of 9 operators run in low precision, with 12 % of the MACs``."""
    told = trn(
        coverage.total,
        "{low} of {count} operator runs in low precision",
        "{low} of {count} operators run in low precision",
        low=coverage.low,
    )
    weight = _weights(coverage.macs, coverage.parameters)
    return tr("{share}, with {weight}", share=told, weight=weight) if weight else told


def counts(coverage: Coverage) -> str:
    """Return the counts in short: ``3 of 9, 12 % of MACs``."""
    told = tr("{low} of {total}", low=coverage.low, total=coverage.total)
    return tr("{share}, {macs} of MACs", share=told, macs=percent(_part(coverage.macs))) if coverage.macs else told


def _weights(macs: Share | None, parameters: Share | None) -> str:
    """Return the shares of what is multiplied and of the parameters; "" where neither is known."""
    if macs and parameters:
        return tr(
            "{macs} of the MACs and {parameters} of the parameters",
            macs=percent(_part(macs)),
            parameters=percent(_part(parameters)),
        )
    if macs:
        return tr("{macs} of the MACs", macs=percent(_part(macs)))
    return tr("{parameters} of the parameters", parameters=percent(_part(parameters))) if parameters else ""


def _part(share: Share) -> float:
    low, total = share
    return low / total if total else 0.0
