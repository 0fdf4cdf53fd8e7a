"""Obtains a result: opens the one that is named, or runs the plan."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qviz.cli.options import Manner, is_snapshot
from qviz.document.plan import Plan
from qviz.document.snapshot import Snapshot
from qviz.errors import ExitCode, QvizError

if TYPE_CHECKING:
    from qviz.cli.running import Outcome


def obtain(plan: Plan, manner: Manner) -> Outcome | tuple[Snapshot, None]:
    """Open the result, or run the plan; with it comes why a run is not whole.

    Raises:
        QvizError: The file is no result, or nothing ran.
    """
    if is_snapshot(plan.source):
        from qviz.document.codec import load

        return load(plan.source), None
    from qviz.cli.progress import Progress
    from qviz.cli.running import run_plan
    from qviz.log import start_log

    start_log()
    with Progress(manner.quiet or manner.as_json) as progress:
        return run_plan(plan, progress.report, manner)


def failure_of(snapshot: Snapshot) -> QvizError | None:
    """Return why a run did not come to its end; None if it did."""
    error = snapshot.run.error
    if error is None and snapshot.run.status == "done":
        return None
    if error is None:
        return QvizError(f"the run was {snapshot.run.status}", "Run the flow again.", ExitCode.FLOW_FAILED)
    where = f" ({error.source.file}:{error.source.line})" if error.source else ""
    message = f"{error.step} failed: {' '.join(error.message.split())}{where}"
    died = error.type == "EngineDied"
    return QvizError(message, error.hint, ExitCode.ENGINE_DIED if died else ExitCode.FLOW_FAILED)
