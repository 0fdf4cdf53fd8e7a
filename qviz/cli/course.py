"""How far a run has come, by its reports: what is told of it when a limit ends it."""

from __future__ import annotations

import time
from collections.abc import Callable

from qviz.document.graph import Json
from qviz.document.run_steps import STARTING_ENGINE
from qviz.document.said import Said
from qviz.wire.messages import Report, StageReached, StepStarted
from qviz.words.statement import knows


class Course:
    """The step at work.

    Attributes:
        step: Its name.

    Args:
        step: The first one.
        clock: Tells the time, in seconds.
    """

    def __init__(self, step: str = STARTING_ENGINE, clock: Callable[[], float] = time.monotonic) -> None:
        self.step = step
        self._clock = clock
        self._began = clock()
        self._done = self._total = self._nodes = 0

    def take(self, report: Report) -> None:
        """Follow a report."""
        if isinstance(report, StepStarted):
            if report.step != self.step:
                self.step, self._began = report.step, self._clock()
            self._done, self._total = report.done, report.total
        elif isinstance(report, StageReached):
            self._nodes = len(report.stage.whole.nodes)

    def so_far(self) -> tuple[str, dict[str, Json]]:
        """Return how far the step came: the last part of a code, and its arguments.

        `spent` is seconds in the step, `rate` parts of it per second, `needed` the seconds of all of it at that rate.
        """
        spent = self._clock() - self._began
        args: dict[str, Json] = {"spent": spent}
        if knows(f"instead.{self.step}"):
            args["instead"] = Said(f"instead.{self.step}").as_arg()
        if self._total:
            args |= {"done": self._done, "total": self._total}
            if self._done and spent > 0:
                args |= {"rate": self._done / spent, "needed": spent * self._total / self._done}
            return ".counted", args
        if self._nodes:
            return ".on_nodes", {**args, "nodes": self._nodes}
        return "", args
