"""What is commonly said of quantization, beside what was measured for one model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from qviz.analysis.verdicts.advice import failed, flow_arg
from qviz.document.comparison import NOT_A_SPEED_MEASURE, FlowRow
from qviz.document.flows import Mode, flow
from qviz.document.graph import Json
from qviz.document.said import Said


class Claim(NamedTuple):
    """A claim and what the rows show."""

    claim: Said
    shown: Said

    @property
    def text(self) -> str:
        """The claim in words."""
        return self.claim.text

    @property
    def measured(self) -> str:
        """What the rows show, in words."""
        return self.shown.text


def claims(rows: Sequence[FlowRow]) -> tuple[Claim, ...]:
    """Return the claims of torch's documentation, each with what these rows show."""
    return (
        Claim(Said("claim.size"), _ratios(rows, lambda row: row.size.ratio if row.size else None)),
        Claim(Said("claim.speed"), _ratios(rows, lambda row: row.time.ratio if row.time else None)),
        Claim(Said("claim.capture"), _captures(rows)),
    )


def _ratios(rows: Sequence[FlowRow], ratio: Callable[[FlowRow], float | None]) -> Said:
    found = sorted(
        ((value, row.flow) for row in rows if row.is_usable and (value := ratio(row)) is not None), reverse=True
    )
    if not found:
        is_simulated = any(row.is_usable and row.no_time == NOT_A_SPEED_MEASURE for row in rows)
        return Said("claim.simulated" if is_simulated else "claim.not_reached")
    (best, best_flow), (worst, worst_flow) = found[0], found[-1]
    if len(found) == 1:
        return Said("claim.ratio", {}, {"best": best, "best_flow": flow_arg(best_flow)})
    args: dict[str, Json] = {
        "best": best,
        "best_flow": flow_arg(best_flow),
        "worst": worst,
        "worst_flow": flow_arg(worst_flow),
    }
    return Said("claim.ratios", {}, args)


def _captures(rows: Sequence[FlowRow]) -> Said:
    fx, export = (_captured(_of(mode, rows)).as_arg() for mode in (Mode.FX, Mode.PT2E))
    return Said("claim.captures", {}, {"fx": fx, "export": export})


def _of(mode: Mode, rows: Sequence[FlowRow]) -> list[FlowRow]:
    return [row for row in rows if (run := flow(row.flow)) is not None and run.mode is mode]


def _captured(rows: Sequence[FlowRow]) -> Said:
    if not rows:
        return Said("claim.not_tried")
    if any(row.stage is not None for row in rows):
        return Said("claim.captured")
    error = next((row.error for row in rows if row.error is not None), None)
    return failed("claim", error) if error is not None else Said("claim.not_captured")
