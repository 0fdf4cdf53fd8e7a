"""What leaves the desk: saved results, pictures, text on the clipboard, a line for the editor."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from PySide6.QtCore import QObject, Signal

from qviz.document import codec
from qviz.document.graph import Node
from qviz.document.snapshot import Snapshot
from qviz.document.writing import ChangedOnDiskError, digest_of, write_atomically
from qviz.errors import QvizError
from qviz.session.copied_script import copied_script
from qviz.session.facts_text import facts_text, scale_text
from qviz.session.project import Project
from qviz.ui.clipboard import copy_text
from qviz.ui.process.decoding import Decoding
from qviz.ui.settings import Settings
from qviz.ui.shell.editor import open_in_editor
from qviz.ui.shell.files import OnChange, ask_what_to_do, ask_where_to_save
from qviz.ui.shell.on_screen import copy_picture, on_screen
from qviz.ui.shell.open_project import OpenProject
from qviz.ui.shell.workspace import Workspace
from qviz.ui.theme import Theme
from qviz.words import mark, tr
from qviz.words.visible import one_line

_SAVED, _EXPORTED = mark("Saved {name}"), mark("Exported {name}")
_COPIED = mark("A picture of {name} is on the clipboard.")
_MANY = 2_000
"""Nodes of all stages from which on a result is written away from the window's thread."""


class ResultFile(NamedTuple):
    """The file of a result.

    Attributes:
        snapshot: The result.
        path: Where it is.
        known: What the file held when it was read or written last, as a hash; None where nobody looked.
    """

    snapshot: Snapshot
    path: str
    known: str | None


class Exports(QObject):
    """Saves and copies what the open project has.

    Signals:
        failed: A `QvizError` to tell the user.
    """

    failed = Signal(object)

    def __init__(self, parent: QObject, project: OpenProject, work: Workspace, settings: Settings) -> None:
        super().__init__(parent)
        self._open = project
        self._work = work
        self._settings = settings
        self._file: ResultFile | None = None
        self._writing = Decoding(self)
        work.inspector.source_requested.connect(self.on_inspector_source_requested)
        work.failure.source_requested.connect(self.on_inspector_source_requested)
        work.inspector.copied.connect(self.on_inspector_copied)

    def note_file(self, snapshot: Snapshot | None, path: str, known: str | None = None) -> None:
        """Take the file that a result was read from, and what it held; of no result, forget the one before."""
        self._file = ResultFile(snapshot, path, known) if snapshot is not None else None

    def save(self) -> None:
        """Save the result into its own file, the bookmarks too; of one that has none yet, ask where."""
        project = self._open.value
        if project is None or project.document is None:
            return
        file = self._file
        if file is None or file.snapshot is not project.snapshot:
            self.save_as()
            return
        self._write(project, file.path, file.known)

    def save_as(self) -> None:
        """Ask where to, and save the result."""
        project = self._open.value
        if project is not None and project.document is not None and (path := ask_where_to_save(self._work)):
            self._write(project, path, None)

    def _write(self, project: Project, path: str, known: str | None) -> None:
        """Write a result into a file that holds what is known of it; a large one away from the window's thread."""
        document, snapshot = project.document, project.snapshot
        assert document is not None
        self._settings.note_saved_in(os.path.dirname(os.path.realpath(path)))

        def write() -> str:
            data = codec.file_bytes(document, path)
            write_atomically(Path(path), data, known=known)
            return digest_of(data)

        def tell(content: str) -> None:
            now = self._open.value
            if now is not None and now.snapshot is snapshot:  # else another was opened meanwhile
                self.note_file(snapshot, path, content)
            self._work.inform(tr(_SAVED, name=path))

        def refuse(error: Exception) -> None:
            if isinstance(error, ChangedOnDiskError):
                self._ask_again(project, path, error)
            elif isinstance(error, QvizError):
                self.failed.emit(error)
            else:
                raise error

        many = sum(len(stage.graph.nodes) for stage in document.stages)
        self._writing.take(write, tell, refuse, is_large=many > _MANY)

    def _ask_again(self, project: Project, path: str, error: ChangedOnDiskError) -> None:
        choice = ask_what_to_do(self._work, error)
        if choice is OnChange.REPLACE:
            self._write(project, path, None)
        elif choice is OnChange.SAVE_AS:
            self.save_as()

    def finish(self) -> None:
        """Wait until what is saved is on disk."""
        self._writing.finish()

    def export_picture(self, theme: Theme, is_around: bool = False) -> None:
        """Ask what to export, and how; it begins with the stages in view, or with what is around the selection."""
        if (project := self._open.value) is None or not project.stages:
            return
        from qviz.ui.shell.export_sheet import ExportSheet

        sheet = ExportSheet(on_screen(project, self._work), theme, self._work.window(), is_around)
        sheet.saved.connect(self.on_sheet_saved)
        sheet.copied.connect(self.on_sheet_copied)
        sheet.open()

    def copy_picture(self, theme: Theme) -> None:
        """Copy a picture of the stages in view, as they are on the screen."""
        if (project := self._open.value) is not None and project.stages:
            self._say(_COPIED, lambda: copy_picture(on_screen(project, self._work), theme.name))

    def on_sheet_saved(self, path: str) -> None:
        """Say what was written."""
        self._work.inform(tr(_EXPORTED, name=path))

    def on_sheet_copied(self, stages: str) -> None:
        """Say what is on the clipboard."""
        self._work.inform(tr(_COPIED, name=stages))

    def copy_python(self) -> None:
        """Put a script that does the run without qviz on the clipboard."""
        if self._open.value is not None and self._open.value.snapshot is not None:
            copy_text(copied_script(self._open.value))
            self._work.inform(tr("The Python script is on the clipboard."))

    def copy_path(self) -> None:
        """Put the module path of the selected node on the clipboard; of a node outside of all modules, its name."""
        if (node := self._selected()) is not None:
            self._copy(one_line(node.place or node.id))  # which a terminal may get

    def copy_facts(self) -> None:
        """Put what is known of the selected node on the clipboard."""
        if (project := self._open.value) is not None and (node := self._selected()) is not None:
            assert project.selected is not None
            fact = project.facts(project.shown.on(project.selected.side)).get(node.id)
            self._copy(facts_text(node, fact.observer if fact else None))

    def _copy(self, text: str) -> None:
        copy_text(text)
        self._work.inform(tr("Copied {text}", text=text.partition("\n")[0]))

    def _selected(self) -> Node | None:
        project = self._open.value
        if project is None or project.selected is None:
            return None
        stage = project.stage(project.shown.on(project.selected.side))
        nodes = stage.whole.nodes if stage is not None else ()
        return next((each for each in nodes if each.id == project.selected.node_id), None)

    def _say(self, text: str, act: Callable[[], str | None]) -> None:
        try:
            path = act()
        except QvizError as error:
            self.failed.emit(error)
            return
        if path:
            self._work.inform(tr(text, name=path))

    def copy_scale(self) -> None:
        """Put scale and zero point of the selected node on the clipboard, as exact as they are written down."""
        node = self._selected()
        text = scale_text(node) if node is not None else ""
        if text:
            self._copy(text)
        else:
            self._work.inform(tr("The selection has no scale of its own."))

    def on_inspector_copied(self, text: str) -> None:
        """Put text on the clipboard."""
        copy_text(text)

    def on_inspector_source_requested(self, file: str, line: int) -> None:
        """Open the user's editor."""
        try:
            open_in_editor(file, line, self._settings.editor)
        except QvizError as error:
            self.failed.emit(error)
