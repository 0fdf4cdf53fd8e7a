"""Advises one flow for a model, with the reason, from the rows of a comparison and nothing else."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from qviz.document.comparison import FlowRow
from qviz.document.flows import flow
from qviz.document.run_steps import step_text
from qviz.document.snapshot import RunError

LEAST_DB = 20.0
"""Below this the noise is more than a tenth of the signal: another flow is preferred, and the advice says so."""


class Advice(NamedTuple):
    """One sentence; `flow` is None where no flow is to be advised."""

    flow: str | None
    text: str


def advise(rows: Sequence[FlowRow]) -> Advice:
    """Return the flow with most of the operators in low precision among those whose error is bearable.

    Equal ones are told apart by error, then by size. A flow for training that trained nothing is only
    taken where there is no other.
    """
    usable = [row for row in rows if row.is_usable]
    chosen = max([row for row in usable if not row.is_demonstration] or usable, key=_rank, default=None)
    tail = _failures(rows)
    if chosen is None:
        return Advice(
            None, "; ".join(["No flow puts an operator of this model in low precision and runs", *tail]) + "."
        )
    parts = [f"captures all of it, {_operators(chosen)} in low precision"]
    merits = list(_merits(chosen, usable))
    parts[0] += "".join(f", {merit}" for merit in merits)
    return Advice(chosen.flow, f"{title(chosen.flow)}: {'; '.join([*parts, *_doubts(chosen), *tail])}.")


def title(flow_id: str) -> str:
    """Return the name of a flow for people."""
    known = flow(flow_id)
    return known.title if known is not None else flow_id


def where(error: RunError) -> str:
    """Return the line of the model at which a step failed, or the step."""
    if error.source is None:
        return step_text(error.step, "during")
    return f"at line {error.source.line} of {os.path.basename(error.source.file)}"


def decibels(row: FlowRow) -> float | None:
    """Return the row's error as a number that can be compared."""
    return None if row.sqnr_db is None else float(row.sqnr_db)


def _rank(row: FlowRow) -> tuple[bool, float, float, int]:
    measured = decibels(row)
    error = float("-inf") if measured is None else measured
    return error >= LEAST_DB, len(row.low) / row.total, error, -row.size.after if row.size else 0


def _operators(row: FlowRow) -> str:
    if row.total == 1:
        return "its only quantizable operator"
    return f"{len(row.low)} of {row.total} operators" if row.stays_float else f"all {row.total} operators"


def _merits(chosen: FlowRow, usable: Sequence[FlowRow]) -> Iterable[str]:
    """Yield what the row is the best of all usable ones in."""
    if _is_best(chosen, usable, decibels):
        yield "smallest error"
    if _is_best(chosen, usable, lambda row: -row.size.after if row.size else None):
        yield "smallest file"
    if _is_best(chosen, usable, lambda row: row.time.ratio if row.time else None):
        yield "fastest of those that can be timed"


def _is_best(chosen: FlowRow, rows: Iterable[FlowRow], value: Callable[[FlowRow], float | None]) -> bool:
    own = value(chosen)
    others = [each for row in rows if row is not chosen and (each := value(row)) is not None]
    return own is not None and bool(others) and own > max(others)


def _doubts(row: FlowRow) -> Iterable[str]:
    """Yield what speaks against the row."""
    error = decibels(row)
    if error is None:
        yield "its error could not be measured"
    elif error < LEAST_DB:
        yield f"but its error is large: {error:.1f} dB"
    if row.time is not None and row.time.ratio < 1:
        yield f"not faster here: {row.time.after_ms:.2g} ms against {row.time.before_ms:.2g} ms in float"
    if row.is_demonstration:
        yield "nothing was trained yet"


def _failures(rows: Iterable[FlowRow]) -> list[str]:
    """Return what to say of the flows that do not come to their end, those of one cause together."""
    causes: dict[str, list[str]] = {}
    for row in rows:
        if row.status == "died":
            causes.setdefault("ended the engine", []).append(title(row.flow))
        elif row.status == "failed" and row.error is not None:
            causes.setdefault(f"fails {where(row.error)}", []).append(title(row.flow))
        elif row.broken is not None:
            causes.setdefault("converts what does not run", []).append(title(row.flow))
    return [f"{_listed(names)} {_plural(cause) if len(names) > 1 else cause}" for cause, names in causes.items()]


def _listed(names: Sequence[str]) -> str:
    return " and ".join([", ".join(names[:-1]), names[-1]]) if len(names) > 1 else names[0]


def _plural(cause: str) -> str:
    verb, _, rest = cause.partition(" ")
    return f"{verb.removesuffix('s') if verb != 'ended' else verb} {rest}"
