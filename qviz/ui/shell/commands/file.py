"""The menu File: opens, saves, exports, copies."""

from __future__ import annotations

from qviz.session.commands import CommandGroup, When, command
from qviz.ui.shell.opener import Opener
from qviz.ui.shell.pages import Pages


class FileCommands(CommandGroup):
    """Commands on files."""

    title = "File"

    def __init__(self, opener: Opener, pages: Pages) -> None:
        self._opener = opener
        self._pages = pages

    @command("Open…", "Ctrl+O", words="load model result file source")
    def open(self) -> None:
        """Ask for a model or a result and open it."""
        self._opener.open_dialog()

    @command("Open recent…", "Ctrl+Alt+O", words="history last models results")
    def open_recent(self) -> None:
        """Choose among what was open lately."""
        self._opener.open_recent()

    @command("Open beside…", "Ctrl+Shift+O", when=When.RESULT, words="second result compare diff")
    def open_beside(self) -> None:
        """Show a second result on the right."""
        self._pages.need_desk().open_beside()

    @command("Save result…", "Ctrl+S", when=When.RESULT, is_apart=True, words="qviz json store")
    def save(self) -> None:
        """Save the result."""
        self._pages.need_desk().exports.save()

    @command("Export…", "E", when=When.STAGE, words="picture image png svg pdf dot markdown report")
    def export(self) -> None:
        """Export a picture of the stages in view."""
        desk = self._pages.need_desk()
        desk.exports.export_picture(desk.theme)

    @command("Export selection…", "Shift+E", when=When.NODE, words="picture image neighbors part group")
    def export_selection(self) -> None:
        """Export the selection and its neighbors."""
        desk = self._pages.need_desk()
        desk.exports.export_picture(desk.theme, is_around=True)

    @command("Copy picture", "Ctrl+Shift+C", when=When.STAGE, words="image png clipboard screenshot")
    def copy_picture(self) -> None:
        """Copy a picture of the stages in view."""
        desk = self._pages.need_desk()
        desk.exports.copy_picture(desk.theme)

    @command("Copy as Python", "Ctrl+Alt+C", when=When.RESULT, words="script code clipboard")
    def copy_python(self) -> None:
        """Copy a script that does the run without qviz."""
        self._pages.need_desk().exports.copy_python()

    @command("Welcome page", "Alt+Home", is_apart=True, words="start samples home recent")
    def welcome(self) -> None:
        """Go back to the first page."""
        self._pages.show_welcome()

    @command("Quit", "Ctrl+Q", words="close exit end")
    def quit(self) -> None:
        """Close the window."""
        self._pages.window().close()
