"""The right side: the page of a node, of a group or of the whole run."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QScrollArea

from qviz.analysis.acting.offered import offered
from qviz.analysis.acting.pending import pending
from qviz.analysis.acting.remedies import remedy_of
from qviz.analysis.acting.target import EditTarget, NoEdit, target_of_group, target_of_node
from qviz.analysis.inspecting.group_page import group_page
from qviz.analysis.inspecting.inspected_run import InspectedRun, NodePlace, RunParts
from qviz.analysis.inspecting.node_page import node_page
from qviz.analysis.inspecting.run_page import run_page
from qviz.analysis.overlays.overlay import StageRecord
from qviz.document.graph import Node
from qviz.document.snapshot import Finding, Stage
from qviz.session.facts_text import Row, facts_text, observer_rows, overlay_rows, quant_rows
from qviz.session.project import Project
from qviz.ui.panels.inspecting.group_sheet import GroupSheet
from qviz.ui.panels.inspecting.node_sheet import NodeContent, NodeSheet
from qviz.ui.panels.inspecting.run_sheet import RunSheet
from qviz.ui.panels.inspecting.sheet import Calls, PlanEdits, Sheet
from qviz.ui.theme import Theme
from qviz.words import names, tr
from qviz.words.formats import dtype, shape, tensor

_LARGEST = 4_000_000
"""Bytes; a larger file is no source that a person wrote."""


class Inspector(QScrollArea):
    """Shows what is selected; where nothing is, the run.

    Signals:
        node_chosen: Stage name and node id of a link that was clicked.
        source_requested: File and line to open in the user's editor.
        copied: Text for the clipboard.
        help_requested: The class or operator that is to be explained.
        command_requested: The id of a command of the window.
        remedy_chosen: A patch that is to be taken into the plan, as TOML, and what it is called.
    """

    node_chosen = Signal(str, str)
    source_requested = Signal(str, int)
    copied = Signal(str)
    help_requested = Signal(str)
    command_requested = Signal(str)
    remedy_chosen = Signal(str, str)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._theme = theme
        self._shown: tuple[Project, str, str] | None = None
        self._group: tuple[Project, str, str] | None = None
        self._project: Project | None = None
        self._run: tuple[Project, InspectedRun] | None = None
        self.show_nothing()

    def _calls(self) -> Calls:
        return Calls(
            self.node_chosen.emit,
            self.on_group_chosen,
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

    def _edits(self, project: Project, run: InspectedRun) -> PlanEdits:
        """Return what can be done about what is shown, and what is not run yet; nothing before there is a result."""
        if project.snapshot is None or not project.plan.source:
            return PlanEdits()
        target = self._target(project, run)
        actions = () if isinstance(target, NoEdit) else offered(run, project.plan, target)
        return PlanEdits(actions, pending(run, project.received.plan, project.plan))

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
        if is_shown and self._project is not None and self._project.plan == project.plan:
            return
        if self._shown is not None:
            self.show_node(project, *self._shown[1:])
        elif self._group is not None:
            self.show_group(project, *self._group[1:])
        else:
            self.show_run(project)

    def show_nothing(self) -> None:
        """Say what would be here."""
        self.show_run(None)

    def show_run(self, project: Project | None) -> None:
        """Show what the run came to: nothing is selected."""
        self._shown = self._group = None
        self._project = project
        if project is None:
            self._run = None
        title = project.plan.source if project is not None else ""
        has_stages = project is not None and bool(project.stages)
        page, waiting = None, None
        if project is not None and has_stages:
            run = self._inspected(project)
            page, waiting = run_page(run), self._edits(project, run).pending
        self._put(RunSheet(title, page, waiting, self._theme, self._calls()))

    def show_node(self, project: Project, stage_name: str, node_id: str) -> None:
        """Show a node of a stage."""
        run, place = self._inspected(project), NodePlace(stage_name, node_id)
        stage, node = project.stage(stage_name), run.node(place)
        page = node_page(run, place, _text_of(node)) if node is not None else None
        if stage is None or node is None or page is None:
            self.show_run(project)
            return
        from qviz.document.api_entries import entry_of_node

        self._project, self._group = project, None
        is_another = self._shown is None or self._shown[1:] != (stage_name, node_id)
        self._shown = (project, stage_name, node_id)
        fact = run.fact(place)
        observer = fact.observer if fact is not None else None
        details = [*quant_rows(node), *(observer_rows(observer) if observer is not None else [])]
        details += [*overlay_rows(_record(project, stage), node_id), *_attributes(node)]
        content = NodeContent(
            page, details, run.integers(place), entry_of_node(node, stage_name), facts_text(node, observer)
        )
        sheet = NodeSheet(content, self._edits(project, run), self._theme, self._calls())
        self._put(sheet, is_another)

    def show_group(self, project: Project, stage_name: str, path: str) -> None:
        """Show a module that holds others."""
        run = self._inspected(project)
        page = group_page(run, stage_name, path)
        if page is None:
            self.show_run(project)
            return
        if page.source is not None:
            page = group_page(run, stage_name, path, _lines(page.source.source.file)) or page
        self._project, self._shown = project, None
        self._group = (project, stage_name, path)
        self._put(GroupSheet(page, self._edits(project, run), self._theme, self._calls()))

    def on_group_chosen(self, stage_name: str, path: str) -> None:
        """Show the page of a child."""
        if self._project is not None:
            self.show_group(self._project, stage_name, path)

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


def _text_of(node: Node | None) -> Sequence[str]:
    return _lines(node.source.file) if node is not None and node.source is not None else ()


def _lines(file: str) -> Sequence[str]:
    """Return the lines of a source file; none where it is not here, or is no text."""
    if file.startswith(("\\\\", "//")):
        return ()  # a result from elsewhere may name a file of another machine
    try:
        path = Path(file)
        if path.suffix != ".py" or not path.is_file() or path.stat().st_size > _LARGEST:
            return ()
        return path.read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError):
        return ()


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
