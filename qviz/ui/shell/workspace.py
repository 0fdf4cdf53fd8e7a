"""The one screen: what to do, what happened, this node, what to look at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from qviz.analysis.linking.beside import BETWEEN
from qviz.analysis.tables.finding_rows import count_text
from qviz.analysis.verdicts.summary import told_coverage
from qviz.analysis.views.roles import roles
from qviz.document.coverage import Coverage
from qviz.document.graph import Kind, NodeId
from qviz.document.plan import expected_stages
from qviz.document.run_steps import STOPPED
from qviz.document.snapshot import Bookmark, Finding, Level, RunError, Stage
from qviz.session.project import Project
from qviz.session.room import room_in
from qviz.session.sides import Side
from qviz.ui.canvas.family import Family
from qviz.ui.canvas.motion import reduce_motion
from qviz.ui.panels.bookmarks import Bookmarks
from qviz.ui.panels.bottom import Bottom
from qviz.ui.panels.changes import ChangeList
from qviz.ui.panels.code import GraphCode
from qviz.ui.panels.code_page import CodePage
from qviz.ui.panels.failure import Failure, failed_at
from qviz.ui.panels.findings import FindingList
from qviz.ui.panels.inspector import Inspector
from qviz.ui.panels.legend import LegendStrip
from qviz.ui.panels.log import Log
from qviz.ui.panels.node_filter import NodeFilter
from qviz.ui.panels.node_table import NodeTable
from qviz.ui.panels.outline import ModuleTree
from qviz.ui.panels.panes import Panes
from qviz.ui.panels.rail import Rail
from qviz.ui.panels.run_list import RunList
from qviz.ui.panels.run_progress import RunProgress
from qviz.ui.panels.setup import Setup
from qviz.ui.panels.side_scroll import SideScroll
from qviz.ui.panels.stages import StageStrip
from qviz.ui.panels.summary_strip import SummaryStrip
from qviz.ui.panels.toasts import Toast, announce
from qviz.ui.panels.trying.panel import TryPanel
from qviz.ui.panels.widgets import button, section
from qviz.ui.settings import LESS_MOTION, OPEN_CASTS, Settings
from qviz.ui.shell.arrangement import Parts, Surroundings
from qviz.ui.theme import Theme
from qviz.words import tr, trn
from qviz.words.formats import grouped, percent
from qviz.words.visible import visible

_LEAST_OUTLINE = 120
"""Pixels; in a low window the whole panel scrolls."""


class Workspace(QWidget):
    """All panels in their places; they are tied together by the desk.

    Attributes:
        surroundings: Which panels stand around the panes.
        tabs: Those below the panes.
        notice: What happened, over the foot of the panes.
        compare: Asks for a comparison of the flows.
    """

    def __init__(self, theme: Theme, settings: Settings) -> None:
        super().__init__()
        self._settings = settings
        self.runs = RunList()
        self.setup, self.outline, self.strip, self.legend = Setup(), ModuleTree(), StageStrip(), LegendStrip()
        self.panes, self.rail = Panes(theme), Rail()
        self.inspector = Inspector(theme, partial(_family_in, self.panes), partial(_is_open_in, self.panes))
        for pane in self.panes.panes.values():
            pane.canvas.laid_out.connect(self.inspector.follow_folds)
        self.summary, self.nodes, self.node_filter = SummaryStrip(), NodeTable(), NodeFilter()
        self.findings, self.code, self.log = FindingList(), GraphCode(theme), Log()
        self.script, self.bookmarks, self.changes = GraphCode(theme), Bookmarks(), ChangeList()
        self.bookmarks.set_theme(theme)
        self.rail.set_theme(theme)
        self.script.setAccessibleName(tr("Python script"))
        self._ground = QWidget()
        over = QVBoxLayout(self._ground)
        over.setContentsMargins(0, 0, 0, 0)
        over.addWidget(self.panes)
        beside = self.panes.overview.rail
        self.progress, self.notice = RunProgress(self._ground, beside), Toast(self._ground, beside)
        self.is_single, self._text_scale = False, 1.0
        self._theme = theme
        self._coverage: Coverage | None = None
        self.tabs = self._make_tabs()
        self.trying = TryPanel(theme)
        above = self._make_above()
        parts = Parts(self.rail, self._make_left(), above, self.legend, self.tabs, self.inspector, self.trying)
        self.surroundings = Surroundings(parts, self._ground, settings)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(self.surroundings.columns)
        self.surroundings.arranged.connect(self.show_panes)
        self._close_left.clicked.connect(self.surroundings.toggle_left)
        self.notice.error_told.connect(self.log.add)
        self.panes.zoomed.connect(lambda _scale: self.describe_panes())
        self.rail.part_chosen.connect(self.open_part)
        self.rail.expanded.connect(self.surroundings.open_left)
        self.panes.overview.want(settings.is_open("overview"))
        self.panes.stopped.offer(self.failure)
        self.take_choices(settings)

    def _make_tabs(self) -> Bottom:
        self.failure, self.findings_page = Failure(), QWidget()
        listed = QVBoxLayout(self.findings_page)
        listed.setContentsMargins(0, 0, 0, 0)
        listed.setSpacing(0)
        listed.addWidget(self.failure)
        listed.addWidget(self.findings, 1)
        self.code_page = CodePage(self.code, self.script)
        tabs = Bottom()
        for title, page in (
            (tr("Findings"), self.findings_page),
            (tr("Nodes"), self.nodes),
            (tr("Changes"), self.changes),
            (tr("Code"), self.code_page),
            (tr("Bookmarks"), self.bookmarks),
            (tr("Log"), self.log),
        ):
            tabs.addTab(page, title)
        tabs.set_tool(self.nodes, self.node_filter)
        return tabs

    def _make_above(self) -> QWidget:
        above = QWidget()
        column = QVBoxLayout(above)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.summary)
        column.addWidget(self.strip)
        return above

    def _make_left(self) -> SideScroll:
        left = QFrame()
        left.setProperty("role", "side")
        column = QVBoxLayout(left)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        head = QHBoxLayout()
        head.setContentsMargins(14, 8, 10, 4)
        head.addWidget(section(tr("Runs")), 1)
        self.compare = button(tr("Compare flows…"), "link")
        self.compare.setToolTip(tr("Compare the flows on the open model."))
        head.addWidget(self.compare)
        self._close_left = button("‹", "step")
        self._close_left.setToolTip(tr("Collapse the panel"))
        self._close_left.setAccessibleName(tr("Collapse the panel"))
        head.addWidget(self._close_left)
        column.addLayout(head)
        column.addWidget(self.runs)
        column.addWidget(self.setup)
        title = section(tr("Outline"))
        title.setContentsMargins(14, 4, 14, 6)
        column.addWidget(title)
        inner = QHBoxLayout()
        inner.setContentsMargins(10, 0, 6, 8)
        inner.addWidget(self.outline)
        column.addLayout(inner, 1)
        self.outline.setMinimumHeight(_LEAST_OUTLINE)
        return SideScroll(left)

    def take_choices(self, settings: Settings) -> None:
        """Follow what the user turned on or off in the settings."""
        reduce_motion(settings.is_on(LESS_MOTION))
        self.panes.open_casts(settings.is_on(OPEN_CASTS))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Let panels give way where there is no room for them."""
        super().resizeEvent(event)
        self._make_room()

    def _make_room(self) -> None:
        size, text_scale = self.window().size(), self._text_scale
        self.summary.fit(not room_in(size.width(), size.height(), text_scale).has_legend, text_scale)
        self.surroundings.fit(size, text_scale)

    def set_text_scale(self, text_scale: float) -> None:
        """Make room for text of another size."""
        self._text_scale = text_scale
        self.nodes.fit(text_scale)
        self.trying.fit(text_scale)
        self.panes.scale_text(text_scale)
        self.tabs.fit_bar()
        self._make_room()

    def open_part(self, part: str) -> None:
        """Open the left panel, and let keys go to a part of it."""
        self.surroundings.open_left()
        if part == "runs" and self.runs.rows:
            self.runs.rows[0].setFocus()
            return
        parts = {"model": self.setup.source, "flow": self.setup.flow.methods, "data": self.setup.inputs}
        parts.get(part, self.outline).setFocus()

    def show_panes(self) -> None:
        """Show both panes, or the one in use where there is room for one, or one is wanted."""
        is_trying, canvas = self.surroundings.is_trying, self.panes.canvas
        self.summary.setVisible(not is_trying)
        self.strip.show_only((canvas.stage.name,) if is_trying and canvas.stage is not None else ())
        self.legend.show_coverage(not is_trying)
        is_single = self.is_single or self.surroundings.is_narrowed
        for side, pane in self.panes.panes.items():
            has_place = side is Side.LEFT or pane.canvas.stage is not None
            pane.setVisible(has_place and (not is_single or side is self.panes.active))

    def toggle_single(self) -> None:
        """Show one pane, or both again."""
        self.is_single = not self.is_single
        self.show_panes()

    def toggle_overview(self) -> None:
        """Hide the overview beside the panes, or bring it back."""
        is_wanted = self.panes.overview.rail.isHidden()
        self._settings.set_open("overview", is_wanted)
        self.panes.overview.want(is_wanted)

    def describe_panes(self) -> None:
        """Name how much of the graph is shown, and how large."""
        canvas = self.panes.canvas
        boxes = trn(len(canvas.view.boxes), "{count} box", "{count} boxes") if canvas.view is not None else ""
        view = canvas.viewport
        scale = tr("Fit") if view.pose != "free" else percent(round(view.camera.scale, 2))
        self.strip.show_detail(boxes, scale if boxes else "")
        if canvas.view is not None:  # only then are its groups known
            self.legend.show_counts(self.roles(self._counted), self._coverage, self._theme)
        elif self._counted is None:
            self.legend.show_counts({}, None, self._theme)

    @property
    def _counted(self) -> Stage | None:
        """The stage whose roles the legend counts: that of pane B, if there is one."""
        panes = self.panes.panes
        return panes[Side.RIGHT].canvas.stage or panes[Side.LEFT].canvas.stage

    def roles(self, stage: Stage | None) -> Mapping[Kind, tuple[NodeId, ...]]:
        """Return the nodes of each role in a stage, as they are drawn."""
        return roles(self.panes.canvas.folding.trees.of(stage.whole)) if stage is not None else {}

    def name_runs(self, titles: Mapping[Side, str]) -> None:
        """Name the run in each pane and that of each row of stages; none where both show the same."""
        self.panes.name_runs(titles)
        self.strip.name_run(titles.get(Side.RIGHT, ""))

    def inform(self, text: str) -> None:
        """Say what a command did."""
        self.notice.tell("info", text)

    def tell_failure(self, error: RunError) -> None:
        """Say that the run stopped, in a line of its own where the findings, which tell what to do, are closed."""
        if self.tabs.is_open and self.tabs.currentWidget() is self.findings_page:
            announce(self.failure, "error", failed_at(error), error.hint)
        else:
            self.notice.tell("error", failed_at(error), "", ((tr("Show"), self.show_findings),))

    def reveal_findings(self, error: RunError | None, findings: Sequence[Finding]) -> None:
        """Open the tabs for what a new run found: as high as that is, or with all their room for what stopped it."""
        is_urgent = error is not None or any(each.level is not Level.INFO for each in findings)
        wanted = self.findings.height_of_rows() if error is None else self.height()
        self.surroundings.reveal_findings(self.findings_page, wanted, is_urgent)

    def show_findings(self) -> None:
        """Show the findings, and what stopped the run."""
        self.tabs.show_page(self.findings_page)

    def set_theme(self, theme: Theme) -> None:
        """Repaint what paints itself."""
        for part in (self.panes, self.inspector, self.code, self.script, self.bookmarks, self.rail):
            part.set_theme(theme)

    def show_project(self, project: Project, theme: Theme) -> None:
        """Show everything that is known of the project."""
        there = [stage.name for stage in project.stages]
        is_whole = project.snapshot is not None and project.snapshot.run.status == "done"
        expected = () if is_whole else expected_stages(project.received.plan)  # its plan; the user's may be edited
        names = tuple(dict.fromkeys([*expected, *there]))
        missing = [name for name in names if name not in there]
        failing = missing[0] if project.error is not None and missing else None
        right = project.stage(project.shown.right) or project.stage(project.shown.left)
        self.strip.show_stages(names, set(there), project.shown, failing, theme)
        self.surroundings.show_key(bool(there) or project.error is None)
        if right is not self._counted:
            self.legend.end_dimming()
        self.legend.show_overlay(self.panes.choice, theme)
        self.failure.show_error(project.error)
        self.panes.show_project(project)
        self.show_panes()
        self.panes.show_findings(project.findings)
        self.inspector.show_project(project)
        listed = tuple(each for each in project.findings if project.error is None or not _tells_stop(each))
        self.findings.show_findings(listed, theme, _without_findings(project), self.inspector.run)
        self.changes.show_project(project, theme)
        panes = project.shown.left, project.shown.right
        self.tabs.show_count(self.findings_page, tr("Findings"), count_text(project.findings, panes))
        self.show_bookmarks(project.bookmarks)
        self.code.show_stage(right)
        script = visible(project.snapshot.run.python) if project.snapshot else ""
        if self.script.toPlainText() != script:
            self.script.show_text(script)
        is_own = right is None or BETWEEN not in right.name  # what is counted of a result beside it is not told
        self._coverage, self._theme = _coverage(project) if is_own else None, theme
        self.describe_panes()

    def count_nodes(self, count: int) -> None:
        """Say in the tab how many nodes the stage in pane B has."""
        self.tabs.show_count(self.nodes, tr("Nodes"), grouped(count) if count else "")

    def show_bookmarks(self, bookmarks: tuple[Bookmark, ...]) -> None:
        """Show what the reader marked, and how much that is."""
        self.bookmarks.show_bookmarks(bookmarks)
        self.tabs.show_count(self.bookmarks, tr("Bookmarks"), grouped(len(bookmarks)) if bookmarks else "")


def _is_open_in(panes: Panes, path: str) -> bool:
    return panes.canvas.folding.is_open(path)


def _family_in(panes: Panes) -> Family | None:
    return panes.canvas.family


def _tells_stop(finding: Finding) -> bool:
    """Tell whether a finding says nothing but why the run stopped, as the line above the findings does."""
    return finding.rule == STOPPED and not finding.nodes


def _without_findings(project: Project) -> str:
    if project.snapshot is None:
        return tr("Findings appear here when the run is done.")
    is_done = project.snapshot.run.status == "done"
    many = len(project.stages[-1].whole.nodes) if project.stages else 0
    if is_done:
        return trn(many, "Nothing to report in {count} node.", "Nothing to report in {count} nodes.")
    if project.error is not None:  # which counts as a finding, too
        return tr("No other findings, since the run did not finish. Fix the problem and run again.")
    return tr("No findings, since the run did not finish.")


def _coverage(project: Project) -> Coverage | None:
    return told_coverage(project.snapshot.summary) if project.snapshot else None
