"""Runs a plan: loads, checks, follows the flow, and reports every stage as plain data."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial

import msgspec
from torch.fx import GraphModule
from torch.nn import Module

from qviz.analysis import findings
from qviz.analysis.findings.rules import FindingRule
from qviz.analysis.linking.links import link_stages
from qviz.analysis.verdicts.summary import summarize
from qviz.document.flows import Flow, flow
from qviz.document.graph import Json
from qviz.document.measurements import Measurements
from qviz.document.plan import Plan
from qviz.document.run_steps import stopped_finding
from qviz.document.snapshot import Finding, Run, RunError, Snapshot
from qviz.engine.checks.finite import weights_not_finite
from qviz.engine.checks.mode import is_training, told_of_mode
from qviz.engine.checks.tied_weights import TiedWeights
from qviz.engine.configuration.carrying import carried_over
from qviz.engine.flow_table import implementation
from qviz.engine.flows.job import Job
from qviz.engine.flows.results import FlowResult
from qviz.engine.loading.calibration import is_drawn, limited
from qviz.engine.loading.copies import own_copy, shared_weights
from qviz.engine.loading.first_run import run_once, shapes_tell
from qviz.engine.loading.forward import Arguments, describe
from qviz.engine.loading.modes import in_eval_mode
from qviz.engine.loading.own_rules import load_own_rules
from qviz.engine.loading.readiness import make_ready, written
from qviz.engine.loading.recipe import in_hand
from qviz.engine.loading.source import Loaded, load
from qviz.engine.measure.running.data import Peeked
from qviz.engine.nodes import held_state
from qviz.engine.nodes.programs import is_program
from qviz.engine.recording.extract import record
from qviz.engine.recording.given_graphs import versions
from qviz.engine.script import script
from qviz.engine.serving.as_received import as_received, own_calls
from qviz.engine.serving.histogram_search import searched_once
from qviz.engine.serving.measuring import Keep, Measuring, watched_batches
from qviz.engine.serving.stack_traces import light_stack_traces
from qviz.engine.serving.stopping import stopped
from qviz.engine.serving.torch_state import kept, settle
from qviz.engine.serving.unique_device import found_once
from qviz.errors import QvizError
from qviz.wire.assembly import Assembly
from qviz.wire.messages import Message, ModelLoaded, RunFinished, StageReached, StepStarted

ReportSink = Callable[[Message], None]
MakesMeasuring = Callable[[Plan, Flow, Loaded, Module, Peeked | None], Measuring]

_WITH_WEIGHTS = "# qviz ran this on fake tensors; as it stands here, it builds the weights and calibrates\n"
_NOISE = (
    "torch.ao.quantization is deprecated",
    "reduce_range will be deprecated",
    "XNNPACKQuantizer is deprecated",
    "erase_node(",
)
"""Warnings that torch gives at every run and that say nothing about the model."""


def run_plan(plan: Plan, report: ReportSink, run_id: int = 0, measuring: MakesMeasuring = Measuring) -> Snapshot:
    """Load the plan's model and run its flow; `measuring` makes what keeps and measures its models.

    Raises:
        QvizError: Nothing ran: the input has to be mended first.
    """
    with kept(plan.seed), searched_once(), found_once(), light_stack_traces(), _warnings_caught() as caught:
        implementation(plan.flow)
        report(StepStarted(run_id, "loading"))
        loaded = load(plan)
        settle()
        return _run(loaded, plan, report, run_id, caught, measuring=measuring)


def run_loaded(
    loaded: Loaded,
    plan: Plan,
    report: ReportSink,
    run_id: int = 0,
    keep: Callable[[Module], None] | None = None,
    measured: Keep | None = None,
) -> Snapshot:
    """Run the flow of `plan` on a model in hand, which stays as it is.

    `keep` is called with the module of each stage after it was recorded; torch changes all but the last one further.
    `measured` is given what the measurement of the run had in hand.

    Raises:
        QvizError: Nothing ran: the input has to be mended first.
    """
    with kept(plan.seed), searched_once(), found_once(), light_stack_traces(), _warnings_caught() as caught:
        return _run(loaded, plan, report, run_id, caught, keep, partial(Measuring, keep=measured))


@contextlib.contextmanager
def _warnings_caught() -> Iterator[list[warnings.WarningMessage]]:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield caught


def _notes(caught: list[warnings.WarningMessage]) -> tuple[str, ...]:
    """Return the first line of what torch warned of, each text once."""
    texts = (str(each.message).strip().partition("\n")[0] for each in caught)
    return tuple(dict.fromkeys(text for text in texts if text and not any(noise in text for noise in _NOISE)))


@dataclass
class _RunState:
    """What has happened of one run.

    Attributes:
        step: The name of the step at work, for when it fails.
        check: Raises if the model does not run on the inputs; none after it was found that it does.
        result: What the flow has come to; None before it has come to anything.
        measuring: Keeps what is measured at the end; None where nothing is.
        ties: Follows weights that layers share, from the first stage on.
        asked: The plan as the user gave it.
        is_fake: The model is made of fake tensors, whose numbers mean nothing.
        own_calls: What is kept of classes whose own ``__call__`` the capture loses.
    """

    assembly: Assembly
    report: ReportSink
    run_id: int
    inputs: Arguments
    step: str = "loading"
    findings: list[Finding] = field(default_factory=list)
    keep: Callable[[Module], None] | None = None
    check: Callable[[], None] | None = None
    result: FlowResult | None = None
    measuring: Measuring | None = None
    ties: TiedWeights | None = None
    asked: Plan | None = None
    is_fake: bool = False
    own_calls: dict[str, Json] = field(default_factory=dict)

    def started(self, step: str, done: int = 0, total: int = 0) -> None:
        self.step = step
        self.report(StepStarted(self.run_id, step, done, total))

    def checked(self) -> None:
        """Run the model once, if nothing has shown yet that it runs.

        Raises:
            QvizError: It does not.
        """
        if self.check is not None:
            self.check()
            self.check = None

    def found(self, finding: Finding) -> None:
        self.findings.append(finding)

    def converting(self, model: Module) -> None:
        if self.measuring is not None:
            self.measuring.converting(model)

    def converted(self, model: Module) -> None:
        if self.measuring is not None:
            self.measuring.converted(model)

    def so_far(self, result: FlowResult) -> None:
        self.result = result

    def reached(self, stage: str, graph: GraphModule) -> None:
        if self.measuring is not None and not self.measuring.wants_stages:
            self.check = None  # the run that is made again has shown it
            return
        stages = self.assembly.stages
        earlier = stages[-1] if stages else None
        example = self.inputs.of_graph(graph)
        recorded, facts = record(stage, graph, example, earlier, has_numbers=not self.is_fake)
        read = {edge.from_id for edge in recorded.graph.edges}
        if not all(node.values for node in recorded.graph.nodes if node.id in read or node.op == "output"):
            self.checked()
        self.check = None
        links = link_stages(earlier, recorded) if earlier else ()
        reached = StageReached(self.run_id, recorded, facts, links)
        self.assembly.add(reached)
        self.report(reached)
        if self.ties is not None and earlier is None:
            self.ties.captured(graph)
        elif self.ties is not None and stage == "converted":
            self.findings.extend(self.ties.converted(graph))
        if self.keep is not None:
            self.keep(graph)


def _run(
    loaded: Loaded,
    plan: Plan,
    report: ReportSink,
    run_id: int,
    caught: list[warnings.WarningMessage],
    keep: Callable[[Module], None] | None = None,
    measuring: MakesMeasuring = Measuring,
) -> Snapshot:
    given, asked, (plan, about_plan) = type(loaded.module).__name__, plan, carried_over(plan)
    loaded, chosen = make_ready(loaded, plan), flow(plan.flow)
    progress = _RunState(
        Assembly(plan), report, run_id, loaded.inputs, keep=keep, asked=asked, is_fake=loaded.fake is not None
    )
    report(_describe(loaded, run_id))
    model, of_mode = _in_eval_mode(loaded, plan)
    progress.findings.extend((*about_plan, *as_received(loaded, plan, model), *of_mode))
    progress.ties = TiedWeights(model)
    progress.check = partial(run_once, model, loaded, chosen, held_state.held(model))
    if not progress.is_fake and (chosen is None or not chosen.captures_without_running or not shapes_tell(loaded)):
        progress.started("checking")
        progress.checked()  # else the capture, or the shapes found for the first graph, tell
    progress.own_calls = own_calls(model, loaded, plan)
    data = watched_batches(loaded)
    batches = limited(data if data is not None else [loaded.inputs], plan.batch_limit)
    if chosen is not None and chosen.quantizes and plan.measure is not False and loaded.fake is None:
        progress.measuring = measuring(plan, chosen, loaded, model, data)
    job = Job(plan, model, loaded.inputs, batches, progress, loaded.training, loaded.fake)
    carried_out_by, error = implementation(plan.flow), None
    try:
        progress.result = carried_out_by.run(job)
    except QvizError:
        raise
    except (Exception, SystemExit) as failure:  # torch and the user's model may raise anything; the stages stay
        progress.checked()
        error = stopped(progress.step, failure, progress.assembly, model, loaded)
        progress.found(stopped_finding(error, progress.assembly.reached))
    recipe = loaded.python or in_hand(given, loaded.inputs, is_program(loaded.module))
    python = script(recipe + written(loaded.steps), carried_out_by.write(job, progress.result))
    python = python if loaded.fake is None else f"{_WITH_WEIGHTS}{python}"
    measurements = None
    if progress.measuring is not None and error is None:
        measurements = progress.measuring.finish(progress.assembly, progress.started)
    if loaded.fake is None:
        progress.findings.extend(weights_not_finite(loaded.module, progress.assembly.stages))
    own = load_own_rules(plan.source)
    progress.findings.extend(own.findings)
    config = _config(plan, loaded) | progress.own_calls | dict(progress.result.configured if progress.result else {})
    if own.names:
        config["own_rules"] = [*own.names]
    return _finish(python, config, progress, error, _notes(caught), own.rules, measurements)


def _finish(
    python: str,
    config: dict[str, Json],
    progress: _RunState,
    error: RunError | None,
    notes: tuple[str, ...],
    own: tuple[FindingRule, ...],
    measurements: Measurements | None,
) -> Snapshot:
    plan = progress.assembly.plan
    run = Run(
        source=plan.source,
        flow=plan.flow or "",
        status="failed" if error else "done",
        config=config,
        versions=versions(),
        python=python,
        error=error,
        plan=progress.asked,
    )
    assembly = progress.assembly
    summary = summarize(assembly.stages, assembly.links, assembly.facts)
    bare = RunFinished(progress.run_id, run, tuple(progress.findings), summary, notes, measurements)
    whole = progress.assembly.finished(bare)
    finished = msgspec.structs.replace(bare, findings=findings.find(whole, own))
    progress.report(finished)
    return progress.assembly.finished(finished)


def _config(plan: Plan, loaded: Loaded) -> dict[str, Json]:
    config: dict[str, Json] = {"seed": plan.seed, "inputs": list(describe(loaded.inputs))}
    data = "beside the model" if loaded.python is not None else "given"
    data = f"{plan.random_batches} random batches" if is_drawn(loaded.batches) else data
    config["calibration"] = plan.calibrate or (data if loaded.batches is not None else "example inputs")
    chosen = flow(plan.flow)
    if plan.batch_limit is not None:
        config["batch_limit"] = plan.batch_limit
    if chosen is not None and chosen.is_training:
        config["training"] = loaded.training.python if loaded.training else "demonstrated"
    told: dict[str, Json] = {
        "backend": plan.backend,
        "quantizer": plan.quantizer,
        "strict": "auto" if plan.strict is None else plan.strict,
    }
    config |= {option: value for option, value in told.items() if chosen is not None and chosen.takes(option)}
    return config | ({"reference": True} if plan.reference else {})


def _describe(loaded: Loaded, run_id: int) -> ModelLoaded:
    module = loaded.module
    tensors = {id(each): each for each in (*module.parameters(), *module.buffers())}.values()
    modules = [(path, type(each).__name__) for path, each in module.named_modules()]
    return ModelLoaded(
        run_id=run_id,
        type=type(module).__name__,
        modules=len(modules) - 1,
        parameters=sum(each.numel() for each in module.parameters()),
        bytes=sum(each.numel() * each.element_size() for each in tensors),
        inputs=describe(loaded.inputs),
        file=loaded.file,
        tree=tuple(modules),
    )


def _in_eval_mode(loaded: Loaded, plan: Plan) -> tuple[Module, list[Finding]]:
    """Return the model in eval mode, a copy if anybody else may have it, and what is to be said of the mode."""
    if is_program(loaded.module):
        return loaded.module, []  # its mode was fixed when it was exported
    was_training = is_training(loaded.module)
    is_ours = loaded.is_ours or loaded.fake is not None  # and a copy of fakes would crash (torch 2.8)
    model = in_eval_mode(loaded.module if is_ours else own_copy(loaded.module, shared_weights(loaded, plan)))
    return model, [*told_of_mode(model, was_training, flow(plan.flow))]
