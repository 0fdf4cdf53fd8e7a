"""Which edits of the plan are offered for what is selected, and why others are not."""

from __future__ import annotations

from typing import NamedTuple

from qviz.analysis.acting.leave_in_float import leave_in_float, stays_in_float
from qviz.analysis.acting.observers import is_per_channel, may_choose_observer, may_fix_range, per_channel
from qviz.analysis.acting.target import EditTarget, NoEdit
from qviz.analysis.inspecting.inspected_run import InspectedRun
from qviz.document.plan import Plan
from qviz.words import tr


class OfferedAction(NamedTuple):
    """One button.

    Attributes:
        command: The id of the command that it runs.
        title: What it says.
        tip: What it does, in a sentence.
        is_on: Whether that is so already: it would take it back.
        is_rare: Whether it stands in the list of more, not as a button.
        refusal: Why it is not possible, in words; "" where it is.
    """

    command: str
    title: str
    tip: str
    is_on: bool = False
    refusal: str = ""
    is_rare: bool = False


def offered(run: InspectedRun, plan: Plan, target: EditTarget) -> tuple[OfferedAction, ...]:
    """Return the edits for a target, in the order of their buttons."""
    edit = leave_in_float(run, plan, target)
    found = [
        OfferedAction(
            "leave_in_float",
            tr("Leave in float"),
            tr("Leave it in float from the next run on."),
            stays_in_float(run, plan, target),
            edit.reason if isinstance(edit, NoEdit) else "",
        )
    ]
    try_it = OfferedAction("try_it", tr("Try it…"), tr("Predict the effect of leaving quantizers in float."))
    if target.is_group:
        return (*found, try_it) if run.ledger is not None else tuple(found)
    refused = may_choose_observer(plan, target)
    why = refused.reason if refused is not None else ""
    found.append(OfferedAction("choose_observer", tr("Observer…"), tr("Choose other observers."), False, why))
    if target.tensor is None:
        by_channel = per_channel(run, plan, target)
        found.append(
            OfferedAction(
                "per_channel",
                tr("Per channel"),
                tr("A scale for each channel of the weight, or one for all."),
                bool(is_per_channel(run, target)),
                by_channel.reason if isinstance(by_channel, NoEdit) else "",
            )
        )
    if run.ledger is not None:
        found.append(try_it)
    fixed = may_fix_range(run, plan, target)
    why = fixed.reason if fixed is not None else ""
    found.append(
        OfferedAction("fix_range", tr("Fix range…"), tr("Set the range of the output by hand."), False, why, True)
    )
    return tuple(found)
