"""Ties Try it to the runs, the plan and the canvases: one choice, marked everywhere, that becomes a plan."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from qviz.analysis.acting.target import PlanEdit
from qviz.analysis.coverage import CONVERTED
from qviz.analysis.trying.marks import float_marks, rows_at
from qviz.document.flows import flow
from qviz.document.graph import NodeId
from qviz.document.snapshot import StageName
from qviz.document.writing import write_atomically
from qviz.errors import QvizError
from qviz.session.kept_runs import ShelvedRun
from qviz.session.laid_over import OverlayChoice
from qviz.session.tried_choice import TriedChoice
from qviz.session.tried_on import TriedOn
from qviz.ui.clipboard import copy_text
from qviz.ui.process.decoding import Decoding
from qviz.ui.shell.acting import Acting
from qviz.ui.shell.dimming import Dimming
from qviz.ui.shell.files import ask_for_plan
from qviz.ui.shell.open_project import OpenProject
from qviz.ui.shell.row_actions import RowActions, RowCells
from qviz.ui.shell.run_shelf import RunShelf
from qviz.ui.shell.selection import SharedSelection
from qviz.ui.shell.workspace import Workspace
from qviz.ui.theme import Theme
from qviz.words import tr, trn
from qviz.words.formats import number, sentences

_LARGE = 5_000
"""Nodes of all stages; the lookups of a smaller run are made at once."""


class Trying(QObject):
    """Shows what can be tried on a run, and carries it out.

    The base stays the run that was tried on while runs of choices come in and are viewed; another run takes its place.

    Signals:
        failed: A `QvizError` to tell the user.

    Attributes:
        row_actions: What copies and saves the rows of the table.
    """

    failed = Signal(object)

    def __init__(
        self,
        parent: QObject,
        project: OpenProject,
        work: Workspace,
        selection: SharedSelection,
        dimming: Dimming,
        shelf: RunShelf,
        acting: Acting,
    ) -> None:
        super().__init__(parent)
        self._open, self._work, self._selection, self._dimming = project, work, selection, dimming
        self._shelf, self._acting = shelf, acting
        self._tried_on, self._aside = TriedOn(), Decoding(self)
        self._choice: TriedChoice | None = None
        self._lays_over = self._has_begun = self._is_selecting = False
        panel = work.trying
        panel.choice_changed.connect(self.on_panel_choice_changed)
        panel.quantizer_chosen.connect(self.on_panel_quantizer_chosen)
        panel.run_chosen.connect(shelf.view)
        panel.measure_requested.connect(self.measure)
        panel.used.connect(self.use)
        panel.copied.connect(self.on_panel_copied)
        panel.save_requested.connect(self.on_panel_save_requested)
        panel.rebase_requested.connect(self.rebase)
        panel.closed.connect(lambda: work.surroundings.open_trying(False))
        work.surroundings.arranged.connect(self.on_surroundings_arranged)
        acting.try_requested.connect(self.toggle)
        selection.selected.connect(self.on_selection_selected)
        project.edited.connect(self.refresh)
        shelf.refreshed.connect(self.refresh)
        self.row_actions = RowActions(panel.table, "quantizers", self._cells)
        self.row_actions.done.connect(work.inform)
        self.row_actions.failed.connect(self.failed)
        self._was_open = False

    def _cells(self, is_selected: bool) -> RowCells:
        table = self._work.trying.table
        return table.quantizers.cells(table.chosen_rows() if is_selected else None)

    @property
    def is_open(self) -> bool:
        """Whether the panel stands."""
        return self._work.surroundings.is_trying

    def toggle(self) -> None:
        """Open the panel, or close it."""
        self._work.surroundings.open_trying(not self.is_open)

    def on_surroundings_arranged(self) -> None:
        """Begin, or take the marks off the canvases."""
        if self.is_open is self._was_open:
            return
        self._was_open = self.is_open
        if self.is_open:
            self._begin()
        else:
            self._work.panes.set_chips({})
            if self._lays_over and self._work.panes.choice is OverlayChoice.NUMBERS:
                self._dimming.lay_over(OverlayChoice.ROLES)
            self._lays_over = self._has_begun = False
            self._work.panes.take_focus()

    def _begin(self) -> None:
        self.refresh()
        project = self._open.value
        if project is not None and project.selected is not None:
            stage = project.shown.on(project.selected.side)
            self.on_selection_selected(stage or "", project.selected.node_id)
        if self._choice is not None:
            self._work.trying.head.slider.setFocus()

    @property
    def _theme(self) -> Theme:
        return self._work.panes.canvas.surface.theme()

    def forget(self) -> None:
        """Begin anew, for another model."""
        self._aside.forget()
        self._tried_on, self._choice = TriedOn(), None

    def refresh(self) -> None:
        """Show the choice as it is now, with the runs that are kept; nothing while the panel is closed."""
        project = self._open.value
        if project is None or not self.is_open:
            return
        shown = self._shown
        make = partial(self._tried_on.choice, self._shelf.kept, shown, project.plan, self._choice)
        is_large = not self._tried_on.knows(shown) and sum(len(each.whole.nodes) for each in project.stages) > _LARGE
        self._aside.forget()
        if is_large:
            self._work.trying.show_nothing(tr("Reading the graph…"), "", self._shelf.is_running, self._theme)
        self._aside.take(make, self._take, _raise, is_large=is_large)

    def _take(self, choice: TriedChoice | None) -> None:
        if not self.is_open:
            return
        if choice is not None:
            self._show(choice)
            self._lay_over()
            return
        self._choice = None
        self._work.panes.set_chips({})
        self._work.trying.show_nothing(*self._reason(), self._shelf.is_running, self._theme)

    def _lay_over(self) -> None:
        """Show numbers instead of roles or of changes, which need two panes, once: the user may choose again."""
        is_first, self._has_begun = not self._has_begun, True
        if is_first and self._work.panes.choice is not OverlayChoice.NUMBERS:
            self._lays_over = True
            self._dimming.lay_over(OverlayChoice.NUMBERS)

    @property
    def _shown(self) -> ShelvedRun | None:
        return self._shelf.kept.shown(self._open.value)

    def _show(self, choice: TriedChoice) -> None:
        self._choice = choice
        shown, rebase = self._shown, ""
        if shown is not None and shown.number != choice.base.number and _has_ledger(shown):
            rebase = tr("Start from Run {number}", number=shown.number)
        self._work.trying.show_choice(choice, self._theme, self._measure_text(), self._shelf.is_running, rebase)
        project = self._open.value
        stages = project.shown.stages if project is not None else ()
        self._work.panes.set_chips(float_marks(choice.base.run, choice.gone, stages))

    def _measure_text(self) -> str:
        """Return what the button says that runs a choice; how long the run took that is tried on tells how long."""
        project, number = self._open.value, self._tried_on.number
        if project is None or not project.plan.source:
            return ""
        base = self._shelf.kept.run(number) if number is not None else None
        return _measure(base.project.seconds if base is not None else None)

    def _reason(self) -> tuple[str, str]:
        """Return why there is nothing to try, and what the button says that measures it; "" for none."""
        project = self._open.value
        assert project is not None
        chosen = flow(project.received.plan.flow)
        if chosen is None or not chosen.quantizes:
            return tr("This flow quantizes nothing."), ""
        if not project.stages or project.stages[-1].name not in CONVERTED:
            return tr("The run has no converted model."), ""
        told = tr("The noise of each quantizer was not measured in this run.")
        hope = tr("With it, this panel predicts what leaving quantizers in float gives, without a run.")
        return sentences((told, hope)), _measure(project.seconds) if project.plan.source else ""

    def rebase(self) -> None:
        """Go on from the run on screen."""
        self._tried_on.number = self._shown.number if self._shown is not None else None
        self.refresh()

    def on_panel_choice_changed(self, choice: TriedChoice) -> None:
        """Show another choice."""
        self._show(choice)

    def use(self) -> None:
        """Take the choice into the plan of the next run."""
        if self._choice is not None and self._choice.plan_after != self._choice.plan:
            count = len(self._choice.chosen)
            told = trn(
                count,
                "{count} change is in the configuration.",
                "{count} changes are in the configuration.",
            )
            self._acting.take(PlanEdit(self._choice.plan_after, told))

    def measure(self) -> None:
        """Run what is chosen; where nothing is measured, measure that."""
        if self._choice is None:
            self._acting.measure()
            return
        self.use()
        self._acting.run_requested.emit()

    def on_panel_copied(self, python: str) -> None:
        """Put Python on the clipboard."""
        copy_text(python)
        self._work.inform(tr("The Python script is on the clipboard."))

    def on_panel_save_requested(self, toml: str) -> None:
        """Ask for a file, and write the plan into it."""
        path = ask_for_plan(self._work)
        if path is None:
            return
        try:
            write_atomically(Path(path), toml.encode())
        except QvizError as error:
            self.failed.emit(error)
            return
        self._work.inform(tr("Saved {name}", name=path))

    def on_panel_quantizer_chosen(self, name: str) -> None:
        """Select the node that a quantizer counts for, in the last stage in view that has it."""
        project, choice = self._open.value, self._choice
        if project is None or choice is None or name not in choice.base.run.owners:
            return
        place = choice.base.run.owners[name]
        for stage in reversed(project.shown.stages):
            there = choice.base.run.become(place.stage, (place.node,), stage) if choice.base.run.stage(stage) else ()
            shown = project.stage(stage)
            if there and shown is not None and any(each.id == there[0] for each in shown.whole.nodes):
                self._is_selecting = True
                self._selection.choose(stage, there[0])
                self._is_selecting = False
                return

    def on_selection_selected(self, stage: StageName, node_id: NodeId) -> None:
        """Mark the rows of what was selected on a canvas."""
        if self.is_open and self._choice is not None and not self._is_selecting:
            self._work.trying.mark(rows_at(self._choice.base.run, stage, node_id))


def _has_ledger(run: ShelvedRun) -> bool:
    snapshot = run.project.snapshot
    return snapshot is not None and snapshot.measurements is not None and snapshot.measurements.ledger is not None


def _measure(seconds: float | None) -> str:
    """Return what a button says that runs something; about as long as the last run took."""
    if seconds is None:
        return tr("Measure")
    return tr("Measure (about {seconds} s)", seconds=number(max(round(seconds), 1)))


def _raise(error: Exception) -> None:
    raise error
