"""The one screen: what to do, what happened, this node, what to look at."""

from __future__ import annotations

from typing import NamedTuple

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QProgressBar, QSplitter, QTabWidget, QVBoxLayout, QWidget

from qviz.analysis.verdicts.summary import told_coverage
from qviz.document.causes import by_cause
from qviz.document.coverage import Coverage
from qviz.document.plan import expected_stages
from qviz.document.run_steps import progress_text
from qviz.document.snapshot import Bookmark, RunError
from qviz.session.project import Project
from qviz.ui.panels.bookmarks import Bookmarks
from qviz.ui.panels.code import GraphCode
from qviz.ui.panels.failure import Failure, failed_at
from qviz.ui.panels.findings import FindingList
from qviz.ui.panels.inspector import Inspector
from qviz.ui.panels.log import Log
from qviz.ui.panels.outline import ModuleTree
from qviz.ui.panels.panes import Panes
from qviz.ui.panels.setup import Setup
from qviz.ui.panels.stages import StageStrip
from qviz.ui.panels.toasts import Toast, float_over
from qviz.ui.panels.widgets import button, label, mono, section
from qviz.ui.settings import Settings
from qviz.ui.theme import Theme
from qviz.words import tr

_WIDTHS = (250, 1030, 320)
_HEIGHTS = (690, 210)


class RunStep(NamedTuple):
    """A step of a run, by its name."""

    name: str
    done: int = 0
    total: int = 0


class RunProgress(QFrame):
    """Names the step at work, with Cancel; floats over the foot of the graph.

    Args:
        host: What it floats over.
    """

    def __init__(self, host: QWidget) -> None:
        super().__init__(host)
        self.setProperty("role", "toast")
        row = QHBoxLayout(self)
        row.setContentsMargins(14, 0, 8, 0)
        row.setSpacing(10)
        self.words = label("")
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setFixedWidth(160)
        self.bar.setAccessibleName(tr("Progress of the run"))
        self.cancel = button(tr("Cancel"), "link")
        row.addWidget(self.words)
        row.addWidget(self.bar)
        row.addWidget(self.cancel)
        float_over(host, self)
        self.hide()

    def show_step(self, step: RunStep) -> None:
        """Show a step; without a total the bar runs to and fro."""
        self.words.setText(tr("{step}…", step=progress_text(step.name, step.done, step.total)))
        self.bar.setRange(0, step.total)
        self.bar.setValue(step.done)
        self.show()
        self.raise_()


