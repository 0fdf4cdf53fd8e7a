"""The menu Graph: expands and collapses groups, dims what is not of interest."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qviz.session.commands import CommandGroup, When, command
from qviz.session.focus import Focus
from qviz.ui.settings import OPEN_CASTS
from qviz.ui.shell.pages import Pages
from qviz.words import tr

if TYPE_CHECKING:
    from qviz.ui.canvas.view import GraphCanvas
    from qviz.ui.shell.dimming import Dimming


class GraphCommands(CommandGroup):
    """Commands on groups and on what is bright."""

    title = "Graph"

    def __init__(self, pages: Pages) -> None:
        self._pages = pages

    @property
    def _canvas(self) -> GraphCanvas:
        return self._pages.need_desk().work.panes.canvas

    @property
    def _dimming(self) -> Dimming:
        return self._pages.need_desk().dimming

    @command("Expand or collapse", "Shift+Return", when=When.NODE, is_of_panes=True, words="group fold unfold")
    def toggle_group(self) -> None:
        """Expand the selected group, or collapse it."""
        if box := self._canvas.selection.box:
            self._canvas.folding.toggle(box.id)

    @command("Collapse the parent", "Shift+Backspace", when=When.NODE, is_of_panes=True, words="close")
    def fold_parent(self) -> None:
        """Collapse the group around the selection."""
        self._canvas.folding.fold_parent()

    @command("Expand all", "Shift+U", when=When.STAGE, words="open groups unfold")
    def unfold_all(self) -> None:
        """Expand every group."""
        self._canvas.folding.unfold_all()

    @command("Expand one level", "Shift+J", when=When.STAGE, words="open groups unfold deeper")
    def unfold_level(self) -> None:
        """Expand every group that is collapsed now, once."""
        if not self._canvas.folding.unfold_level():
            self._pages.need_desk().work.inform(tr("Every group is expanded."))

    @command("Expand only the worst", "Shift+X", when=When.NODE, words="open group noise sqnr noisiest quantizer")
    def unfold_worst(self) -> None:
        """Expand the selected group down to the operator that adds most of its noise."""
        self._pages.need_desk().navigation.open_worst()

    @command("Collapse all", "Shift+F", when=When.STAGE, words="close groups fold")
    def fold_all(self) -> None:
        """Collapse every group."""
        self._canvas.folding.fold_all()

    @command("Collapse all except the path", "X", when=When.NODE, words="close groups fold others selection")
    def fold_others(self) -> None:
        """Collapse every group that does not hold the selection."""
        self._canvas.folding.fold_others()

    @command("Open seams", "Shift+S", when=When.STAGE, words="expand rows only one stage casts observers")
    def open_seams(self) -> None:
        """Open every seam: what only one of the stages in view has."""
        for pane in self._pages.need_desk().work.panes.panes.values():
            pane.canvas.folding.open_seams()

    @command("Always open casts", "Shift+D", when=When.STAGE, words="seams quantize dequantize rows setting")
    def open_casts(self) -> None:
        """Draw quantize and dequantize in rows of their own from now on, or gather them in seams again."""
        self._pages.toggle_choice(OPEN_CASTS)

    @command("Focus neighbors, then one hop more", "K", when=When.NODE, is_apart=True, words="show dim around")
    def focus_neighbours(self) -> None:
        """Dim all but the nodes around the selection."""
        self._dimming.focus_on(Focus.NEIGHBOURS)

    @command("Focus producers", "U", when=When.NODE, words="show upstream inputs dim")
    def focus_upstream(self) -> None:
        """Dim all but what the selection depends on."""
        self._dimming.focus_on(Focus.UPSTREAM)

    @command("Focus users", "D", when=When.NODE, words="show downstream consumers outputs dim")
    def focus_downstream(self) -> None:
        """Dim all but what depends on the selection."""
        self._dimming.focus_on(Focus.DOWNSTREAM)

    @command("Focus paths from the previous selection", "W", when=When.NODE, words="show way between dim")
    def focus_paths(self) -> None:
        """Dim all but the paths between the last two selections."""
        self._dimming.focus_on(Focus.PATHS)

    @command("Focus nodes that share the observer", "Shift+K", when=When.NODE, words="select all scale range show dim")
    def select_sharing(self) -> None:
        """Dim all but the nodes that share the observer of the selection."""
        self._dimming.focus_on_shared()

    @command("Hide dimmed", "H", when=When.STAGE, is_apart=True, words="show only nodes")
    def hide_dimmed(self) -> None:
        """Hide dimmed nodes, or show them again."""
        self._dimming.hide_dimmed()

    @command("Left to right", "T", when=When.STAGE, words="turn direction orientation layout")
    def turn(self) -> None:
        """Turn both pictures."""
        self._pages.need_desk().work.panes.turn()
