"""The pages of the window: the welcome page and, once something was opened, the desk."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QStackedWidget, QVBoxLayout, QWidget

from qviz.errors import QvizError
from qviz.ui.panels.welcome import Welcome
from qviz.ui.process.engines import Engines
from qviz.ui.settings import Settings
from qviz.ui.shell.appearance import Appearance

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtGui import QKeyEvent

    from qviz.ui.panels.toasts import Toast
    from qviz.ui.shell.desk import Desk


class Pages(QWidget):
    """Shows one page at a time; the desk, the heavy one, is made when it is needed first.

    Attributes:
        desk: The desk, once it was needed.
        welcome: The first page.

    Signals:
        desk_made: The `Desk`, before it opens anything.
        turned: Another page is shown.
        forget_requested: All kept runs are to be deleted.
    """

    desk_made = Signal(object)
    turned = Signal()
    forget_requested = Signal()

    def __init__(self, engines: Engines, settings: Settings, appearance: Appearance) -> None:
        super().__init__()
        self._engines = engines
        self._settings = settings
        self._appearance = appearance
        self.desk: Desk | None = None
        self.welcome = Welcome(appearance.theme, settings.recent)
        self._stack = QStackedWidget()
        self._stack.addWidget(self.welcome)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._stack, 1)
        self.setFocusProxy(self._stack)
        self._stack.currentChanged.connect(lambda _number: self.turned.emit())
        appearance.changed.connect(self.on_appearance_changed)

    @cached_property
    def notice(self) -> Toast:
        """Floats over the welcome page; made when there is something to tell, after the first paint."""
        from qviz.ui.panels import toasts

        return toasts.Toast(self)

    def need_desk(self) -> Desk:
        """Return the desk; the first call makes it."""
        if self.desk is None:
            from qviz.extensions import load_extensions
            from qviz.ui.shell.desk import Desk

            load_extensions()
            self.desk = Desk(self, self._engines, self._settings, self._appearance.theme)
            self.desk.failed.connect(self.tell)
            self.desk.inputs.emptied.connect(self.show_welcome)
            for panel in (self.desk.work.inspector, self.desk.work.setup):
                panel.help_requested.connect(self.show_api_help)
            self._stack.addWidget(self.desk.work)
            self.desk_made.emit(self.desk)
        return self.desk

    @property
    def shown_desk(self) -> Desk | None:
        """The desk while it is the page that is shown."""
        is_shown = self.desk is not None and self._stack.currentWidget() is self.desk.work
        return self.desk if is_shown else None

    def show_desk(self) -> None:
        """Show the desk, and let keys go to its graphs."""
        if "notice" in vars(self):
            self.notice.clear()
        work = self.need_desk().work
        if self._stack.currentWidget() is not work:
            self._stack.setCurrentWidget(work)
            work.panes.take_focus()

    def show_welcome(self) -> None:
        """Go back to the first page."""
        self.welcome.start_over(self._settings.recent)
        self._stack.setCurrentWidget(self.welcome)

    def toggle_choice(self, choice: str) -> None:
        """Turn a choice of the settings on or off."""
        self._settings.turn(choice, not self._settings.is_on(choice))
        self.take_choices()

    def take_choices(self) -> None:
        """Follow what the user turned on or off in the settings."""
        if self.desk is not None:
            self.desk.work.take_choices(self._settings)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Let a letter that is no command begin the source on the first page."""
        if self._stack.currentWidget() is not self.welcome or not self.welcome.take_letter(event.text()):
            super().keyPressEvent(event)

    def show_api_help(self, topic: str = "") -> None:
        """Explain torch's names: the one asked for, or that of the field in use."""
        from qviz.ui.panels.api_help import ApiHelp, topic_of
        from qviz.ui.panels.widgets import passing

        topic = topic or topic_of(self.window().focusWidget())
        passing(ApiHelp(self.window(), self._appearance.theme, topic)).open()

    def show_documentation(self) -> None:
        """Show what qviz can do."""
        from qviz.ui.panels.documentation import Documentation
        from qviz.ui.panels.widgets import passing

        passing(Documentation(self.window(), self._appearance.theme)).open()

    def tell(self, error: QvizError) -> None:
        """Show a failure that the user can act on, on the page that is open."""
        self._shown_notice().tell("error", error.message, error.hint)

    def warn(self, message: str, hint: str, actions: tuple[tuple[str, Callable[[], object]], ...]) -> None:
        """Show what did not stop anything, on the page that is open."""
        self._shown_notice().tell("warning", message, hint, actions)

    def _shown_notice(self) -> Toast:
        return self.shown_desk.work.notice if self.shown_desk is not None else self.notice

    def on_appearance_changed(self) -> None:
        """Use the theme on every page."""
        self.welcome.set_theme(self._appearance.theme)
        if self.desk is not None:
            self.desk.set_theme(self._appearance.theme)
