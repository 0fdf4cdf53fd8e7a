"""A repair in words: what it comes to, and each change."""

from __future__ import annotations

from collections.abc import Iterator

from qviz.analysis.ledger.answer import alternative_name
from qviz.analysis.ledger.tables import db
from qviz.document.changes import Change, Repair
from qviz.document.measurements import Alternative
from qviz.words import mark, tr, trn
from qviz.words.formats import decibels, number


def repair_lines(found: Repair) -> Iterator[str]:
    """Yield what a repair comes to: the answer first, then a line for each change, then why there are no more."""
    yield headline(found)
    for change in found.changes:
        yield "  " + change_text(change)
    if found.changes and found.predicted_db is not None and found.measured is not None:
        yield tr(
            "Predicted {predicted}, measured {measured}; original to converted {total}",
            predicted=db(found.predicted_db),
            measured=db(found.measured.simulated),
            total=db(found.measured.total) or "?",
        )
    if found.stopped:
        yield tr(_STOPPED[found.stopped])
    if not found.reached and found.best_db is not None and found.stopped != "flow":
        yield tr("All available changes together would give an estimated {level}", level=decibels(found.best_db))


def headline(found: Repair) -> str:
    """Return whether the target is reached, by how many changes, in one line."""
    target, before = tr("{number} dB", number=number(found.target_db)), db(found.before_db)
    after = db(found.measured.simulated) if found.measured is not None else ""
    if found.reached and not found.changes:
        return tr("{target} is reached without a change: {before}", target=target, before=before)
    if found.reached:
        return trn(
            len(found.changes),
            "{count} change reaches {target}: {after} instead of {before}",
            "{count} changes reach {target}: {after} instead of {before}",
            target=target,
            after=after,
            before=before,
        )
    if not found.changes or not after:
        return tr("{target} is not reached: {before}", target=target, before=before)
    return trn(
        len(found.changes),
        "{target} is not reached: {count} change gives {after} instead of {before}",
        "{target} is not reached: {count} changes give {after} instead of {before}",
        target=target,
        after=after,
        before=before,
    )


def change_text(change: Change) -> str:
    """Return a change in words."""
    if change.per_channel:
        return tr("all weights per channel")
    if change.kind == "alternative":
        name = alternative_name(Alternative(change.alternative, 0.0)).text
        return tr("{target}: {change}", target=change.target, change=name)
    return tr(_IN_FLOAT[change.kind], target=change.target)


_IN_FLOAT = {
    "operator": mark("operator {target} in float"),
    "tensor": mark("output of {target} in float"),
    "module": mark("module {target} in float"),
}
_STOPPED = {
    "most": mark("As many changes were made as --most allows"),
    "nothing": mark("No other change that this flow can express gains anything"),
    "flow": mark("A plan of this flow cannot leave a single operator in float"),
}
"""Why it ends short of the target."""
