"""What is commonly said of quantization, beside what was measured for one model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from qviz.analysis.verdicts.advice import title, where
from qviz.document.comparison import NOT_A_SPEED_MEASURE, FlowRow
from qviz.document.flows import Mode, flow


class Claim(NamedTuple):
    """A claim and what the rows show."""

    text: str
    measured: str


def claims(rows: Sequence[FlowRow]) -> tuple[Claim, ...]:
    """Return the claims of torch's documentation, each with what these rows show."""
    return (
        Claim("int8 makes a model 4 times smaller", _ratios(rows, lambda row: row.size.ratio if row.size else None)),
        Claim("int8 is 2 to 4 times faster", _ratios(rows, lambda row: row.time.ratio if row.time else None)),
        Claim("torch.fx captures 72.7 % of 14 000 models, torch.export 88.8 %", _captures(rows)),
    )


def _ratios(rows: Sequence[FlowRow], ratio: Callable[[FlowRow], float | None]) -> str:
    found = sorted(
        ((value, row.flow) for row in rows if row.is_usable and (value := ratio(row)) is not None), reverse=True
    )
    if not found:
        is_simulated = any(row.is_usable and row.no_time == NOT_A_SPEED_MEASURE for row in rows)
        return (
            f"not measured: {'the flows that ran simulate integers in float' if is_simulated else 'no flow got there'}"
        )
    best, worst = found[0], found[-1]
    text = f"{_times(best[0])} ({title(best[1])})"
    return text if len(found) == 1 else f"{text} to {_times(worst[0])} ({title(worst[1])})"


def _times(ratio: float) -> str:
    return f"{ratio:.1f} times" if ratio >= 0.095 else f"{ratio:.2g} times"


def _captures(rows: Sequence[FlowRow]) -> str:
    parts = [
        f"{tracer}: {_captured([row for row in rows if (run := flow(row.flow)) is not None and run.mode is mode])}"
        for tracer, mode in (("torch.fx", Mode.FX), ("torch.export", Mode.PT2E))
    ]
    return "this model, by " + ", by ".join(parts)


def _captured(rows: Sequence[FlowRow]) -> str:
    if not rows:
        return "not tried"
    if any(row.stage is not None for row in rows):
        return "yes"
    error = next((row.error for row in rows if row.error is not None), None)
    return f"no, stops {where(error)}" if error is not None else "no"
