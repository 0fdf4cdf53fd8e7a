"""The steps of a run: names in the data, words for people."""

from __future__ import annotations

from qviz.document.graph import Json
from qviz.document.said import Said
from qviz.document.snapshot import RunError
from qviz.words import say
from qviz.words.statement import knows

STARTING_ENGINE = "starting_engine"
LOADING = "loading"


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


def _said(step: str) -> Said:
    return Said(f"step.{step}" if knows(f"step.{step}") else "step.other", {}, {"name": step})
