"""Shows on standard error what a run is doing, for people only."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import TYPE_CHECKING

from qviz.wire.messages import EngineReady, ModelLoaded, Report, StageReached, StepStarted

if TYPE_CHECKING:
    from rich.status import Status


class Progress:
    """A line with the present step that goes away at the end; silent where standard error is no terminal."""

    def __init__(self, quiet: bool) -> None:
        self._status: Status | None = None
        if not quiet and sys.stderr.isatty():
            from rich.console import Console

            self._status = Console(stderr=True).status("starting the engine")

    def __enter__(self) -> Progress:
        if self._status is not None:
            self._status.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._status is not None:
            self._status.stop()

    def report(self, report: Report) -> None:
        """Show one report."""
        if self._status is None:
            return
        text = _words(report)
        if text:
            from rich.markup import escape

            self._status.update(escape(text))


def _words(report: Report) -> str:
    match report:
        case EngineReady():
            return "loading the model"
        case ModelLoaded():
            return f"{report.type}: {report.modules} modules, {report.parameters:,} parameters"
        case StepStarted() if report.total:
            return f"{report.step} ({report.done} of {report.total})"
        case StepStarted():
            return report.step
        case StageReached():
            return f"{report.stage.name}: {len(report.stage.graph.nodes)} nodes"
        case _:
            return ""
