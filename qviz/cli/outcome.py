"""What a run left, and why it is not whole."""

from __future__ import annotations

from typing import NamedTuple

from qviz.document.graph import Json
from qviz.document.plan import Plan
from qviz.document.run_steps import LOADING, step_text, stopped
from qviz.document.said import Said
from qviz.document.snapshot import Snapshot
from qviz.errors import ExitCode, QvizError
from qviz.wire.assembly import Assembly
from qviz.words import say, tr


class Outcome(NamedTuple):
    """What a run left: the snapshot, and why it is not whole."""

    snapshot: Snapshot
    failure: QvizError | None


def failure_of(snapshot: Snapshot) -> QvizError | None:
    """Return why a run did not come to its end; None if it did."""
    error = snapshot.run.error
    if error is None and snapshot.run.status == "done":
        return None
    if error is None:
        return QvizError(tr("The run was canceled"), tr("Run the flow again."), ExitCode.FLOW_FAILED)
    failed, text = step_text(error.step, "failed"), " ".join(error.message.split())
    message = tr("{failed}: {cause}", failed=failed, cause=text)
    if error.source is not None:
        at = f"{error.source.file}:{error.source.line}"
        message = tr("{failed}: {cause} ({place})", failed=failed, cause=text, place=at)
    died = error.type == "EngineDied"
    code = ExitCode.ENGINE_DIED if died else ExitCode.FLOW_FAILED
    return QvizError(message, error.hint, code, say(error, "option"))


def refused(plan: Plan, error: QvizError) -> Snapshot:
    """Return what is to be reported of a run that never began: nothing but why."""
    args: dict[str, Json] = {"text": error.message}
    args |= {name: text for name, text in (("advice", error.hint), ("option", error.option)) if text}
    why = stopped(LOADING, type(error).__name__, Said("stop.refused", {}, args))
    return Assembly(plan).interrupted(why)
