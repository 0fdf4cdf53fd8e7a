"""Advises one flow for a model, with the reason, from the rows of a comparison and nothing else."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

from qviz.document.comparison import FlowRow
from qviz.document.flows import flow
from qviz.document.graph import Json
from qviz.document.run_steps import step_arg
from qviz.document.said import Said
from qviz.document.snapshot import RunError
from qviz.words import names
from qviz.words.formats import sentences
from qviz.words.statement import knows

LEAST_DB = 20.0
"""Below this the noise is more than a tenth of the signal: another flow is preferred, and the advice says so."""


class Advice(NamedTuple):
    """What is advised, sentence by sentence; `flow` is None where no flow is to be advised."""

    flow: str | None
    statements: tuple[Said, ...]

    @property
    def text(self) -> str:
        """All of it in words."""
        return sentences(each.text for each in self.statements)


def advise(rows: Sequence[FlowRow]) -> Advice:
    """Return the flow with the most operators in low precision among those with an SQNR of at least `LEAST_DB`.

    Ties are decided by SQNR, then by size. A QAT flow without training is chosen only if no other flow is usable.
    """
    usable = [row for row in rows if row.is_usable]
    chosen = max([row for row in usable if not row.is_demonstration] or usable, key=_rank, default=None)
    if chosen is None:
        return Advice(None, (Said("advice.none"), *_failures(rows)))
    about = (_operators(chosen), *_merits(chosen, usable), *_doubts(chosen))
    return Advice(chosen.flow, (*about, *_failures(rows)))


def title(flow_id: str) -> str:
    """Return the name of a flow for people."""
    known = flow(flow_id)
    return names.flow(flow_id, known.title if known is not None else "")


def flow_arg(flow_id: str) -> Json:
    """Return a flow as the argument of a statement: by its code, so that it is named in the reader's language."""
    known = flow(flow_id)
    return {"code": known.label} if known is not None and knows(known.label) else title(flow_id)


def failed(family: str, error: RunError) -> Said:
    """Return that a step failed, at the line of the model where there is one: ``family.failed_at``."""
    step: dict[str, Json] = {"step": step_arg(error.step)}
    if error.source is None:
        return Said(f"{family}.failed", {}, step)
    return Said(
        f"{family}.failed_at", {}, {**step, "line": error.source.line, "file": os.path.basename(error.source.file)}
    )


def decibels(row: FlowRow) -> float | None:
    """Return the row's error as a number that can be compared."""
    return None if row.sqnr_db is None else float(row.sqnr_db)


def _rank(row: FlowRow) -> tuple[bool, float, float, int]:
    measured = decibels(row)
    error = float("-inf") if measured is None else measured
    return error >= LEAST_DB, row.total_low / row.total, error, -row.size.after if row.size else 0


def _operators(row: FlowRow) -> Said:
    name = "only" if row.total == 1 else "some" if row.stays_float else "all"
    args: dict[str, Json] = {"flow": flow_arg(row.flow), "low": row.total_low, "total": row.total}
    return Said(f"advice.{name}", {}, args)


def _merits(chosen: FlowRow, usable: Sequence[FlowRow]) -> Iterator[Said]:
    """Yield what the row is the best of all usable ones in."""
    if _is_best(chosen, usable, decibels):
        yield Said("advice.highest_sqnr")
    if _is_best(chosen, usable, lambda row: -row.size.after if row.size else None):
        yield Said("advice.smallest_file")
    if _is_best(chosen, usable, lambda row: row.time.ratio if row.time else None):
        yield Said("advice.fastest")


def _is_best(chosen: FlowRow, rows: Iterable[FlowRow], value: Callable[[FlowRow], float | None]) -> bool:
    own = value(chosen)
    others = [each for row in rows if row is not chosen and (each := value(row)) is not None]
    return own is not None and bool(others) and own > max(others)


def _doubts(row: FlowRow) -> Iterator[Said]:
    """Yield what speaks against the row."""
    error = decibels(row)
    if error is None:
        yield Said("advice.sqnr_unknown")
    elif error < LEAST_DB:
        yield Said("advice.sqnr_low", {}, {"sqnr": error})
    if row.time is not None and row.time.ratio < 1:
        yield Said("advice.not_faster", {}, {"after": row.time.after_ms, "before": row.time.before_ms})
    if row.is_demonstration:
        yield Said("advice.untrained")


def _failures(rows: Iterable[FlowRow]) -> tuple[Said, ...]:
    """Return what to say of the flows that do not come to their end, those of one cause together."""
    causes: list[tuple[Said, list[Json]]] = []
    for row in rows:
        if (cause := _failure(row)) is not None:
            flows = next((flows for known, flows in causes if known == cause), None)
            if flows is None:
                causes.append((cause, flows := []))
            flows.append(flow_arg(row.flow))
    return tuple(Said(cause.code, {}, {**cause.args, "flows": flows}) for cause, flows in causes)


def _failure(row: FlowRow) -> Said | None:
    if row.status == "died":
        return Said("advice.engine_ended")
    if row.status == "failed" and row.error is not None:
        return failed("advice", row.error)
    return Said("advice.does_not_run") if row.broken is not None else None
