"""What the panes show, as that from which an export starts; and the picture of it on the clipboard."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtGui import QGuiApplication

from qviz.analysis.views.folding import group_path
from qviz.session.project import Project
from qviz.session.sides import Side
from qviz.ui.shell.workspace import Workspace
from qviz.words import names
from qviz.words.formats import joined

if TYPE_CHECKING:
    from qviz.ui.export.choice import InView


def on_screen(project: Project, work: Workspace) -> InView:
    """Return what the panes show of a project."""
    from qviz.ui.canvas.exposure import Marks
    from qviz.ui.export.choice import InView
    from qviz.ui.export.pane import ShownPane

    snapshot = project.snapshot if project.snapshot is not None else project.received.interrupted()
    panes = {}
    for side in Side:
        canvas, name = work.panes.panes[side].canvas, project.shown.on(side)
        if name is None or canvas.scene is None or canvas.stage is None or canvas.stage.name != name:
            continue
        marks = canvas.emphasis.marks(canvas.scene, None)
        # Rings of the selection are the reader's, not the model's.
        shown = Marks(highlighted=marks.highlighted, brackets=marks.brackets)
        panes[name] = ShownPane(canvas.scene, canvas.own_folds, shown)
    selected: tuple[str, ...] = ()
    if project.selected is not None:
        selected = (project.selected.node_id, *project.partners(project.selected.side, (project.selected.node_id,)))
    if path := group_path(work.panes.canvas.selection.group):
        selected = (path,)  # all of the group that is selected
    return InView(snapshot, panes, selected, work.panes.choice, snapshot.run.source)


def copy_picture(screen: InView, theme: str) -> str:
    """Put what is on the screen on the clipboard as an image, at twice the size; return the names of the stages.

    Raises:
        QvizError: It is too large.
    """
    from qviz.ui.export.choice import choice_of, picture_of
    from qviz.ui.export.png import image

    choice = choice_of(screen, theme)
    QGuiApplication.clipboard().setImage(image(picture_of(choice, screen)))
    return joined(names.stage(name) for name in choice.stages)
