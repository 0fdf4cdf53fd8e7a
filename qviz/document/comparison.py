"""What the flows came to on one model: a row for each, as plain data."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, TypeAlias

from qviz.document.coverage import Coverage
from qviz.document.flows import FLOWS
from qviz.document.graph import Json, Number, Record
from qviz.document.plan import is_exported_program
from qviz.document.run_steps import stopped
from qviz.document.said import Said
from qviz.document.snapshot import RunError
from qviz.words import mark, say

RowStatus: TypeAlias = Literal["done", "failed", "died"]

NOT_A_SPEED_MEASURE = "time.not_a_speed_measure"
"""The code that stands where a time would mislead: the graph computes in float between quantize and dequantize."""

SIZE_MEANS = mark("Size of the state_dict as torch.save writes it: parameters, buffers, packed weights.")
ERROR_MEANS = mark("Signal to quantization noise ratio of the outputs against the float model; higher is better.")
TIME_MEANS = mark("Median time of one inference on one thread of this machine.")


class FloatOperators(Record, frozen=True):
    """Quantizable operators of one type that stay float for one reason, which `qviz.words` renders.

    Attributes:
        type: The bare name of what they call.
        nodes: Their ids in the last stage.
        code: Names the reason: ``float.no_pattern``; an entry of the catalog with the part ``text``.
        roles: As in any statement.
        args: As in any statement.
    """

    type: str
    nodes: tuple[str, ...]
    code: str
    roles: dict[str, tuple[str, ...]] = {}  # noqa: RUF012 - msgspec copies it
    args: dict[str, Json] = {}  # noqa: RUF012 - msgspec copies it

    @property
    def text(self) -> str:
        """The reason in words, inside a sentence."""
        return say(self, "text")


class ModelSize(Record, frozen=True):
    """Bytes of the float model and of what the flow made of it (`SIZE_MEANS`)."""

    before: int
    after: int

    @property
    def ratio(self) -> float:
        """How many times smaller it became; below 1 it grew."""
        return self.before / self.after


class Time(Record, frozen=True):
    """Milliseconds of the float model and of the converted one (`TIME_MEANS`)."""

    before_ms: float
    after_ms: float

    @property
    def ratio(self) -> float:
        """How many times faster it became; below 1 it slowed down."""
        return self.before_ms / self.after_ms


class FlowRow(Record, frozen=True):
    """One flow on the model.

    Attributes:
        flow: Its id.
        status: ``died`` means that the engine process ended in the middle of it.
        error: Why it is not done.
        stage: The last stage reached; None without any.
        operators: Bare names of what the captured stage calls.
        low: Ids of the operators that run in low precision, in the last stage of a flow that is done.
        stays_float: The other quantizable ones.
        coverage: How much runs in low precision; None where nothing was converted.
        size: None where nothing was converted.
        sqnr_db: `ERROR_MEANS`; "inf" if all outputs are equal, None where it could not be measured.
        time: None where `no_time`, a code of the catalog, says why not.
        broken: What the converted model raises when it runs; torch may convert what it cannot run.
        findings: How many of each level.
        is_demonstration: Nothing was trained, although the flow is for training.
    """

    flow: str
    status: RowStatus
    error: RunError | None = None
    stage: str | None = None
    operators: tuple[str, ...] = ()
    low: tuple[str, ...] = ()
    stays_float: tuple[FloatOperators, ...] = ()
    size: ModelSize | None = None
    sqnr_db: Number | None = None
    time: Time | None = None
    no_time: str | None = None
    broken: str | None = None
    findings: dict[str, int] = {}  # noqa: RUF012 - msgspec copies it
    is_demonstration: bool = False
    coverage: Coverage | None = None

    @property
    def total(self) -> int:
        """How many quantizable operators there are."""
        if self.coverage is not None:
            return self.coverage.total
        return len(self.low) + sum(len(each.nodes) for each in self.stays_float)

    @property
    def total_low(self) -> int:
        """How many of them run in low precision."""
        return self.coverage.low if self.coverage is not None else len(self.low)

    @property
    def is_usable(self) -> bool:
        """Whether it ran to its end, its result runs, and something is in low precision."""
        return self.status == "done" and self.broken is None and bool(self.low)


class Comparison(Record, frozen=True):
    """All rows of one model.

    Attributes:
        types: Class names of the model's modules, each once.
    """

    source: str
    types: tuple[str, ...]
    rows: tuple[FlowRow, ...]


def compared(source: str) -> tuple[str, ...]:
    """Return the flows that are compared if none are named: all that quantize and take the source."""
    is_program = is_exported_program(source)
    return tuple(each.id for each in FLOWS if each.quantizes and (each.takes_exported_programs or not is_program))


def died(flow: str, step: str, how: Said) -> FlowRow:
    """Return the row of a flow in whose middle the engine ended."""
    return FlowRow(flow, "died", stopped(step, "EngineDied", how))


def waiting(flows: Sequence[str], rows: Sequence[FlowRow]) -> tuple[str, ...]:
    """Return the flows that have no row yet."""
    have = {row.flow for row in rows}
    return tuple(flow for flow in flows if flow not in have)
