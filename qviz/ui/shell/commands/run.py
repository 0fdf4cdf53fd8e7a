"""Commands that run and compare flows, and undo choices."""

from __future__ import annotations

from qviz.session.commands import CommandGroup, When, command
from qviz.ui.shell.opener import Opener
from qviz.ui.shell.pages import Pages


class RunCommands(CommandGroup):
    """The group "Run"."""

    title = "Run"

    def __init__(self, opener: Opener, pages: Pages) -> None:
        self._opener = opener
        self._pages = pages

    @command("Run flow", "Ctrl+R", when=When.PLAN)
    def run(self) -> None:
        """Run the flow."""
        self._pages.need_desk().run()

    @command("Compare flows", "Ctrl+Shift+R", when=When.PLAN)
    def compare(self) -> None:
        """Compare the flows on the open model."""
        self._pages.need_desk().compare()

    @command("Choose interpreter…")
    def choose_python(self) -> None:
        """Ask for the interpreter that the engine runs in."""
        self._opener.choose_python()

    @command("Undo", "Ctrl+Z", when=When.PLAN)
    def undo(self) -> None:
        """Undo the last choice."""
        self._pages.need_desk().undo()

    @command("Redo", "Ctrl+Shift+Z", when=When.PLAN)
    def redo(self) -> None:
        """Redo the choice undone last."""
        self._pages.need_desk().redo()

    @command("Cancel run", "Esc", when=When.RUNNING)
    def cancel(self) -> None:
        """Cancel the run; the stages received stay."""
        self._pages.need_desk().cancel()
