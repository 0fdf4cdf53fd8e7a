"""Keeps what has arrived of the run at work, so that its stages are there again when the window ends before the run."""

from __future__ import annotations

from PySide6.QtCore import QObject

from qviz.document.run_steps import cut_off
from qviz.document.snapshot import Bookmark
from qviz.session.kept_runs import MOST_NODES
from qviz.session.received import Received
from qviz.ui.shell.open_project import OpenProject
from qviz.ui.shell.run_shelf import RunShelf
from qviz.ui.shell.runs import Runs


class UnfinishedRun(QObject):
    """Follows the run at work: every stage that it reaches, and every bookmark meanwhile, goes to the disk."""

    def __init__(self, parent: QObject, project: OpenProject, runs: Runs, shelf: RunShelf) -> None:
        super().__init__(parent)
        self._open, self._runs, self._shelf = project, runs, shelf
        self._kept: tuple[Received, tuple[Bookmark, ...]] | None = None
        runs.left.connect(shelf.disk.drop)
        shelf.refreshed.connect(self.on_shelf_refreshed)

    def on_shelf_refreshed(self) -> None:
        """Keep what is new of the run at work."""
        project = self._open.value
        if project is None or project.snapshot is not None or not project.stages or not self._runs.is_running:
            self._kept = None
            return
        before, self._kept = self._kept, (project.received, project.bookmarks)
        is_known = before is not None and before[0] is project.received and before[1] == project.bookmarks
        if is_known or sum(len(stage.graph.nodes) for stage in project.stages) > MOST_NODES:
            return
        cut = project.interrupted(cut_off())
        disk = self._shelf.disk
        disk.reach(self._shelf.kept.kept(cut, disk.origin_at_work()).runs[0])
