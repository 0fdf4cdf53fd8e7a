"""A run beside the one that it was tried on, as rows: what was predicted, what came of it, what it costs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, NamedTuple, TypeAlias

from qviz.analysis.ledger.answer import finite
from qviz.analysis.trying.tried_runs import TriedRun
from qviz.document.graph import Kind, Number
from qviz.document.measurements import OutputErrors
from qviz.words import tr
from qviz.words.formats import MINUS, decibels, gain, grouped, number, part, percent, size

Tone: TypeAlias = Literal["", "good", "bad"]
"""Whether a change is what one wants."""
_LEVEL = 0.05
"""dB below which two levels are the same in one decimal."""


class BeforeAfterRow(NamedTuple):
    """One figure of both runs; `tone` is that of the change."""

    title: str
    before: str
    after: str
    change: str
    tone: Tone = ""


def before_after(base: TriedRun, after: TriedRun, predicted: Number | None, low: str) -> tuple[BeforeAfterRow, ...]:
    """Return the rows; figures that neither run has are left out.

    Args:
        base: The run that was tried on.
        after: The run of what was tried.
        predicted: Signal to noise of all outputs, float to simulated, from the ledger of the base.
        low: What the low precision is: ``int8``.
    """
    return tuple(_rows(base, after, predicted, low))


def _rows(base: TriedRun, after: TriedRun, predicted: Number | None, low: str) -> Iterator[BeforeAfterRow]:
    yield from _levels(base, after)
    if predicted is not None:
        yield BeforeAfterRow(tr("Predicted"), "", decibels(_rounded(predicted)), _missed(predicted, after.sqnr_db))
    one, other = _agreement(base), _agreement(after)
    if one is not None and other is not None:
        points = round(100 * (other - one), 1)
        told = tr("{points} points", points=_signed(points)) if points else tr("the same")
        yield BeforeAfterRow(tr("Same top-1"), part(one), part(other), told, _tone(points))
    if base.size is not None and after.size is not None:
        grown = after.size / base.size - 1 if base.size else 0.0
        told = _signed_percent(grown) if round(grown, 3) else tr("the same")
        yield BeforeAfterRow(tr("Size"), size(base.size), size(after.size), told)
    if base.macs is not None and after.macs is not None:
        points = round(100 * (after.macs - base.macs), 1)
        told = tr("{points} points", points=_signed(points)) if points else tr("the same")
        yield BeforeAfterRow(
            tr("MACs in {precision}", precision=low), part(base.macs), part(after.macs), told, _tone(points)
        )
    yield from _casts(base, after)
    yield from _largest(base, after)


def _levels(base: TriedRun, after: TriedRun) -> Iterator[BeforeAfterRow]:
    """Yield the level of the outputs; what quantization alone costs beside it where kernels add something."""
    one, other = _errors(base), _errors(after)
    if one is None or other is None:
        return
    yield _level(tr("Output SQNR"), one.total, other.total)
    if any(_differs(each.total, each.simulated) for each in (one, other)):
        yield _level(tr("Quantization alone"), one.simulated, other.simulated)


def _level(title: str, before: Number | None, after: Number | None) -> BeforeAfterRow:
    unknown, low, high = tr("not measured"), finite(before), finite(after)
    one, other = (unknown if each is None else decibels(_rounded(each)) for each in (before, after))
    if low is None or high is None:
        return BeforeAfterRow(title, one, other, "")
    change = round(high - low, 1)
    return BeforeAfterRow(title, one, other, gain(change) if change else tr("the same"), _tone(change))


def _missed(predicted: Number, measured: Number | None) -> str:
    one, other = finite(predicted), finite(measured)
    if one is None or other is None:
        return ""
    off = one - other
    if abs(off) < _LEVEL:
        return tr("as measured")
    level = decibels(round(abs(off), 1))
    return tr("{level} high", level=level) if off > 0 else tr("{level} low", level=level)


def _casts(base: TriedRun, after: TriedRun) -> Iterator[BeforeAfterRow]:
    one, other = _cast_counts(base), _cast_counts(after)
    if one is None or other is None or not (sum(one) or sum(other)):
        return
    before, later = (
        tr("{quantize} q, {dequantize} dq", quantize=grouped(q), dequantize=grouped(dq)) for q, dq in (one, other)
    )
    more = sum(other) - sum(one)
    yield BeforeAfterRow(tr("Casts"), before, later, _signed(more) if more else tr("the same"))


def _cast_counts(run: TriedRun) -> tuple[int, int] | None:
    stages = run.run.parts.stages
    if not stages:
        return None
    kinds = [node.kind for node in stages[-1].whole.nodes]
    return kinds.count(Kind.QUANTIZE), kinds.count(Kind.DEQUANTIZE)


def _largest(base: TriedRun, after: TriedRun) -> Iterator[BeforeAfterRow]:
    rows = [run.run.ledger.quantizers if run.run.ledger is not None else () for run in (base, after)]
    shares = [finite(each[0].share) if each else None for each in rows]
    if shares[0] is None:
        return
    after_text = part(shares[1]) if shares[1] is not None else tr("not measured")
    yield BeforeAfterRow(tr("Largest share of noise"), part(shares[0]), after_text, rows[1][0].id if rows[1] else "")


def _errors(run: TriedRun) -> OutputErrors | None:
    return run.measured.sqnr_db if run.measured is not None else None


def _agreement(run: TriedRun) -> float | None:
    outputs = run.measured.outputs if run.measured is not None else ()
    known = [each.agreement for each in outputs if each.agreement is not None]
    return min(known) if known else None


def has_agreement(run: TriedRun) -> bool:
    """Tell whether the outputs of a run are scores of classes, which can be compared with those in float."""
    return _agreement(run) is not None


def _differs(one: Number | None, other: Number | None) -> bool:
    low, high = finite(one), finite(other)
    return low is not None and high is not None and abs(low - high) >= _LEVEL


def _rounded(level: Number) -> Number:
    known = finite(level)
    return level if known is None else round(known, 1)


def _tone(change: float) -> Tone:
    return "good" if change > 0 else "bad" if change < 0 else ""


def _signed(value: float) -> str:
    text = number(value, 3)
    return text if text.startswith(MINUS) else f"+{text}"


def _signed_percent(share: float) -> str:
    text = percent(round(share, 3))
    return text if text.startswith(MINUS) else f"+{text}"
