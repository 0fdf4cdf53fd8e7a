"""The page that stands where nothing is selected."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TypeAlias

from qviz.analysis.acting.pending import Pending
from qviz.analysis.inspecting.run_page import RunPage
from qviz.document.snapshot import RunError
from qviz.ui.panels.inspecting.sheet import Calls, PlanEdits, Sheet
from qviz.ui.panels.inspecting.stop_part import add_stop
from qviz.ui.panels.widgets import label, line
from qviz.ui.theme import Theme
from qviz.words import mark, tr

ToldStop: TypeAlias = "tuple[RunError, Sequence[str]]"
NOTHING = mark("The run's summary appears here. Run the flow to get it.")
_HINT = mark("Select a node to see its type, its quantization and its counterparts in other stages.")


class RunSheet(Sheet):
    """What the run came to, and its three worst places; before a run, what will be here.

    Args:
        title: What is open; "" for nothing.
        page: What is shown; None before there is anything.
        pending: What is not run yet.
        theme: The colors.
        calls: What it asks for.
        instead: What is told where there is no page; else what comes here.
        stop: Why the run stopped, with the lines of the file in which it did.
    """

    def __init__(
        self,
        title: str,
        page: RunPage | None,
        pending: Pending | None,
        theme: Theme,
        calls: Calls,
        instead: str = "",
        stop: ToldStop | None = None,
    ) -> None:
        super().__init__(theme, calls)
        self.column.addWidget(label(title or tr("Run"), "title", wraps=True))
        if stop is not None:
            add_stop(self, *stop)
        if page is None and stop is not None:
            self.finish()
            return
        if page is None:
            self.text(instead or tr(NOTHING), "muted")
        else:
            self._add_page(page, pending)
        if not instead:
            self.text(tr(_HINT), "muted")
        self.finish()

    def _add_page(self, page: RunPage, pending: Pending | None) -> None:
        if page.answer:
            self.text(page.answer)
        self.add_edits(PlanEdits(pending=pending))
        self.part(tr("Run"))
        self.facts(page.facts)
        if page.is_measurable:
            self.part(tr("Noise"), self.measure_link())
            self.text(tr("The noise of each quantizer was not measured."), "muted")
        if page.worst:
            self.part(tr("Most noise") if page.is_by_noise else tr("Worth a look"))
            for each in page.worst:
                self.column.addWidget(
                    self.link(each.name, partial(self.calls.choose_node, each.place.stage, each.place.node))
                )
                self.text(each.told, "small")
        self.column.addSpacing(4)
        self.column.addWidget(line())
