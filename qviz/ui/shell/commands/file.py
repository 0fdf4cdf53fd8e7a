"""The menu File: opens, saves, exports, copies, and the settings of qviz."""

from __future__ import annotations

from qviz.session.commands import CommandGroup, When, command
from qviz.ui.settings import Settings
from qviz.ui.shell.appearance import Appearance
from qviz.ui.shell.opener import Opener
from qviz.ui.shell.pages import Pages


class FileCommands(CommandGroup):
    """Commands on files."""

    title = "File"

    def __init__(self, opener: Opener, pages: Pages, appearance: Appearance, settings: Settings) -> None:
        self._opener = opener
        self._pages = pages
        self._appearance = appearance
        self._settings = settings

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

    @command("Save", "Ctrl+S", when=When.RESULT, is_apart=True, words="result qviz json store")
    def save(self) -> None:
        """Save the result into its file; the first time, ask where."""
        self._pages.need_desk().exports.save()

    @command("Save as…", "Ctrl+Shift+S", when=When.RESULT, words="result qviz json store copy")
    def save_as(self) -> None:
        """Save the result into another file."""
        self._pages.need_desk().exports.save_as()

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

    @command(
        "Settings…",
        "Ctrl+,",
        is_apart=True,
        words="preferences looks text size language editor motion memory network limit",
    )
    def settings(self) -> None:
        """Choose the looks, the language and what qviz remembers."""
        from qviz.ui.panels.settings_form import SettingsForm
        from qviz.ui.panels.widgets import passing

        form = passing(SettingsForm(self._pages.window(), self._settings))
        form.theme_chosen.connect(self._appearance.choose)
        form.text_size_chosen.connect(self._appearance.take_text_size)
        form.turned.connect(lambda _choice: self._pages.take_choices())
        form.python_requested.connect(self._opener.choose_python)
        form.python_requested.connect(form.show_chosen)
        form.engine_requested.connect(self._opener.choose_engine)
        form.engine_requested.connect(form.show_chosen)
        form.limits_chosen.connect(self._opener.take_limits)
        form.forget_requested.connect(self._pages.forget_requested)
        form.open()

    @command("Welcome page", "Alt+Home", words="start samples home recent")
    def welcome(self) -> None:
        """Go back to the first page."""
        self._pages.show_welcome()

    @command("Quit", "Ctrl+Q", words="close exit end")
    def quit(self) -> None:
        """Close the window."""
        self._pages.window().close()
