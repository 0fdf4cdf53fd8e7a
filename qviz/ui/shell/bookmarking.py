"""Marks nodes with a note, and goes back to them."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from qviz.document.snapshot import Bookmark
from qviz.session.project import Project
from qviz.ui.shell.navigation import Navigation
from qviz.ui.shell.open_project import OpenProject
from qviz.ui.shell.selection import SharedSelection
from qviz.ui.shell.workspace import Workspace
from qviz.words import tr


class Bookmarking(QObject):
    """Ties the panel of bookmarks to the project that keeps them.

    Signals:
        marked: There are other bookmarks now, or other notes.
    """

    marked = Signal()

    def __init__(
        self, parent: QObject, project: OpenProject, work: Workspace, selection: SharedSelection, navigation: Navigation
    ) -> None:
        super().__init__(parent)
        self._open = project
        self._work = work
        self._selection = selection
        self._navigation = navigation
        work.bookmarks.bookmark_chosen.connect(self.on_bookmarks_bookmark_chosen)
        work.bookmarks.noted.connect(self.on_bookmarks_noted)
        work.bookmarks.removed.connect(self.on_bookmarks_removed)

    def add(self) -> None:
        """Mark the selected node and ask for a note; of a marked one, change the note."""
        project, stage, node_id = self._open.value, self._selection.stage, self._selection.node_id
        if project is None or stage is None or not node_id:
            self._work.inform(tr("Select a node first."))
            return
        bookmark = Bookmark(stage.name, node_id)
        self._keep(project if project.is_marked(bookmark) else project.marked(bookmark))
        self._work.tabs.show_page(self._work.bookmarks)
        self._work.bookmarks.edit_note(stage.name, node_id)

    def _keep(self, project: Project) -> None:
        self._open.value = project
        self._work.show_bookmarks(project.bookmarks)
        self.marked.emit()

    def on_bookmarks_bookmark_chosen(self, bookmark: Bookmark) -> None:
        """Go to the node."""
        self._navigation.jump(bookmark.stage, bookmark.node)

    def on_bookmarks_noted(self, bookmark: Bookmark) -> None:
        """Keep the note."""
        if self._open.value is not None:
            self._keep(self._open.value.marked(bookmark))

    def on_bookmarks_removed(self, bookmark: Bookmark) -> None:
        """Take the bookmark away."""
        if self._open.value is not None:
            self._keep(self._open.value.unmarked(bookmark))