class Workspace(QWidget):
    """All panels in their places; they are tied together by the desk."""

    def __init__(self, theme: Theme, settings: Settings) -> None:
        super().__init__()
        self._settings = settings
        self.setup, self.outline, self.strip = Setup(), ModuleTree(), StageStrip()
        self.panes, self.inspector = Panes(theme), Inspector(theme)
        self.findings, self.code, self.log = FindingList(), GraphCode(theme), Log()
        self.script, self.bookmarks = GraphCode(theme), Bookmarks()
        self.bookmarks.set_theme(theme)
        self.script.setAccessibleName(tr("Python script"))
        self._ground = QWidget()
        over = QVBoxLayout(self._ground)
        over.setContentsMargins(0, 0, 0, 0)
        over.addWidget(self.panes)
        self.progress, self.notice = RunProgress(self._ground), Toast(self._ground)
        self.failure = Failure()
        self.findings_page = QWidget()
        listed = QVBoxLayout(self.findings_page)
        listed.setContentsMargins(0, 0, 0, 0)
        listed.setSpacing(0)
        listed.addWidget(self.failure)
        listed.addWidget(self.findings, 1)
        self.tabs = QTabWidget()
        self.tabs.setDocumentMode(True)
        self.tabs.tabBar().setDrawBase(False)
        for title, page in (
            (tr("Findings"), self.findings_page),
            (tr("Bookmarks"), self.bookmarks),
            (tr("Graph code"), self.code),
            (tr("Python"), self.script),
            (tr("Log"), self.log),
        ):
            self.tabs.addTab(page, title)
        self._middle = self._make_middle()
        self._left = self._make_left()
        self._columns = QSplitter(Qt.Orientation.Horizontal)
        for place, part in enumerate((self._left, self._middle, self.inspector)):
            self._columns.addWidget(part)
            self._columns.setStretchFactor(place, 1 if part is self._middle else 0)
        self._columns.setSizes(list(_WIDTHS))
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(self._columns)
        self._columns.restoreState(settings.state("columns"))
        self._rows.restoreState(settings.state("rows"))

    def _make_left(self) -> QFrame:
        left = QFrame()
        left.setProperty("role", "side")
        column = QVBoxLayout(left)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.setup)
        head = section(tr("Outline"))
        head.setContentsMargins(14, 4, 14, 6)
        column.addWidget(head)
        self.outline.setFont(mono())
        inner = QHBoxLayout()
        inner.setContentsMargins(10, 0, 6, 8)
        inner.addWidget(self.outline)
        column.addLayout(inner, 1)
        return left

    def _make_middle(self) -> QWidget:
        top = QWidget()
        column = QVBoxLayout(top)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.strip)
        column.addWidget(self._ground, 1)
        self._rows = QSplitter(Qt.Orientation.Vertical)
        self._rows.addWidget(top)
        self._rows.addWidget(self.tabs)
        self._rows.setStretchFactor(0, 1)
        self._rows.setSizes(list(_HEIGHTS))
        return self._rows

    def save_state(self) -> None:
        """Remember the sizes."""
        if not self._left.isHidden():
            self._settings.save_state("columns", self._columns.saveState())
            self._settings.save_state("rows", self._rows.saveState())

    def toggle_focus(self) -> None:
        """Hide all but the panes, or bring it back."""
        is_shown = self._left.isHidden()
        for part in (self._left, self.inspector, self.tabs, self.strip):
            part.setVisible(is_shown)

    def toggle_link(self) -> None:
        """Let the panes move together, or each by itself."""
        self.panes.is_linked = not self.panes.is_linked
        self.inform(tr("The panes move together.") if self.panes.is_linked else tr("The panes move separately."))

    def inform(self, text: str) -> None:
        """Say what a command did."""
        self.notice.tell("info", text)

    def tell_failure(self, error: RunError) -> None:
        """Say that the run stopped; what to do stands with the findings."""
        self.notice.tell("error", failed_at(error), "", ((tr("Show"), self.show_findings),))

    def show_findings(self) -> None:
        """Show the findings, and what stopped the run."""
        self.tabs.setCurrentWidget(self.findings_page)

    def set_theme(self, theme: Theme) -> None:
        """Repaint what paints itself."""
        for part in (self.panes, self.inspector, self.code, self.script, self.bookmarks):
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
        self.strip.show_stages(names, set(there), project.shown.stages, failing)
        self.strip.show_counts(right, _coverage(project), theme)
        self.panes.show_project(project)
        self.panes.show_findings(project.findings)
        self.inspector.show_project(project)
        self.findings.show_findings(project.findings, theme, _without_findings(project))
        self.failure.show_error(project.error)
        count = len(by_cause(project.findings))
        self.tabs.setTabText(0, tr("Findings {count}", count=count) if count else tr("Findings"))
        self.show_bookmarks(project.bookmarks)
        self.code.show_stage(right)
        script = project.snapshot.run.python if project.snapshot else ""
        if self.script.toPlainText() != script:
            self.script.show_text(script)

    def show_bookmarks(self, bookmarks: tuple[Bookmark, ...]) -> None:
        """Show what the reader marked, and how much that is."""
        self.bookmarks.show_bookmarks(bookmarks)
        count = len(bookmarks)
        self.tabs.setTabText(1, tr("Bookmarks {count}", count=count) if count else tr("Bookmarks"))


def _without_findings(project: Project) -> str:
    if project.snapshot is None:
        return tr("Findings appear here when the run is done.")
    is_done = project.snapshot.run.status == "done"
    return (
        tr("No findings.")
        if is_done
        else tr("No findings, since the run did not finish. Fix the problem and run again.")
    )


def _coverage(project: Project) -> Coverage | None:
    return told_coverage(project.snapshot.summary) if project.snapshot else None
