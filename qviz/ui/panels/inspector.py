"""The right side: the page of a node, of a group or of the whole run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TypeVar

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QScrollArea

from qviz.analysis.acting.offered import offered
from qviz.analysis.acting.pending import pending
from qviz.analysis.acting.remedies import remedy_of
from qviz.analysis.acting.target import EditTarget, NoEdit, target_of_group, target_of_node
from qviz.analysis.inspecting.change_part import change_part
from qviz.analysis.inspecting.group_page import GroupPage, group_page
from qviz.analysis.inspecting.inspected_run import InspectedRun, NodePlace, RunParts
from qviz.analysis.inspecting.node_page import node_page
from qviz.analysis.inspecting.run_page import RunPage, run_page
from qviz.analysis.inspecting.source_excerpt import excerpt
from qviz.analysis.overlays.overlay import StageRecord
from qviz.document.graph import Node
from qviz.document.regular_files import read_regular
from qviz.document.snapshot import Finding, Stage
from qviz.errors import QvizError
from qviz.session.facts_text import Row, facts_text, observer_rows, overlay_rows, quant_rows
from qviz.session.project import Project
from qviz.sources.kinds import short_source
from qviz.ui.canvas.family import Family
from qviz.ui.panels.inspecting.group_sheet import GroupSheet
from qviz.ui.panels.inspecting.node_sheet import NodeContent, NodeSheet
from qviz.ui.panels.inspecting.run_sheet import RunSheet, ToldStop
from qviz.ui.panels.inspecting.sheet import Calls, PlanEdits, Sheet
from qviz.ui.process.decoding import Decoding
from qviz.ui.theme import Theme
from qviz.words import mark, names, tr
from qviz.words.formats import dtype, shape, tensor

T = TypeVar("T")

_RUNNING = mark("The summary appears here when the run is done.")
_LARGE = 5_000
"""Nodes of all stages; the pages of a smaller run are made at once."""
_LARGEST = 4_000_000
"""Bytes; a larger file is no source that a person wrote."""


class Inspector(QScrollArea):
    """Shows what is selected; where nothing is, the run.

    Signals:
        node_chosen: Stage name and node id of a link that was clicked.
        child_chosen: Stage name, node id and, of a group, the module path of a child that was clicked.
        source_requested: File and line to open in the user's editor.
        copied: Text for the clipboard.
        help_requested: The class or operator that is to be explained.
        command_requested: The id of a command of the window.
        remedy_chosen: A patch that is to be taken into the plan, as TOML, and what it is called.
    """

    node_chosen = Signal(str, str)
    child_chosen = Signal(str, str, str)
    source_requested = Signal(str, int)
    copied = Signal(str)
    help_requested = Signal(str)
    command_requested = Signal(str)
    remedy_chosen = Signal(str, str)

    def __init__(
        self,
        theme: Theme,
        family: Callable[[], Family | None] = lambda: None,
        is_open: Callable[[str], bool] = lambda _path: False,
    ) -> None:
        """Show nothing so far.

        Args:
            theme: Its colors.
            family: Gives the stages in view as the canvas compares them, if it does.
            is_open: Tells whether a group is expanded on the canvas with all that it holds.
        """
        super().__init__()
        self._family, self._is_open = family, is_open
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._theme = theme
        self._shown: tuple[Project, str, str] | None = None
        self._group: tuple[Project, str, str] | None = None
        self._project: Project | None = None
        self._run: tuple[Project, InspectedRun] | None = None
        self._reading = Decoding(self)
        self._has_changes = False
        self.show_nothing()

    def _calls(self) -> Calls:
        return Calls(
            self.node_chosen.emit,
            self.child_chosen.emit,
            self.source_requested.emit,
            self.copied.emit,
            self.help_requested.emit,
            self.command_requested.emit,
            self._remedy,
            self.remedy_chosen.emit,
        )

    def _remedy(self, finding: Finding) -> str:
        return remedy_of(self._run[1], finding) if self._run is not None else ""

    @property
    def run(self) -> InspectedRun | None:
        """The lookups of the run that is shown."""
        return self._run[1] if self._run is not None else None

    @property
    def target(self) -> EditTarget | NoEdit:
        """What edits of the plan are about: the node or the group that is shown."""
        if self._run is None or self._project is None:
            return NoEdit(tr("Select a node first."))
        return self._target(self._project, self._run[1])

    def _target(self, project: Project, run: InspectedRun) -> EditTarget | NoEdit:
        if self._group is not None:
            return target_of_group(run, *self._group[1:])
        if self._shown is not None:
            return target_of_node(run, project.plan, NodePlace(*self._shown[1:]))
        return NoEdit(tr("Select a node first."))

    def _edits(self, project: Project, run: InspectedRun, target: EditTarget | NoEdit | None) -> PlanEdits:
        """Return what can be done about what is shown, and what is not run yet; nothing before there is a result."""
        if project.snapshot is None or not project.plan.source:
            return PlanEdits()
        actions = offered(run, project.plan, target) if isinstance(target, EditTarget) else ()
        return PlanEdits(actions, pending(run, project.received.plan, project.plan))

    def show_changes(self, is_on: bool) -> None:
        """Say of a node what became of it between the stages in view, or no more."""
        if is_on is not self._has_changes:
            self._has_changes = is_on
            self._show_again()

    def set_theme(self, theme: Theme) -> None:
        """Use other colours."""
        self._theme = theme
        self._show_again()

    def _show_again(self) -> None:
        if self._shown is not None:
            self.show_node(*self._shown)
        elif self._group is not None:
            self.show_group(*self._group)
        else:
            self.show_run(self._project)

    def show_project(self, project: Project) -> None:
        """Show the same of a project that changed: more of its run has arrived."""
        is_shown = self._run is not None and self._project is not None and _is_same(self._run[0], project)
        is_same_plan = self._project is not None and self._project.plan == project.plan
        # A group's page tells which of its modules differ in the stages in view.
        is_in_view = self._group is None or self._group[0].shown == project.shown
        if is_shown and is_same_plan and is_in_view:
            return
        if self._shown is not None:
            self.show_node(project, *self._shown[1:])
        elif self._group is not None:
            self.show_group(project, *self._group[1:])
        else:
            self.show_run(project)

    def follow_folds(self) -> None:
        """Offer to collapse a group that is expanded by now, or to expand it."""
        sheet = self.widget()
        if self._group is not None and isinstance(sheet, GroupSheet):
            sheet.show_open(self._is_open(self._group[2]))

    def show_nothing(self) -> None:
        """Say what would be here."""
        self.show_run(None)

    def show_run(self, project: Project | None) -> None:
        """Show what the run came to: nothing is selected."""
        self._shown = self._group = None
        self._project = project
        title = short_source(project.plan.source) if project is not None else ""
        if project is None or not project.stages:
            self._run = None
            self._reading.forget()
            told = tr(_RUNNING) if project is not None else ""
            self._put(RunSheet(title, None, None, self._theme, self._calls(), told, _stop(project)))
            return

        if project.snapshot is None:  # nothing is counted or measured before the run has ended
            self._inspected(project)
            self._reading.forget()
            self._put(RunSheet(title, None, None, self._theme, self._calls(), tr(_RUNNING)))
            return

        def show(made: tuple[RunPage, PlanEdits]) -> None:
            self._put(RunSheet(title, made[0], made[1].pending, self._theme, self._calls(), stop=_stop(project)))

        self._make(title, self._inspected(project), lambda run: (run_page(run), self._edits(project, run, None)), show)

    def show_node(self, project: Project, stage_name: str, node_id: str) -> None:
        """Show a node of a stage."""
        stage = project.stage(stage_name)
        if stage is None or all(node.id != node_id for node in stage.whole.nodes):
            self.show_run(project)
            return
        self._project, self._group = project, None
        is_another = self._shown is None or self._shown[1:] != (stage_name, node_id)
        self._shown = (project, stage_name, node_id)
        place = NodePlace(stage_name, node_id)

        def make(run: InspectedRun) -> tuple[NodeContent, PlanEdits] | None:
            content = _content(run, place, _record(project, stage))
            left, right = project.shown.left, project.shown.right
            if content is not None and self._has_changes and left is not None and right is not None:
                content = content._replace(change=change_part(run, place, (left, right)))
            return (content, self._edits(project, run, target_of_node(run, project.plan, place))) if content else None

        def show(made: tuple[NodeContent, PlanEdits] | None) -> None:
            if made is not None:
                self._put(NodeSheet(*made, self._theme, self._calls()), is_another)

        self._make(node_id, self._inspected(project), make, show)

    def show_group(self, project: Project, stage_name: str, path: str) -> None:
        """Show a module that holds others."""
        self._project, self._shown = project, None
        self._group = (project, stage_name, path)
        beside = tuple(filter(None, (project.shown.left, project.shown.right)))
        family, stage = self._family(), project.stage(stage_name)
        repeat_at = partial(family.repeat_at, stage) if family is not None and stage is not None else None

        def make(run: InspectedRun) -> tuple[GroupPage, PlanEdits] | None:
            page = group_page(run, stage_name, path, beside=beside, repeat_at=repeat_at)
            if page is not None and page.source is not None:
                page = page._replace(source=excerpt(page.source.source, _lines(page.source.source.file)))
            target = target_of_group(run, stage_name, path)
            return (page, self._edits(project, run, target)) if page is not None else None

        def show(made: tuple[GroupPage, PlanEdits] | None) -> None:
            if made is None:
                self.show_run(project)
            else:
                is_open = self._is_open(path) if path else None
                self._put(GroupSheet(*made, self._theme, self._calls(), is_open))

        self._make(path or stage_name, self._inspected(project), make, show)

    def _make(
        self, title: str, run: InspectedRun, make: Callable[[InspectedRun], T], show: Callable[[T], None]
    ) -> None:
        """Make what a page shows, of a large graph in a thread, and show it; what waits for that is forgotten."""
        is_large = run.size > _LARGE
        self._reading.forget()
        if is_large:
            self._put(RunSheet(title, None, None, self._theme, self._calls(), tr("Reading the graph…")))
        self._reading.take(lambda: make(run.prepare() if is_large else run), show, _raise, is_large=is_large)

    def _put(self, sheet: Sheet, is_another: bool = True) -> None:
        place = self.verticalScrollBar().value()
        self.setWidget(sheet)  # Qt deletes the one before
        sheet.show()
        if not is_another:
            self.verticalScrollBar().setValue(place)

    def _inspected(self, project: Project) -> InspectedRun:
        """Return the lookups of a run, those made before where nothing arrived since."""
        if self._run is None or not _is_same(self._run[0], project):
            snapshot = project.snapshot
            parts = RunParts(
                project.stages,
                project.index,
                project.received.facts,
                project.findings,
                snapshot.summary if snapshot is not None else {},
                snapshot.measurements if snapshot is not None else None,
            )
            self._run = (project, InspectedRun(parts))
        return self._run[1]


def _is_same(one: Project, other: Project) -> bool:
    return one.received is other.received and one.snapshot is other.snapshot


def _raise(error: Exception) -> None:
    raise error


def _content(run: InspectedRun, place: NodePlace, record: StageRecord) -> NodeContent | None:
    from qviz.document.api_entries import entry_of_node

    node = run.node(place)
    page = node_page(run, place, _lines(node.source.file) if node is not None and node.source is not None else ())
    if node is None or page is None:
        return None
    fact = run.fact(place)
    observer = fact.observer if fact is not None else None
    details = [*quant_rows(node), *(observer_rows(observer) if observer is not None else [])]
    details += [*overlay_rows(record, place.node), *_attributes(node)]
    entry = entry_of_node(node, place.stage)
    return NodeContent(page, details, run.integers(place), entry, facts_text(node, observer))


def _lines(file: str) -> Sequence[str]:
    """Return the lines of a source file; none where it is not here, or is no text."""
    if file.startswith(("\\\\", "//")):
        return ()  # a result from elsewhere may name a file of another machine
    try:
        path = Path(file)
        return read_regular(path, _LARGEST).decode().splitlines() if path.suffix == ".py" else ()
    except (QvizError, ValueError):
        return ()


def _stop(project: Project | None) -> ToldStop | None:
    """Return why a run stopped, with the lines of the file in which it did."""
    error = project.error if project is not None else None
    if error is None:
        return None
    return error, _lines(error.source.file) if error.source is not None else ()


def _record(project: Project, stage: Stage) -> StageRecord:
    findings = tuple(each for each in project.findings if each.stage == stage.name)
    summary = project.snapshot.summary if project.snapshot else {}
    return StageRecord(stage, project.facts(stage.name), findings, summary)


def _attributes(node: Node) -> list[Row]:
    known = names.kind(node.kind.value)
    rows: list[Row] = [(tr("kind"), known), (node.op, node.target)]
    if node.module_type or node.place:
        rows.append((tr("module"), f"{node.module_type} {node.place}".strip()))
    for place, value in enumerate(node.values):
        name = tr("output") if len(node.values) == 1 else tr("output {number}", number=place)
        told = tensor(value.shape, value.dtype) if value.shape else tr("scalar {dtype}", dtype=dtype(value.dtype))
        rows.append((name, told))
    for key, given in sorted(node.attributes.items()):
        rows.append((key, shape(map(str, given)) if isinstance(given, list) else str(given)))
    return rows
