"""The steps of a run: names in the data, words for people."""

from __future__ import annotations

from pathlib import PurePath

from qviz.document.graph import Json
from qviz.document.said import Said
from qviz.document.snapshot import Finding, Level, RunError
from qviz.words import say
from qviz.words.statement import KEPT, knows

STARTING_ENGINE = "starting_engine"
LOADING = "loading"
UNFINISHED = "unfinished"
"""Of a run that was at work when its window ended: which step that was, nobody noted."""


def step_text(step: str, part: str = "text") -> str:
    """Return the words of a step; of one that this version does not know, its name.

    Args:
        step: As a report or an error names it: ``calibrating``.
        part: ``text`` is what goes on, ``failed`` that it failed, ``during`` when something happened.
    """
    return say(_said(step), part)


def step_arg(step: str, part: str = "during") -> dict[str, Json]:
    """Return a step as the argument of a statement."""
    return _said(step).as_arg(part)


def progress_text(step: str, done: int = 0, total: int = 0, flow: str = "") -> str:
    """Return the step that is running, its progress if known, and which of several flows it is in."""
    code = "step.counted" if total else "step.not_counted"
    return Said(code, {}, {"step": step_arg(step, "text"), "done": done, "total": total, "flow": flow}).text


def stopped(step: str, type_: str, said: Said) -> RunError:
    """Return the error of a run that something ended from outside."""
    return RunError(step, type_, said.code, said.roles, said.args)


def cut_off() -> RunError:
    """Return the error of a run that was at work when its window ended."""
    return stopped(UNFINISHED, "WindowEnded", Said("stop.window", {}, {}))


STOPPED = "stopped"
"""The rule of the finding that a run which stopped has."""


def stopped_finding(error: RunError, reached: str | None = None) -> Finding:
    """Return the finding of a run that stopped: where, why, and what to do; always the first of its run.

    Args:
        error: What stopped it.
        reached: The last stage that it reached; None where it reached none.
    """
    known = error.args
    if error.code == KEPT:  # of an older document, in its own words
        return Finding(STOPPED, Level.ERROR, reached or "captured", (), KEPT, {}, known)
    roles: dict[str, Json] = {role: list(ids) for role, ids in error.roles.items()}
    cause: Json = {"code": error.code, "roles": roles, "args": known}
    args: dict[str, Json] = {"step": step_arg(error.step, "failed"), "type": error.type, "cause": cause}
    args |= {key: known[key] for key in ("text", "function", "outer", "module", "patch") if key in known}
    if error.source is not None:
        args |= {"file": PurePath(error.source.file).name, "line": error.source.line}
    nodes = error.roles.get("subject", ())
    module = known.get("module")
    return Finding(
        rule=STOPPED,
        level=Level.ERROR,
        stage=str(known.get("stage", reached or "captured")),
        nodes=nodes,
        code=_code(error),
        roles=error.roles,
        args=args,
        place=(str(module),) if module and not nodes else (),
    )


def _code(error: RunError) -> str:
    if error.code == "stop.refused":
        return "stopped.refused"
    if "text" not in error.args:
        return "stopped.outside"
    return "stopped.unknown" if error.code in ("stop.unknown", "stop.own_code") else "stopped"


def _said(step: str) -> Said:
    return Said(f"step.{step}" if knows(f"step.{step}") else "step.other", {}, {"name": step})
