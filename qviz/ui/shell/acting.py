"""Edits the plan by what is selected: leaves it in float, chooses its observers, takes remedies; says what it did."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QDialog

from qviz.analysis.acting.leave_in_float import leave_in_float
from qviz.analysis.acting.observers import (
    choose_observer,
    fix_range,
    is_per_channel,
    may_choose_observer,
    may_fix_range,
    output_of,
    per_channel,
)
from qviz.analysis.acting.remedies import apply_patch
from qviz.analysis.acting.target import EditTarget, NoEdit, PlanEdit
from qviz.analysis.inspecting.histogram_bars import covered
from qviz.analysis.inspecting.inspected_run import InspectedRun
from qviz.document.plan import Plan
from qviz.errors import QvizError
from qviz.ui.panels.observer_dialogs import ObserverDialog, RangeDialog
from qviz.ui.shell.open_project import OpenProject
from qviz.ui.shell.workspace import Workspace
from qviz.words import tr


class Acting(QObject):
    """Carries out what the inspector and the commands ask for.

    Signals:
        plan_edited: Another `Plan`, which nothing has run yet.
        run_requested: The plan should run.
        undo_requested: The last edit should be taken back.
        try_requested: To try out what quantizers in float would give.
        export_requested: A picture of the selection is wanted.
        failed: A `QvizError` to tell the user.
    """

    plan_edited = Signal(object)
    run_requested = Signal()
    undo_requested = Signal()
    try_requested = Signal()
    export_requested = Signal()
    failed = Signal(object)

    def __init__(self, parent: QObject, project: OpenProject, work: Workspace) -> None:
        super().__init__(parent)
        self._open = project
        self._work = work
        self._by_name: dict[str, Callable[[], object]] = {
            "leave_in_float": self.leave_in_float,
            "choose_observer": self.choose_observer,
            "per_channel": self.per_channel,
            "fix_range": self.fix_range,
            "measure": self.measure,
            "run": self.run_requested.emit,
            "undo": self.undo_requested.emit,
            "try_it": self.try_requested.emit,
            "export_selection": self.export_requested.emit,
            "expand_group": lambda: self._fold_group(is_open=True),
            "collapse_group": lambda: self._fold_group(is_open=False),
        }
        work.inspector.command_requested.connect(self.on_inspector_command_requested)
        work.inspector.remedy_chosen.connect(self.apply_remedy)
        work.failure.remedy_chosen.connect(self.apply_remedy)
        work.findings.remedy_chosen.connect(self.apply_remedy)
        project.edited.connect(self.on_project_edited)

    def on_inspector_command_requested(self, name: str) -> None:
        """Do what a button of the inspector says."""
        self._by_name[name]()

    def _fold_group(self, is_open: bool) -> None:
        """Expand the group that the inspector shows with all groups inside, or collapse them."""
        target, folding = self._work.inspector.target, self._work.panes.canvas.folding
        if isinstance(target, EditTarget):
            (folding.unfold_group if is_open else folding.fold_group)(target.path)

    def on_project_edited(self) -> None:
        """Show in the inspector what is not run yet."""
        if self._open.value is not None:
            self._work.inspector.show_project(self._open.value)

    def leave_in_float(self) -> None:
        """Leave the selection in float, or take that back."""
        self._edit(leave_in_float)

    def per_channel(self) -> None:
        """Give the selected weight a scale for each channel, or one for all."""
        self._edit(per_channel)

    def choose_observer(self) -> None:
        """Ask for the observers of the selected module."""

        def ask(run: InspectedRun, plan: Plan, target: EditTarget) -> PlanEdit | NoEdit | None:
            refused = may_choose_observer(plan, target)
            if refused is not None:
                return refused
            dialog = ObserverDialog(self._work, target.name, is_per_channel(run, target) is not None)
            if dialog.exec() != QDialog.DialogCode.Accepted:
                return None
            return choose_observer(run, plan, target, dialog.choice())

        self._edit(ask)

    def fix_range(self) -> None:
        """Ask for the range of what the selected module gives."""

        def ask(run: InspectedRun, plan: Plan, target: EditTarget) -> PlanEdit | NoEdit | None:
            refused, column = may_fix_range(run, plan, target), output_of(run, target)
            if refused is not None:
                return refused
            reach = covered(column.params) if column is not None else None
            if reach is None:
                return NoEdit(tr("The output is not quantized."))
            dialog = RangeDialog(self._work, target.name, *reach)
            asked = dialog.range() if dialog.exec() == QDialog.DialogCode.Accepted else None
            return fix_range(run, plan, target, *asked) if asked is not None else None

        self._edit(ask)

    def add_rule(self) -> None:
        """Ask for a rule; it begins with the module that is selected."""
        target = self._work.inspector.target
        self._work.setup.rules.ask(target.path if isinstance(target, EditTarget) else "")

    def measure(self) -> None:
        """Run the flow again and measure what each quantizer costs."""
        project = self._open.value
        if project is not None:
            self.plan_edited.emit(msgspec.structs.replace(project.plan, measure=True))
            self.run_requested.emit()

    def apply_remedy(self, patch: str, about: str) -> None:
        """Take a patch into the plan."""
        project = self._open.value
        if project is None:
            return
        try:
            self.take(apply_patch(project.plan, patch, about))
        except QvizError as error:
            self.failed.emit(error)

    def _edit(self, make: Callable[[InspectedRun, Plan, EditTarget], PlanEdit | NoEdit | None]) -> None:
        project, run, target = self._open.value, self._work.inspector.run, self._work.inspector.target
        if isinstance(target, NoEdit) or project is None or run is None:
            self._work.inform(target.reason if isinstance(target, NoEdit) else tr("Select a node first."))
            return
        made = make(run, project.plan, target)
        if isinstance(made, NoEdit):
            self._work.inform(made.reason)
        elif made is not None:
            self.take(made)

    def take(self, edit: PlanEdit) -> None:
        """Take an edit of the plan, and say what it did."""
        self.plan_edited.emit(edit.plan)
        self._work.notice.tell("info", edit.told, "", ((tr("Run"), self.run_requested.emit),))
