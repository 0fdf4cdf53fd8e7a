"""The whole result of a run: stages, links between them, facts, findings."""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum
from functools import cached_property
from typing import Literal, TypeAlias

from qviz.document.graph import Graph, Json, NodeId, Number, Record, SourceLine
from qviz.document.inlining import inlined
from qviz.document.measurements import Measurements
from qviz.document.plan import Plan
from qviz.words import say

StageName: TypeAlias = str
"""A point of a flow: ``captured``, ``prepared``; unique in its result."""

Status: TypeAlias = Literal["done", "failed", "cancelled"]
Relation: TypeAlias = Literal["same", "replaced", "fused", "folded", "decomposed", "duplicated", "inserted", "removed"]


class Level(str, Enum):
    """How much a finding matters."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


class RunError(Record, frozen=True):
    """The step that failed, why, at which line of the model, and what to try.

    Attributes:
        step: Names the step: ``capturing``; ``unfinished`` where the window ended during the run.
        type: The exception's class, or ``EngineDied``, ``LimitReached``, ``Timeout``, ``WindowEnded``.
        code: Names the cause: an entry of the catalog with the parts ``message`` and ``hint``.
        roles: The nodes that it speaks of, by what they are in it.
        args: Numbers and names; ``text`` is the exception's own first sentence.
        source: The line of the user's model.
        traceback: Python's.
    """

    step: str
    type: str
    code: str
    roles: dict[str, tuple[str, ...]] = {}  # noqa: RUF012 - msgspec copies it
    args: dict[str, Json] = {}  # noqa: RUF012
    source: SourceLine | None = None
    traceback: str | None = None

    @property
    def message(self) -> str:
        """What happened, in words."""
        return say(self, "message")

    @property
    def hint(self) -> str:
        """What to try, in words."""
        return say(self, "hint")


class Run(Record, frozen=True):
    """One flow applied to one source; ``python`` reproduces it without qviz.

    Attributes:
        plan: What the user chose; None in a document of an older qviz, and where no plan was run.
    """

    source: str
    flow: str
    status: Status
    config: dict[str, Json]
    versions: dict[str, str]
    python: str
    error: RunError | None = None
    plan: Plan | None = None


class Stage(Record, frozen=True, dict=True):
    """The graph at one point of a flow; ``code`` is torch's ``print_readable`` text.

    ``graph`` is torch's own; ``subgraphs`` are the graphs that its nodes call, by the ids of the nodes that read them.
    """

    name: StageName
    graph: Graph
    code: str | None = None
    subgraphs: dict[str, Graph] | None = None

    @cached_property
    def whole(self) -> Graph:
        """The graph with the nested ones in place: what is drawn, counted, searched and linked."""
        return inlined(self.graph, self.subgraphs) if self.subgraphs else self.graph


class Link(Record, frozen=True, rename={"from_ids": "from", "to_ids": "to"}):
    """Which nodes of one stage became which of the next.

    Attributes:
        confidence: From 0 to 1.
        code: Names the evidence: an entry of the catalog with the parts ``evidence`` and, for what came or
            went, ``reason``.
        roles: The nodes that the evidence speaks of, by what they are in it.
        args: Numbers and names.
    """

    from_stage: StageName
    to_stage: StageName
    from_ids: tuple[NodeId, ...]
    to_ids: tuple[NodeId, ...]
    relation: Relation
    confidence: float
    code: str
    roles: dict[str, tuple[str, ...]] = {}  # noqa: RUF012 - msgspec copies it
    args: dict[str, Json] = {}  # noqa: RUF012

    @property
    def evidence(self) -> str:
        """What the link is known from, in words."""
        return say(self, "evidence")

    @property
    def reason(self) -> str:
        """Why nothing was left, or where it came from, in words; "" for other links."""
        return say(self, "reason")


class Histogram(Record, frozen=True):
    """Counts of equal bins from ``min`` to ``max``."""

    min: Number
    max: Number
    counts: tuple[Number, ...]


class ObserverFact(Record, frozen=True):
    """The state of an observer when its stage was recorded; min and max are lists per channel."""

    min: Number | tuple[Number, ...] | None = None
    max: Number | tuple[Number, ...] | None = None
    calibrated: bool | None = None
    observer_enabled: bool | None = None
    fake_quant_enabled: bool | None = None
    histogram: Histogram | None = None


class Integers(Record, frozen=True):
    """The whole numbers of a quantized weight; each represents (integer - zero point) * scale.

    Attributes:
        dtype: As torch keeps them, ``torch.qint8`` or ``torch.int8``.
        shape: Of the whole tensor.
        channels: The first values of the first channels, one row each.
        min: The smallest of all.
        max: The largest of all.
        axis: The dimension whose slices the rows are.
        scale: Of each row; one number where all share it.
        zero_point: The same.
        total: How many rows there are in all.
        narrow: How many of all rows reach less than a sixteenth of what the widest reaches; only where
            one scale serves them all.
        counts: How many of all lie in each of equally wide bins from `min` to `max`, both included.
    """

    dtype: str
    shape: tuple[int, ...]
    channels: tuple[tuple[int, ...], ...]
    min: int
    max: int
    axis: int
    scale: Number | tuple[Number, ...]
    zero_point: Number | tuple[Number, ...]
    total: int
    narrow: int | None = None
    counts: tuple[int, ...] | None = None


class OperatorSize(Record, frozen=True):
    """How large an operator of the float model is.

    Attributes:
        macs: Multiply-accumulates of one call on the example inputs; None where they could not be counted.
        parameters: How many numbers are in the parameters that it is the first to use.
        inside: Of a module drawn whole, the same of the modules that it calls, by their path in it.
    """

    macs: int | None = 0
    parameters: int = 0
    inside: dict[str, OperatorSize] = {}  # noqa: RUF012 - msgspec copies it


class Facts(Record, frozen=True):
    """What was measured at one node of one stage; `size` only of the first, which is float."""

    observer: ObserverFact | None = None
    integers: Integers | None = None
    size: OperatorSize | None = None


class FindingReference(Record, frozen=True):
    """Names another finding of the same run."""

    rule: str
    stage: StageName
    nodes: tuple[NodeId, ...] = ()


class Finding(Record, frozen=True):
    """Something a reviewer should look at, as data; `qviz.words` renders it.

    Attributes:
        rule: What was looked for.
        nodes: Ids in the stage; none where it speaks of the whole.
        code: What was found: an entry of the catalog with the parts ``message``, ``reason``, ``hint``; a rule
            that finds several kinds of a fault has a code for each, ``rule.kind``.
        roles: The nodes by what they are in it.
        args: Numbers, dtypes, names.
        place: What tells a finding without nodes from others of its rule: module paths, a name of the
            configuration; never a text.
        because_of: The finding that this one follows from: mending that one mends this one.
    """

    rule: str
    level: Level
    stage: StageName
    nodes: tuple[NodeId, ...]
    code: str
    roles: dict[str, tuple[str, ...]] = {}  # noqa: RUF012 - msgspec copies it
    args: dict[str, Json] = {}  # noqa: RUF012
    place: tuple[str, ...] = ()
    because_of: FindingReference | None = None

    @classmethod
    def of(  # noqa: PLR0913 - what every finding has, and its own words
        cls,
        rule: str,
        level: Level,
        stage: str,
        nodes: Iterable[str],
        *,
        message: str,
        reason: str = "",
        hint: str = "",
        place: Iterable[str] = (),
    ) -> Finding:
        """Return a finding in words of your own, for a rule that has no entry in the catalog.

        Args:
            rule: A name of your own for what was looked for, in lower case: ``large_linear_in_float``.
            level: How much it matters.
            stage: The name of the stage.
            nodes: Ids of its nodes; none where the finding speaks of the whole.
            message: What was found.
            reason: Why it matters.
            hint: What to do.
            place: What tells findings without nodes apart, for the baseline.
        """
        texts: dict[str, Json] = {"message": message, "reason": reason, "hint": hint}
        return cls(rule, level, stage, tuple(nodes), "own", {}, texts, tuple(place))

    @property
    def message(self) -> str:
        """What was found, in words."""
        return say(self, "message")

    @property
    def reason(self) -> str:
        """Why it matters, in words."""
        return say(self, "reason")

    @property
    def hint(self) -> str:
        """What to do, in words."""
        return say(self, "hint")


class Bookmark(Record, frozen=True):
    """A node that a reviewer wants to find again, and the note at it."""

    stage: StageName
    node: NodeId
    note: str = ""


class Snapshot(Record, frozen=True):
    """The document (docs/contract.md, section 6); bookmarks are the reader's, a run makes none."""

    format: Literal["qviz"]
    version: int
    run: Run
    stages: tuple[Stage, ...]
    links: tuple[Link, ...]
    facts: dict[StageName, dict[NodeId, Facts]]
    findings: tuple[Finding, ...]
    summary: dict[str, Json]
    notes: tuple[str, ...]
    bookmarks: tuple[Bookmark, ...] = ()
    measurements: Measurements | None = None

    def stage(self, name: StageName) -> Stage:
        """Return the stage of that name.

        Raises:
            KeyError: No such stage; the message lists those there are.
        """
        for stage in self.stages:
            if stage.name == name:
                return stage
        raise KeyError(f"no stage {name!r}; there are: {', '.join(s.name for s in self.stages) or 'none'}")
