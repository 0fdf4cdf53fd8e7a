"""The menu View: what is laid over the graph, how large it is, which panels stand around it, the theme."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qviz.session.commands import CommandGroup, When, command
from qviz.session.laid_over import OverlayChoice
from qviz.ui.shell.appearance import Appearance
from qviz.ui.shell.pages import Pages

if TYPE_CHECKING:
    from qviz.ui.canvas.view import GraphCanvas
    from qviz.ui.shell.desk import Desk

_ZOOM_STEP = 1.25


class ViewCommands(CommandGroup):
    """Commands that change what is seen, and nothing else."""

    title = "View"

    def __init__(self, appearance: Appearance, pages: Pages) -> None:
        self._appearance = appearance
        self._pages = pages

    @property
    def _desk(self) -> Desk:
        return self._pages.need_desk()

    @property
    def _canvas(self) -> GraphCanvas:
        return self._desk.work.panes.canvas

    @command("Roles", "1", when=When.STAGE, words="overlay kinds colors")
    def roles(self) -> None:
        """Color the nodes by their role."""
        self._desk.dimming.lay_over(OverlayChoice.ROLES)

    @command("Numbers", "2", when=When.STAGE, words="overlay error noise sqnr ledger measure quantizer")
    def numbers(self) -> None:
        """Show what each quantizer costs, and how large each operator is."""
        self._desk.dimming.lay_over(OverlayChoice.NUMBERS)

    @command("Changes", "3", "C", when=When.STAGE, words="diff difference overlay added removed replaced")
    def changes(self) -> None:
        """Dim what the stages in view have in common, or nothing."""
        self._desk.dimming.toggle_changes()

    @command("One pane", "Shift+O", when=When.STAGE, is_apart=True, words="single both panes split")
    def single(self) -> None:
        """Show the pane in use alone, or both again."""
        self._desk.work.toggle_single()

    @command("Swap panes", "Space", when=When.STAGE, is_of_panes=True, words="stages left right A B")
    def swap(self) -> None:
        """Swap the stages in view."""
        self._desk.selection.swap()

    @command("Fit", "F", when=When.STAGE, is_apart=True, words="zoom whole window size")
    def fit(self) -> None:
        """Show all of both panes."""
        self._desk.work.panes.fit()

    @command("Zoom in", "+", "=", when=When.STAGE, words="larger scale")
    def zoom_in(self) -> None:
        """Show the graph larger."""
        self._canvas.viewport.zoom_by(_ZOOM_STEP, self._canvas.emphasis.selected_box)

    @command("Zoom out", "-", when=When.STAGE, words="smaller scale")
    def zoom_out(self) -> None:
        """Show the graph smaller."""
        self._canvas.viewport.zoom_by(1 / _ZOOM_STEP, self._canvas.emphasis.selected_box)

    @command("100 %", "0", when=When.STAGE, words="zoom actual size scale")
    def zoom_100(self) -> None:
        """Show the graph in its own size."""
        self._canvas.viewport.zoom_to(1.0, self._canvas.emphasis.selected_box)

    @command("Left panel", "Ctrl+B", when=When.OPEN, is_apart=True, words="collapse sidebar rail model flow hide show")
    def left_panel(self) -> None:
        """Collapse the left panel to its rail, or expand it."""
        self._desk.work.surroundings.toggle_left()

    @command("Inspector", "Ctrl+I", when=When.OPEN, words="right panel drawer hide show pin")
    def inspector(self) -> None:
        """Hide the inspector, or bring it back."""
        self._desk.work.surroundings.toggle_inspector()

    @command("Bottom panel", "Ctrl+J", when=When.OPEN, words="findings changes code log tabs hide show")
    def bottom(self) -> None:
        """Close the tabs at the bottom, or open them."""
        self._desk.work.tabs.toggle()

    @command("Overview rail", "Shift+M", when=When.OPEN, words="minimap overview ticks scroll hide show")
    def overview(self) -> None:
        """Hide the overview beside the panes, or bring it back."""
        self._desk.work.toggle_overview()

    @command("Legend", "Shift+L", when=When.OPEN, words="roles colors hide show")
    def legend(self) -> None:
        """Hide the legend, or bring it back."""
        self._desk.work.surroundings.toggle_legend()

    @command("Only the panes", "F9", when=When.OPEN, words="hide side panels full focus")
    def focus(self) -> None:
        """Hide all but the panes, or bring it back."""
        self._desk.work.surroundings.toggle_bare()

    @command("Larger text", "Ctrl++", "Ctrl+=", is_apart=True, words="font size settings zoom")
    def larger_text(self) -> None:
        """Show all text larger."""
        self._appearance.scale_text(1)

    @command("Smaller text", "Ctrl+-", words="font size settings zoom")
    def smaller_text(self) -> None:
        """Show all text smaller."""
        self._appearance.scale_text(-1)

    @command("Default text size", "Ctrl+0", words="font reset settings zoom")
    def usual_text(self) -> None:
        """Show all text in its usual size."""
        self._appearance.scale_text(0)

    @command("Light or dark", "Ctrl+T", words="theme colors appearance settings")
    def theme(self) -> None:
        """Change between light and dark."""
        self._appearance.switch()

    @command("Language…", "Ctrl+Alt+L", words="chinese english translation locale settings")
    def language(self) -> None:
        """Choose the language of all texts, from the next start on."""
        from qviz.ui.panels.shortcuts import Palette, PaletteRow
        from qviz.ui.panels.widgets import passing
        from qviz.words import tr
        from qviz.words.language import LANGUAGES

        rows = [PaletteRow(name, each.title, "", name) for name, each in LANGUAGES.items()]
        chooser = passing(Palette(self._pages.window(), rows, tr("Language, used after a restart")))
        chooser.command_chosen.connect(self._appearance.take_language)
        chooser.open()
