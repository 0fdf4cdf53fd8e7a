"""Data that the calibrated range of an input does not fit: outside of it, or in a small part."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from qviz.analysis.findings.evidence import Evidence, numbers
from qviz.analysis.findings.rules import finds
from qviz.document.measurements import InputRange
from qviz.document.snapshot import Finding, Level

_SOME = 0.01
_FAR = 0.25
"""Fewer values outside than a hundredth, or by less than a quarter of the range, are what any sample has."""
_SMALL_PART = 1 / 16


@finds("outside_calibration")
def find_outside(evidence: Evidence) -> Iterator[Finding]:
    """Yield the inputs with data far outside of what their quantizers were calibrated to."""
    for each in _inputs(evidence):
        low, high, least, greatest = _numbers(each)
        beyond = max(least - low, high - greatest)
        if each.outside >= _SOME and beyond >= _FAR * (greatest - least) and _is_new(evidence, each):
            yield _finding("outside_calibration", each, {"outside": each.outside})


@finds("range_unused")
def find_unused(evidence: Evidence) -> Iterator[Finding]:
    """Yield the inputs whose data takes less than a sixteenth of the calibrated range."""
    for each in _inputs(evidence):
        low, high, least, greatest = _numbers(each)
        part = (max(high, 0.0) - min(low, 0.0)) / (greatest - least) if greatest > least else 1.0
        if 0 < part < _SMALL_PART and not _is_empty(evidence, each):
            sharing = _sharing(evidence, each)
            found = _finding("range_unused", each, {"part": part})
            roles = {**found.roles, "sharing": sharing}
            yield replace(found, code="range_unused.shared", roles=roles) if sharing else found


def _inputs(evidence: Evidence) -> tuple[InputRange, ...]:
    measured = evidence.snapshot.measurements
    return measured.inputs if measured is not None else ()


def _is_new(evidence: Evidence, seen: InputRange) -> bool:
    """Return whether calibration gave a range, and not one with this data: else the scale alone is wrong."""
    facts = evidence.snapshot.facts.get(seen.stage, {})
    for node in seen.nodes:
        fact = facts[node].observer if node in facts else None
        lows, highs = (numbers(fact.min), numbers(fact.max)) if fact is not None else ((), ())
        if fact is not None and (fact.calibrated is False or not any((*lows, *highs))):
            return False
        if lows and highs and min(lows) <= float(seen.low) and max(highs) >= float(seen.high):
            return False
    return True


def _is_empty(evidence: Evidence, seen: InputRange) -> bool:
    """Return whether calibration gave no range at all, which another rule tells."""
    facts = evidence.snapshot.facts.get(seen.stage, {})
    held = (facts[each].observer for each in seen.nodes if each in facts)
    return any(fact is not None and fact.calibrated is False for fact in held)


def _sharing(evidence: Evidence, seen: InputRange) -> tuple[str, ...]:
    """Return the operators for which an observer was put before and behind them, such as a product with a number."""
    stage = next((each for each in evidence.snapshot.stages if each.name == seen.stage), None)
    whys = (node.why for node in stage.whole.nodes) if stage is not None else ()
    found = (why for why in whys if why is not None and why.code == "observer.output_shares_input")
    same = (why for why in found if set(why.roles.get("same_observer", ())).intersection(seen.nodes))
    return tuple(dict.fromkeys(each for why in same for each in why.roles.get("asked_by", ())))


def _numbers(seen: InputRange) -> tuple[float, float, float, float]:
    return float(seen.low), float(seen.high), float(seen.calibrated_low), float(seen.calibrated_high)


def _finding(code: str, seen: InputRange, figures: dict[str, float]) -> Finding:
    ranges = {"low": seen.low, "high": seen.high, "least": seen.calibrated_low, "greatest": seen.calibrated_high}
    return Finding(code, Level.WARNING, seen.stage, seen.nodes, code, {"subject": seen.nodes}, {**ranges, **figures})
