"""Shows on standard error what a run is doing, for people only."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import TYPE_CHECKING

from qviz.document.run_steps import LOADING, STARTING_ENGINE, progress_text, step_text
from qviz.wire.messages import EngineHello, EngineReady, ModelLoaded, Report, StageReached, StepStarted
from qviz.words import tr, trn
from qviz.words.formats import capitalized
from qviz.words.visible import one_line

if TYPE_CHECKING:
    from rich.status import Status


class Progress:
    """A line with the present step that goes away at the end; silent where standard error is no terminal."""

    def __init__(self, quiet: bool) -> None:
        self._status: Status | None = None
        if not quiet and sys.stderr.isatty():
            from rich.console import Console

            self._status = Console(stderr=True).status(step_text(STARTING_ENGINE))

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

            self._status.update(escape(one_line(text)))


def _words(report: Report) -> str:
    match report:
        case EngineHello():
            return tr("Starting torch on {host}", host=report.host)
        case EngineReady():
            return step_text(LOADING)
        case ModelLoaded():
            return tr(
                "{type}: {modules}, {parameters}",
                type=report.type,
                modules=trn(report.modules, "{count} module", "{count} modules"),
                parameters=trn(report.parameters, "{count} parameter", "{count} parameters"),
            )
        case StepStarted():
            return progress_text(report.step, report.done, report.total, report.flow)
        case StageReached():
            nodes = trn(len(report.stage.whole.nodes), "{count} node", "{count} nodes")
            return tr("{stage}: {nodes}", stage=capitalized(report.stage.name), nodes=nodes)
        case _:
            return ""
