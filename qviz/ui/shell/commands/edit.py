"""The menu Edit: undoes, copies, marks, finds."""

from __future__ import annotations

from qviz.session.commands import CommandGroup, When, command
from qviz.ui.shell.actions import Actions
from qviz.ui.shell.pages import Pages


class EditCommands(CommandGroup):
    """Commands on choices and on the selection."""

    title = "Edit"

    def __init__(self, actions: Actions, pages: Pages) -> None:
        self._actions = actions
        self._pages = pages

    @command("Undo", "Ctrl+Z", when=When.PLAN, words="take back choice")
    def undo(self) -> None:
        """Undo the last choice."""
        self._pages.need_desk().undo()

    @command("Redo", "Ctrl+Shift+Z", when=When.PLAN, words="again choice")
    def redo(self) -> None:
        """Redo the choice undone last."""
        self._pages.need_desk().redo()

    @command("Copy module path", "Ctrl+C", when=When.NODE, is_of_panes=True, is_apart=True, words="name clipboard")
    def copy_path(self) -> None:
        """Copy the module path of the selected node."""
        self._pages.need_desk().exports.copy_path()

    @command("Copy facts", "Ctrl+Alt+F", when=When.NODE, words="scale zero point range clipboard")
    def copy_facts(self) -> None:
        """Copy what is known of the selected node."""
        self._pages.need_desk().exports.copy_facts()

    @command("Copy scale and zero point", "Ctrl+Alt+Z", when=When.NODE, words="quantization parameters clipboard")
    def copy_scale(self) -> None:
        """Copy scale and zero point of the selected node, with all digits."""
        self._pages.need_desk().exports.copy_scale()

    @command("Bookmark", "B", when=When.NODE, words="mark note node")
    def bookmark(self) -> None:
        """Mark the selected node and ask for a note."""
        self._pages.need_desk().bookmarking.add()

    @command("Context menu", "Shift+F10", when=When.STAGE, words="right click selection")
    def context_menu(self) -> None:
        """Open the menu of the selection."""
        self._pages.need_desk().menu_requested.emit()

    @command("Find…", "Ctrl+F", "/", when=When.STAGE, is_apart=True, words="search nodes filter")
    def search(self) -> None:
        """Go to the search field."""
        self._pages.need_desk().start_search()

    @command("Saved filters…", "Ctrl+Alt+S", when=When.STAGE, words="star favorite nodes table search query save")
    def filters(self) -> None:
        """Choose a saved filter of the nodes, or save the one in use."""
        self._pages.need_desk().saved_filters.choose()

    @command("Commands…", "Ctrl+K", words="palette search actions")
    def palette(self) -> None:
        """Run a command by its name."""
        from qviz.ui.panels.shortcuts import Palette, rows_of
        from qviz.ui.panels.widgets import passing

        others = [other for other in self._actions.commands if other.id != EditCommands.palette.id]
        palette = passing(Palette(self._pages.window(), rows_of(others)))
        palette.command_chosen.connect(lambda command_id: self._actions[command_id].trigger())
        palette.open()
