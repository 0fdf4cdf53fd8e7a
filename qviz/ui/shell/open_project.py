"""The project on the desk, which everybody there reads and replaces."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from qviz.session.project import Project


class OpenProject(QObject):
    """Holds the project: a value, so that an edit puts another in its place.

    Signals:
        replaced: All panels should show the project anew.
        edited: The panels show the edit already; the bars around them should follow.
    """

    replaced = Signal()
    edited = Signal()

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.value: Project | None = None

    def replace(self, project: Project) -> None:
        """Put a project in the place of the one there is, and let it be shown."""
        self.value = project
        self.replaced.emit()

    def edit(self, project: Project) -> None:
        """Put an edit, which the panel that made it shows, in the place of what there is."""
        self.value = project
        self.edited.emit()
