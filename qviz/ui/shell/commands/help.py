"""The menu Help: explains."""

from __future__ import annotations

from qviz.session.commands import CommandGroup, command
from qviz.ui.shell.actions import Actions
from qviz.ui.shell.pages import Pages


class HelpCommands(CommandGroup):
    """Commands that explain."""

    title = "Help"

    def __init__(self, actions: Actions, pages: Pages) -> None:
        self._actions = actions
        self._pages = pages

    @command("Keys", "?", words="keyboard shortcuts help")
    def shortcuts(self) -> None:
        """Show all keys."""
        from qviz.ui.panels.shortcuts import ShortcutSheet

        ShortcutSheet(self._pages.window(), self._actions.commands).open()

    @command("API", "F1", words="documentation torch help functions classes")
    def api_help(self) -> None:
        """Explain torch's name for the field in use."""
        self._pages.show_api_help()
