"""Commands that change what is seen: scale, groups, stages, changes, theme."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qviz.session.commands import CommandGroup, When, command
from qviz.ui.shell.appearance import Appearance
from qviz.ui.shell.pages import Pages

if TYPE_CHECKING:
    from qviz.ui.canvas.view import GraphCanvas

_ZOOM_STEP = 1.25


class ViewCommands(CommandGroup):
    """The group "View"."""

    title = "View"

    def __init__(self, appearance: Appearance, pages: Pages) -> None:
        self._appearance = appearance
        self._pages = pages

    @property
    def _canvas(self) -> GraphCanvas:
        return self._pages.need_desk().work.panes.canvas

    @command("Fit to window", "F", when=When.STAGE)
    def fit(self) -> None:
        """Show all of both panes."""
        self._pages.need_desk().work.panes.fit()

    @command("Zoom in", "+", "=", when=When.STAGE)
    def zoom_in(self) -> None:
        """Show the graph larger."""
        self._canvas.viewport.zoom_by(_ZOOM_STEP)

    @command("Zoom out", "-", when=When.STAGE)
    def zoom_out(self) -> None:
        """Show the graph smaller."""
        self._canvas.viewport.zoom_by(1 / _ZOOM_STEP)

    @command("Actual size", "0", when=When.STAGE)
    def zoom_100(self) -> None:
        """Show the graph in its own size."""
        self._canvas.viewport.zoom_to(1.0)

    @command("Expand all", "Shift+U", when=When.STAGE)
    def unfold_all(self) -> None:
        """Expand every group."""
        self._canvas.folding.unfold_all()

    @command("Collapse all", "Shift+F", when=When.STAGE)
    def fold_all(self) -> None:
        """Collapse every group."""
        self._canvas.folding.fold_all()

    @command("Collapse all except the path to the selection", "X", when=When.STAGE)
    def fold_others(self) -> None:
        """Collapse every group that does not hold the selection."""
        self._canvas.folding.fold_others()

    @command("Hide dimmed nodes", "H", when=When.STAGE)
    def hide_dimmed(self) -> None:
        """Hide dimmed nodes, or show them again."""
        self._pages.need_desk().dimming.hide_dimmed()

    @command("Change direction", "T", when=When.STAGE)
    def turn(self) -> None:
        """Turn both pictures."""
        self._pages.need_desk().work.panes.turn()

    @command("Swap stages", "Space", when=When.STAGE, is_of_panes=True)
    def swap(self) -> None:
        """Swap the stages in view."""
        self._pages.need_desk().selection.swap()

    @command("Previous stage", "[", when=When.STAGE)
    def previous_stage(self) -> None:
        """Show the previous stage on the right."""
        self._pages.need_desk().selection.step_stage(-1)

    @command("Next stage", "]", when=When.STAGE)
    def next_stage(self) -> None:
        """Show the next stage on the right."""
        self._pages.need_desk().selection.step_stage(1)

    @command("Show changes only", "C", when=When.STAGE)
    def changes(self) -> None:
        """Dim what the stages in view have in common, or nothing."""
        self._pages.need_desk().dimming.toggle_changes()

    @command("Next change", ".", when=When.STAGE)
    def next_change(self) -> None:
        """Select the next node that changed."""
        self._pages.need_desk().navigation.step_change(1)

    @command("Previous change", ",", when=When.STAGE)
    def previous_change(self) -> None:
        """Select the previous node that changed."""
        self._pages.need_desk().navigation.step_change(-1)

    @command("Link panes", "L", when=When.STAGE)
    def link_panes(self) -> None:
        """Let the panes move together, or each by itself."""
        self._pages.need_desk().work.toggle_link()

    @command("Hide side panels", "F9", when=When.OPEN)
    def focus(self) -> None:
        """Hide all but the panes, or bring it back."""
        self._pages.need_desk().work.toggle_focus()

    @command("Light or dark theme", "Ctrl+T")
    def theme(self) -> None:
        """Change between light and dark."""
        self._appearance.switch()
