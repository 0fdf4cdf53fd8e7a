"""The menu Help: explains."""

from __future__ import annotations

from qviz.session.commands import CommandGroup, When, command
from qviz.ui.shell.actions import Actions
from qviz.ui.shell.pages import Pages
from qviz.words import tr


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
        from qviz.ui.panels.widgets import passing

        passing(ShortcutSheet(self._pages.window(), self._actions.commands)).open()

    @command("About this node", "Shift+F1", when=When.NODE, words="explain torch class operator documentation")
    def about_node(self) -> None:
        """Explain torch's class or operator of the selected node."""
        from qviz.document.api_entries import entry_of_node

        desk = self._pages.need_desk()
        stage, node_id = desk.selection.stage, desk.selection.node_id
        node = next((each for each in stage.whole.nodes if each.id == node_id), None) if stage is not None else None
        entry = entry_of_node(node, stage.name) if stage is not None and node is not None else None
        if entry is not None:
            self._pages.show_api_help(entry.name)
        else:
            desk.work.inform(tr("The API help has no page about {node}.", node=node_id or ""))

    @command("API", "F1", words="documentation torch help functions classes")
    def api_help(self) -> None:
        """Explain torch's name for the field in use."""
        self._pages.show_api_help()

    @command("Documentation", "Ctrl+Shift+F1", words="manual guide help docs")
    def documentation(self) -> None:
        """Read what qviz can do."""
        self._pages.show_documentation()

    @command("About qviz", "Ctrl+F1", is_apart=True, words="version log file")
    def about(self) -> None:
        """Tell the version, and where the log is."""
        from qviz.ui.panels.about import About
        from qviz.ui.panels.widgets import passing

        passing(About(self._pages.window())).open()
