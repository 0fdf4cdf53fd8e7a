"""What the two processes say to each other: requests imperative, reports in the past tense."""

from __future__ import annotations

from typing import TypeAlias

import msgspec

from qviz.document.changes import Repair
from qviz.document.comparison import FlowRow
from qviz.document.graph import Json
from qviz.document.measurements import Measurements
from qviz.document.model_call import ModelCall, TriedCall
from qviz.document.plan import Plan
from qviz.document.snapshot import Facts, Finding, Link, Stage
from qviz.document.snapshot import Run as RunRecord
from qviz.trust.grants import Grant
from qviz.trust.listing import Listing
from qviz.trust.question import CodeQuestion


class Message(msgspec.Struct, frozen=True, tag_field="message"):
    """Base of all messages; the class name is the tag."""


class RunFlow(Message, frozen=True, tag="Run"):
    """Apply the plan's flow; `run_id` comes back in every report.

    `grants`, here and below, are what the user allowed; an engine runs nothing else.
    """

    run_id: int
    plan: Plan
    grants: tuple[Grant, ...] = ()


class Compare(Message, frozen=True, tag="Compare"):
    """Apply each of `flows` to the plan's model and measure what came of it; one FlowCompared each."""

    run_id: int
    plan: Plan
    flows: tuple[str, ...]
    grants: tuple[Grant, ...] = ()


class RepairPlan(Message, frozen=True, tag="RepairPlan"):
    """Find the smallest set of at most `most` changes of the plan that reaches an output SQNR, in dB."""

    run_id: int
    plan: Plan
    target_db: float
    most: int
    grants: tuple[Grant, ...] = ()


class GuessCall(Message, frozen=True, tag="GuessCall"):
    """Build the plan's model and find out what it is called with; the answer is CallGuessed."""

    run_id: int
    plan: Plan
    grants: tuple[Grant, ...] = ()


class TryCall(Message, frozen=True, tag="TryCall"):
    """Call the plan's model once on the plan's inputs; the answer is CallTried, or RunRejected."""

    run_id: int
    plan: Plan
    grants: tuple[Grant, ...] = ()


class ListCode(Message, frozen=True, tag="ListCode"):
    """Say what a plan would run on the engine's machine, and run nothing; the answer is CodeListed, or RunRejected."""

    run_id: int
    question: CodeQuestion


class Speak(Message, frozen=True, tag="Speak"):
    """Say everything that comes in a language, by its name; told to an engine that is not of this environment."""

    language: str


class WarmUp(Message, frozen=True, tag="WarmUp"):
    """Import what the PT2E flows need, whenever no other request waits; it has no report."""


class Stop(Message, frozen=True, tag="Stop"):
    """End the engine when its present work is done."""


class EngineHello(Message, frozen=True, tag="EngineHello"):
    """The first word of an engine that a command of the user's started; paths are its machine's, from `folder` on."""

    qviz: str
    wire: int
    host: str
    folder: str


class EngineReady(Message, frozen=True, tag="EngineReady"):
    """torch is imported; `backends` are the quantized engines of this machine.

    `is_forked` tells that another engine is there as quickly.
    """

    versions: dict[str, str]
    backends: tuple[str, ...]
    is_forked: bool = False


class ModelLoaded(Message, frozen=True, tag="ModelLoaded"):
    """The model stands; `inputs` are written as shape and dtype, for people."""

    run_id: int
    type: str
    modules: int
    parameters: int
    bytes: int
    inputs: tuple[str, ...]
    file: str | None = None
    tree: tuple[tuple[str, str], ...] = ()
    """(path, type) of every module, in the order of ``named_modules``."""


class StepStarted(Message, frozen=True, tag="StepStarted"):
    """A step began, or went on: `done` of `total`; total 0 where it cannot be known; `flow` is one that is compared."""

    run_id: int
    step: str
    done: int = 0
    total: int = 0
    flow: str = ""


class StageReached(Message, frozen=True, tag="StageReached"):
    """A stage as plain data, with its facts and its links from earlier stages."""

    run_id: int
    stage: Stage
    facts: dict[str, Facts]
    links: tuple[Link, ...]


class RunFinished(Message, frozen=True, tag="RunFinished"):
    """The run is over: done, or failed with `run.error`; the stages were sent before."""

    run_id: int
    run: RunRecord
    findings: tuple[Finding, ...]
    summary: dict[str, Json]
    notes: tuple[str, ...]
    measurements: Measurements | None = None


class RunRejected(Message, frozen=True, tag="RunRejected"):
    """Nothing ran: bad input that the user can mend."""

    run_id: int
    text: str
    hint: str
    exit_code: int
    traceback: str = ""
    option: str = ""


class FlowCompared(Message, frozen=True, tag="FlowCompared"):
    """What one flow came to on the model, good or bad."""

    run_id: int
    row: FlowRow


class PlanRepaired(Message, frozen=True, tag="PlanRepaired"):
    """What was found of a plan that was to be repaired, also where the target is out of reach."""

    run_id: int
    repair: Repair


class CodeListed(Message, frozen=True, tag="CodeListed"):
    """What would run, with the hashes of its files."""

    run_id: int
    listing: Listing


class CallGuessed(Message, frozen=True, tag="CallGuessed"):
    """What the model takes."""

    run_id: int
    call: ModelCall


class CallTried(Message, frozen=True, tag="CallTried"):
    """What came of the call."""

    run_id: int
    tried: TriedCall


class ComparisonFinished(Message, frozen=True, tag="ComparisonFinished"):
    """All flows that were asked for have their rows."""

    run_id: int


Request: TypeAlias = RunFlow | Compare | RepairPlan | GuessCall | TryCall | ListCode | Speak | WarmUp | Stop
Report: TypeAlias = (
    EngineHello
    | EngineReady
    | ModelLoaded
    | StepStarted
    | StageReached
    | RunFinished
    | RunRejected
    | FlowCompared
    | PlanRepaired
    | CodeListed
    | CallGuessed
    | CallTried
    | ComparisonFinished
)
