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
        pages.welcome.recent_chosen.connect(self.open_lately)
        pages.welcome.open_requested.connect(self.open_dialog)

    def open_model(self, source: str) -> None:
        """Open a model that may run, and run its flow."""
        from qviz.document.plan import Plan

        self.open_plan(Plan(source=source))

    def open_source(self, source: str, is_consented: bool) -> None:
        """Open a model, a result or a plan; a file that can run code asks first unless its owner named it."""
        from qviz.document import plan_file
        from qviz.document.plan import Plan
        from qviz.sources.kinds import kind_of

        if kind_of(source).is_result:
            self._try(lambda: self._pages.need_desk().open_result(source))
        elif source.endswith(plan_file.SUFFIX):
            self._try(lambda: self.open_plan(plan_file.load(source), is_consented=False))
        else:
            self.open_plan(Plan(source=source), is_consented)

    def open_plan(self, plan: Plan, is_consented: bool = True) -> None:
        """Open what a plan names, and run its flow; ask first without consent.

        A source that leaves open which model is meant, or what that is made with, opens the inputs page.
        """
        from msgspec.structs import replace

        from qviz.document.plan import default_flow
        from qviz.sources.candidates import offer
        from qviz.ui.shell.files import is_allowed
        from qviz.ui.shell.inputs import folders

        plan = plan if plan.flow else replace(plan, flow=default_flow(plan.source))
        choices = offer(plan.source, folders())
        if choices is not None and not choices.is_plain:
            self._open_draft(plan, is_consented)
            return
        if choices is not None:
            plan = replace(plan, source=f"{choices.place}:{choices.candidates[0].name}")
        if is_consented or is_allowed(self._pages.window(), plan.source, self._settings):
            self._pages.need_desk().open_plan(plan)

    def _open_draft(self, plan: Plan, is_consented: bool) -> None:
        """Show the inputs page with the best guess for a source."""
        from msgspec.structs import replace

        from qviz.sources.model_list import model_list
        from qviz.ui.shell.inputs import folders

        found = model_list(plan.source, folders())
        if found is not None and found.chosen >= 0:
            plan = replace(plan, source=f"{found.place}:{found.models[found.chosen].candidate.name}")
        self._pages.need_desk().open_draft(plan, found, is_consented)

    def open_lately(self, source: str) -> None:
        """Open a recent source as it was: with the flow, the inputs and the rest of the plan of its last run."""
        from qviz.document import plan_file

        text = self._settings.recent_plan(source)
        try:
            plan = plan_file.read(text) if text else None
        except QvizError:  # of another version of qviz
            plan = None
        if plan is None:
            self.open_source(source, is_consented=False)
        else:
            self.open_plan(plan, is_consented=False)

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
        chooser.command_chosen.connect(self.open_lately)
        chooser.open()

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
