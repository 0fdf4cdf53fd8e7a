"""Commands that find nodes, and other commands."""

from __future__ import annotations

from qviz.session.commands import CommandGroup, When, command
from qviz.session.focus import Focus
from qviz.ui.shell.actions import Actions
from qviz.ui.shell.pages import Pages


class FindCommands(CommandGroup):
    """The group "Find"."""

    title = "Find"

    def __init__(self, actions: Actions, pages: Pages) -> None:
        self._actions = actions
        self._pages = pages

    @command("Search nodes", "Ctrl+F", "/", when=When.STAGE)
    def search(self) -> None:
        """Go to the search field."""
        self._pages.need_desk().start_search()

    @command("Search commands", "Ctrl+K")
    def palette(self) -> None:
        """Run a command by its name."""
        from qviz.ui.panels.shortcuts import Palette

        others = [other for other in self._actions.commands if other.id != FindCommands.palette.id]
        palette = Palette(self._pages.window(), others)
        palette.command_chosen.connect(lambda command_id: self._actions[command_id].trigger())
        palette.open()

    @command("Next observer", "O", when=When.STAGE)
    def next_observer(self) -> None:
        """Select the next observer or fake-quant."""
        self._pages.need_desk().navigation.next_observer()

    @command("Next quantize or dequantize", "Q", when=When.STAGE)
    def next_cast(self) -> None:
        """Select the next quantize or dequantize."""
        self._pages.need_desk().navigation.next_cast()

    @command("Next finding", "N", when=When.RESULT)
    def next_finding(self) -> None:
        """Go to the next finding."""
        self._pages.need_desk().navigation.step_finding(1)

    @command("Previous finding", "P", when=When.RESULT)
    def previous_finding(self) -> None:
        """Go to the previous finding."""
        self._pages.need_desk().navigation.step_finding(-1)

    @command("Previous selection", "Alt+Left", when=When.STAGE)
    def back(self) -> None:
        """Go back to what was selected before."""
        self._pages.need_desk().navigation.go(-1)

    @command("Next selection", "Alt+Right", when=When.STAGE)
    def forward(self) -> None:
        """Undo going back."""
        self._pages.need_desk().navigation.go(1)

    @command("Bookmark node", "B", when=When.RESULT)
    def bookmark(self) -> None:
        """Mark the selected node and ask for a note."""
        self._pages.need_desk().bookmarking.add()

    @command("Show neighbors, then one hop more", "K", when=When.STAGE)
    def focus_neighbours(self) -> None:
        """Dim all but the nodes around the selection."""
        self._pages.need_desk().dimming.focus_on(Focus.NEIGHBOURS)

    @command("Show upstream nodes", "U", when=When.STAGE)
    def focus_upstream(self) -> None:
        """Dim all but what the selection depends on."""
        self._pages.need_desk().dimming.focus_on(Focus.UPSTREAM)

    @command("Show downstream nodes", "D", when=When.STAGE)
    def focus_downstream(self) -> None:
        """Dim all but what depends on the selection."""
        self._pages.need_desk().dimming.focus_on(Focus.DOWNSTREAM)

    @command("Show paths from the previous selection", "W", when=When.STAGE)
    def focus_paths(self) -> None:
        """Dim all but the paths between the last two selections."""
        self._pages.need_desk().dimming.focus_on(Focus.PATHS)
