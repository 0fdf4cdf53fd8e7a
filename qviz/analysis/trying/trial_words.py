"""What is said of a choice: what it predicts and how sure that is, what it leaves out, why it may not be possible."""

from __future__ import annotations

import math
from collections.abc import Sequence

from qviz.analysis.ledger.answer import finite
from qviz.analysis.trying.trials import TrialRow, Trials
from qviz.document.graph import Number
from qviz.document.measurements import Ledger
from qviz.words import tr, trn
from qviz.words.formats import MINUS, decibels, gain, listed, number, part, size

_SMALLEST = 0.1


def choice_title(tried: Trials, chosen: frozenset[int]) -> str:
    """Return what a choice is: so many of the worst, or another set, and how many of the listed that takes along."""
    total, count = len(tried.rows), tried.count_of(chosen)
    if count == 0:
        return tr("Leave none of {total} quantizers in float", total=total)
    gone = len(tried.gone(tried.changes_of(chosen)))
    if count is None:
        return tr("Leave {count} of {total} quantizers in float, as ticked below", count=gone, total=total)
    if gone == count:
        return tr("Leave the {count} worst of {total} quantizers in float", count=gone, total=total)
    return tr("Leave the {count} worst in float: {gone} of {total} quantizers", count=count, gone=gone, total=total)


def level_text(level: Number | None) -> str:
    """Return a predicted level with one decimal."""
    known = finite(level)
    if known is None:
        return decibels(level) if level is not None else tr("not predicted")
    return decibels(round(known, 1))


def uncertainty_text(worst: float | None) -> str:
    """Return by how much the worst of the earlier predictions was off, behind a figure; "" without any."""
    if worst is None:
        return ""
    return f"± {number(max(math.ceil(worst * 10 - 1e-9) / 10, _SMALLEST))}"


def gain_text(level: Number | None) -> str:
    """Return a gain with one decimal, a small one with two."""
    known = finite(level)
    if known is None:
        return gain(level) if level is not None else ""
    return gain(round(known, 2 if abs(known) < _SMALLEST else 1) + 0.0)


def added_text(count: int) -> str:
    """Return by how much weights grow."""
    return f"+{size(count)}" if count > 0 else f"{MINUS}{size(-count)}" if count else "0"


def row_name(row: TrialRow) -> tuple[str, str]:
    """Return the name of a quantizer in two parts: the place, and what is rounded there."""
    place, _, what = row.quantizer.id.rpartition(" ")
    return (place, what) if place else (what, "")


def refusal(tried: Trials, row: TrialRow, chosen: frozenset[int]) -> str:
    """Return why a quantizer cannot be chosen, or be kept; "" where it can."""
    if row.change is None:
        return tr("No rule of this flow leaves this alone in float.") if tried.steps else no_choice()
    if row.change in chosen:
        return ""
    changes, asked = tried.changes_of(chosen), set(row.quantizer.asked_by)
    if row.quantizer.id in tried.gone(changes):
        names = listed(each.target for each in changes if not asked.isdisjoint(each.nodes))
        return tr("Leaving {names} in float removes it.", names=names)
    return ""


def no_choice() -> str:
    """Return why nothing can be chosen."""
    return tr("A plan of this flow cannot leave a single operator in float")


def rest_text(tried: Trials, hidden: int) -> str:
    """Return what stands below the rows: how many more there are, and what the shares leave unexplained."""
    left = finite(tried.ledger.unexplained)
    more = trn(hidden, "{count} more", "{count} more") if hidden else ""
    return "; ".join(filter(None, (more, _unexplained(left) if left is not None else "")))


def _unexplained(left: float) -> str:
    """Return what the shares leave of the noise; they may also come to more than all of it."""
    if left < 0:
        return tr("shares add up to {share}", share=part(1 - left))
    return tr("{share} not explained", share=part(left))


def rest_share(tried: Trials, hidden: int) -> float | None:
    """Return what is left of the noise below the rows that are shown, so that all of it is in the table."""
    rows = tried.rows[len(tried.rows) - hidden :] if hidden else ()
    known = [value for row in rows if (value := finite(row.quantizer.share)) is not None]
    left = finite(tried.ledger.unexplained)
    return math.fsum([*known, left or 0.0]) if known or left is not None else None


def additivity_text(ledger: Ledger) -> str:
    """Return a warning where shares do not add up, and predictions are a guess; "" where they do."""
    total = finite(ledger.additivity)
    if total is None or ledger.is_additive or total <= 0:
        return ""
    interaction = gain(10 * math.log10(total))
    told = tr("Not additive: {level} of interaction between the quantizers", level=interaction)
    return f"{told}. {tr('The prediction is a rough guess.')}"


def errors_text(errors: Sequence[float]) -> str:
    """Return how far earlier predictions were off, in a sentence."""
    if not errors:
        return tr("No run has tested a prediction yet.")
    low, high = min(errors), max(errors)
    if len(errors) == 1:
        return tr("The one earlier prediction was off by {level}.", level=_signed(low))
    return trn(
        len(errors),
        "{count} earlier prediction was off by {low} to {high}.",
        "{count} earlier predictions were off by {low} to {high}.",
        low=_signed(low),
        high=_signed(high),
    )


def _signed(level: float) -> str:
    return gain(round(level, 1) + 0.0)
