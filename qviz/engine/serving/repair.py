"""Repairs a plan: runs it, looks for the smallest set of changes that reaches a target, and runs it with them."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sized
from dataclasses import replace
from itertools import islice

import msgspec

from qviz.document.changes import Repair, Tried, changed
from qviz.document.flows import flow
from qviz.document.measurements import Ledger, OutputErrors
from qviz.document.plan import Plan
from qviz.document.plan_patch import patch
from qviz.document.snapshot import Snapshot
from qviz.engine.loading.calibration import limited
from qviz.engine.loading.source import Loaded, load
from qviz.engine.measure.changes.repair import ChangeSearch, prediction, value
from qviz.engine.measure.changes.what_if import changes_of
from qviz.engine.measure.models.measured import Measured
from qviz.engine.measure.running.data import MOST_BATCHES
from qviz.engine.nodes.programs import is_program
from qviz.engine.serving.run import run_loaded
from qviz.engine.serving.torch_state import kept
from qviz.errors import ExitCode, QvizError
from qviz.wire.messages import Message, PlanRepaired, RepairPlan, StepStarted
from qviz.words import tr

MOST_CHANGES = 3


def repair_plan(request: RepairPlan, report: Callable[[Message], None]) -> None:
    """Load the model of a plan, repair the plan, and report what was found; of the runs only their steps are told.

    Raises:
        QvizError: The input has to be mended first, or the plan does not run.
    """
    plan, run_id = request.plan, request.run_id

    def tell(message: Message) -> None:
        if isinstance(message, StepStarted):
            report(message)

    with kept(plan.seed):
        tell(StepStarted(run_id, "loading"))
        loaded = load(plan)
    report(PlanRepaired(run_id, repair(loaded, plan, request.target_db, request.most, tell, run_id)))


def repair(
    loaded: Loaded, plan: Plan, target_db: float, most: int, report: Callable[[Message], None], run_id: int = 0
) -> Repair:
    """Return the smallest set of at most `most` changes of a plan that reaches a ratio of float to simulated, in dB.

    Greedy: not proven the smallest. The changed plan was run, on the same data.

    Raises:
        QvizError: The plan does not run, its flow does not quantize, or nothing could be measured.
    """
    loaded = _again_and_again(loaded, plan)
    kept_of: list[tuple[Measured, Ledger | None]] = []
    asked = msgspec.structs.replace(plan, measure=True)
    snapshot = run_loaded(
        _fresh(loaded), asked, report, run_id, measured=lambda measured, ledger: kept_of.append((measured, ledger))
    )
    before = _output_errors(snapshot)
    if not kept_of or before is None:
        raise _unmeasured(plan, snapshot)
    measured, ledger = kept_of[0]
    start = before.simulated
    if value(start) >= target_db or ledger is None:
        reached = value(start) >= target_db
        return Repair(target_db, start, reached, plan=plan, stopped="" if reached else "nothing")
    changes = changes_of(measured, ledger)
    search = ChangeSearch(measured, ledger, changes)
    if not changes:
        return Repair(target_db, start, reached=False, plan=plan, stopped="flow", best_db=start)

    def tell(done: int, total: int) -> None:
        report(StepStarted(run_id, "repairing", done, total))

    wanted, final, errors, is_at_end = target_db, None, None, False
    while not is_at_end:
        with kept(plan.seed):
            is_at_end = _search(search, wanted, most, tell)
        if not search.chosen:
            break
        new = changed(plan, tuple(search.chosen))
        final = _run(loaded, new, report, run_id)
        errors = _output_errors(final)
        ran = None if errors is None else errors.simulated
        names = tuple(each.target for each in search.chosen)
        search.tried.append(Tried(names, prediction(ledger, search.chosen), ran, is_run=True))
        if value(ran) >= target_db or errors is None:
            break
        wanted = value(search.reached_db) + target_db - value(ran)  # the run came out worse: aim higher by that
    reached = errors is not None and value(errors.simulated) >= target_db
    chosen = tuple(search.chosen)
    new = changed(plan, chosen)
    return Repair(
        target_db=target_db,
        before_db=start,
        reached=reached,
        changes=chosen,
        predicted_db=prediction(ledger, chosen),
        simulated_db=search.reached_db,
        measured=errors,
        plan=new,
        patch=patch(plan, new),
        python=final.run.python if final is not None else "",
        tried=tuple(search.tried),
        best_db=search.most(),
        stopped="" if reached else "most" if len(chosen) >= most else "nothing",
    )


def _search(search: ChangeSearch, target_db: float, most: int, tell: Callable[[int, int], None]) -> bool:
    """Add changes until the target is reached; return whether there can be no more."""
    while value(search.reached_db) < target_db:
        if len(search.chosen) >= most or not search.step(tell):
            return True
    search.prune(target_db)
    return False


def _run(loaded: Loaded, plan: Plan, report: Callable[[Message], None], run_id: int) -> Snapshot:
    """Run a changed plan; its outputs are measured, and no ledger is made, however noisy they are."""
    never = msgspec.structs.replace(plan.thresholds, warning_db=float("-inf"))
    return run_loaded(_fresh(loaded), msgspec.structs.replace(plan, measure=None, thresholds=never), report, run_id)


def _again_and_again(loaded: Loaded, plan: Plan) -> Loaded:
    """Return the model with data that can be gone through more than once."""
    if loaded.evaluation is not None:
        loaded = replace(loaded, evaluation=[batch.cloned() for batch in islice(loaded.evaluation, MOST_BATCHES)])
    if loaded.batches is None or (isinstance(loaded.batches, Sized) and len(loaded.batches)):
        return loaded
    return replace(loaded, batches=[batch.cloned() for batch in limited(loaded.batches, plan.batch_limit)])


def _fresh(loaded: Loaded) -> Loaded:
    """Return the model for one of several runs: a flow changes what it is given as its own."""
    if is_program(loaded.module):
        return replace(loaded, module=copy.deepcopy(loaded.module), is_ours=False)
    return replace(loaded, is_ours=False)


def _output_errors(snapshot: Snapshot) -> OutputErrors | None:
    return snapshot.measurements.sqnr_db if snapshot.measurements is not None else None


def _unmeasured(plan: Plan, snapshot: Snapshot) -> QvizError:
    if snapshot.run.error is not None:
        return QvizError(snapshot.run.error.message, snapshot.run.error.hint, ExitCode.FLOW_FAILED)
    chosen = flow(plan.flow)
    if chosen is None or not chosen.quantizes:
        return QvizError(tr("The flow {flow} quantizes nothing", flow=plan.flow or ""), tr("Choose one of qviz flows."))
    return QvizError(tr("The outputs could not be measured"), tr("Run qviz measure with this plan to see why."))
