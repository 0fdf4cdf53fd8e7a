"""Opens models and results, after the questions that each raises."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from qviz.errors import QvizError
from qviz.ui.process.engines import Engines
from qviz.ui.settings import Settings
from qviz.ui.shell.pages import Pages

if TYPE_CHECKING:
    from qviz.document.plan import Plan


class Opener(QObject):
    """Asks for consent and for what a source leaves open, then lets the desk open it.

    Signals:
        engine_changed: The engine starts anew, in another interpreter.
    """

    engine_changed = Signal()

    def __init__(self, pages: Pages, engines: Engines, settings: Settings) -> None:
        super().__init__(pages)
        self._pages = pages
        self._engines = engines
        self._settings = settings
        pages.welcome.sample_chosen.connect(self.open_model)
        pages.welcome.source_chosen.connect(self.open_source)
        pages.welcome.open_requested.connect(self.open_dialog)

    def open_model(self, source: str) -> None:
        """Open a model that may run, and run its flow."""
        from qviz.document.plan import Plan

        self.open_plan(Plan(source=source))

    def open_source(self, source: str, is_consented: bool) -> None:
        """Open a model or a result; a file that can run code asks first unless its owner named it."""
        from qviz.sources.kinds import kind_of
        from qviz.ui.shell.files import is_allowed

        if kind_of(source).is_result:
            self._try(lambda: self._pages.need_desk().open_result(source))
        elif self._asks_which(source, lambda chosen: self.open_source(chosen, is_consented)):
            return
        elif is_consented or is_allowed(self._pages.window(), source, self._settings):
            self.open_model(source)

    def open_plan(self, plan: Plan, is_consented: bool = True) -> None:
        """Open what the command line named, and run it if it named a flow too; ask first without consent."""
        from msgspec.structs import replace

        from qviz.ui.shell.files import is_allowed

        if self._asks_which(plan.source, lambda chosen: self.open_plan(replace(plan, source=chosen), is_consented)):
            return
        if not (is_consented or is_allowed(self._pages.window(), plan.source, self._settings)):
            return

        from qviz.document.plan import default_flow

        self._pages.need_desk().open_plan(plan if plan.flow else replace(plan, flow=default_flow(plan.source)))

    def open_dialog(self) -> None:
        """Ask for a file and open it."""
        from qviz.ui.shell.files import ask_for_source

        if source := ask_for_source(self._pages.window()):
            self.open_source(source, is_consented=False)

    def open_recent(self) -> None:
        """Choose among what was open lately, and open it."""
        from qviz.ui.panels.shortcuts import Palette, PaletteRow
        from qviz.words import tr

        rows = [PaletteRow(source, source, about, "") for source, about in self._settings.recent]
        chooser = Palette(self._pages.window(), rows, tr("Open recent"))
        chooser.command_chosen.connect(lambda source: self.open_source(source, is_consented=False))
        chooser.open()

    def _asks_which(self, source: str, take: Callable[[str], None]) -> bool:
        """Ask what a source leaves open, before any of it runs; return whether `take` gets the source later."""
        import os
        import sys

        from qviz.sources.candidates import offer
        from qviz.wire import interpreter

        is_own = interpreter.VARIABLE not in os.environ  # of another interpreter only the folder is known here
        choices = offer(source, [*(sys.path if is_own else ()), os.getcwd()])
        if choices is None:
            return False
        if choices.is_plain:
            take(f"{choices.place}:{choices.candidates[0].name}")
            return True

        from qviz.ui.panels.source_form import SourceForm

        form = SourceForm(self._pages.window(), choices)
        form.source_chosen.connect(take)
        form.open()
        return True

    def choose_python(self) -> None:
        """Ask for the interpreter that the engine runs in, and start it there."""
        from qviz.ui.shell.files import ask_for_python

        def choose() -> None:
            if ask_for_python(self._pages.window(), self._settings):
                if self._pages.desk is not None:
                    self._pages.desk.cancel()
                self._engines.restart()
                self.engine_changed.emit()

        self._try(choose)

    def _try(self, act: Callable[[], object]) -> None:
        try:
            act()
        except QvizError as error:
            self._pages.tell(error)
