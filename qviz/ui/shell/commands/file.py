"""Commands that open, save, export and copy."""

from __future__ import annotations

from qviz.session.commands import CommandGroup, When, command
from qviz.ui.shell.opener import Opener
from qviz.ui.shell.pages import Pages


class FileCommands(CommandGroup):
    """The group "File"."""

    title = "File"

    def __init__(self, opener: Opener, pages: Pages) -> None:
        self._opener = opener
        self._pages = pages

    @command("Open…", "Ctrl+O")
    def open(self) -> None:
        """Ask for a model or a result and open it."""
        self._opener.open_dialog()

    @command("Welcome page")
    def welcome(self) -> None:
        """Go back to the first page."""
        self._pages.show_welcome()

    @command("Open second result…", "Ctrl+Shift+O", when=When.RESULT)
    def open_beside(self) -> None:
        """Show a second result on the right."""
        self._pages.need_desk().open_beside()

    @command("Save result…", "Ctrl+S", when=When.RESULT)
    def save(self) -> None:
        """Save the result."""
        self._pages.need_desk().exports.save()

    @command("Export picture…", "E", when=When.STAGE)
    def export(self) -> None:
        """Export a picture of the stages in view."""
        desk = self._pages.need_desk()
        desk.exports.export_picture(desk.theme)

    @command("Copy picture", "Ctrl+Shift+C", when=When.STAGE)
    def copy_picture(self) -> None:
        """Copy a picture of the stages in view."""
        desk = self._pages.need_desk()
        desk.exports.copy_picture(desk.theme)

    @command("Copy Python script", when=When.RESULT)
    def copy_python(self) -> None:
        """Copy a script that does the run without qviz."""
        self._pages.need_desk().exports.copy_python()

    @command("Quit", "Ctrl+Q")
    def quit(self) -> None:
        """Close the window."""
        self._pages.window().close()
