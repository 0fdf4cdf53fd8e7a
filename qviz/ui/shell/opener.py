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
        """Open a model that the user named, and run its flow."""
        from qviz.document.plan import Plan

        self.open_plan(Plan(source=source))

    def _may_run(self, plan: Plan) -> bool:
        """Ask for what of a plan was not allowed; tell what keeps it from being asked for."""
        from qviz.ui.shell.files import may_run

        try:
            return may_run(self._pages.window(), plan, self._settings.consent)
        except QvizError as error:
            self._pages.tell(error)
            return False

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
            if not is_consented:
                self._settings.consent.opened(source)
            self.open_plan(Plan(source=source), is_consented)

    def open_plan(self, plan: Plan, is_consented: bool = True, typed: frozenset[str] | None = None) -> None:
        """Open what a plan names, and run its flow; ask first about code that the user did not name.

        A source that leaves open which model is meant, or what that is made with, opens the inputs page.

        Args:
            plan: What to run.
            is_consented: Whether the user named all of it, or trusts what she did not name.
            typed: The targets that she wrote on the command line; None where that is not where the plan comes from.
        """
        from msgspec.structs import replace

        from qviz.document.plan import default_flow
        from qviz.sources.candidates import offer
        from qviz.trust.references import typed_targets
        from qviz.ui.shell.inputs import folders
        from qviz.wire import elsewhere

        consent = self._settings.consent
        plan = plan if plan.flow else replace(plan, flow=default_flow(plan.source))
        if typed is not None or is_consented:
            consent.type_in(typed_targets(plan, plan.__struct_fields__) if typed is None else typed)
        choices = None if elsewhere.chosen() else offer(plan.source, folders())  # it is a file of another machine
        if choices is not None and not choices.is_plain:
            self._open_draft(plan)
            return
        if choices is not None:
            chosen = replace(plan, source=f"{choices.place}:{choices.candidates[0].name}")
            consent.edited(plan, chosen)
            plan = chosen
        if is_consented and typed is not None:
            self._try(lambda: consent.allow_once(plan))
        if self._may_run(plan):
            self._pages.need_desk().open_plan(plan)

    def _open_draft(self, plan: Plan) -> None:
        """Show the inputs page with the best guess for a source."""
        from msgspec.structs import replace

        from qviz.sources.model_list import model_list
        from qviz.ui.shell.inputs import folders

        found = model_list(plan.source, folders())
        if found is not None and found.chosen >= 0:
            chosen = replace(plan, source=f"{found.place}:{found.models[found.chosen].candidate.name}")
            self._settings.consent.edited(plan, chosen)
            plan = chosen
        self._pages.need_desk().open_draft(plan, found)

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
            self._settings.consent.opened(plan.source)
            self.open_plan(plan, is_consented=False)

    def open_dialog(self) -> None:
        """Ask for a file and open it."""
        from qviz.ui.shell.files import ask_for_source

        if source := ask_for_source(self._pages.window()):
            self.open_source(source, is_consented=False)

    def open_recent(self) -> None:
        """Choose among what was open lately, and open it."""
        from qviz.ui.panels.shortcuts import Palette, PaletteRow
        from qviz.ui.panels.widgets import passing
        from qviz.words import tr

        rows = [PaletteRow(source, source, about, "") for source, about in self._settings.recent]
        chooser = passing(Palette(self._pages.window(), rows, tr("Open recent")))
        chooser.command_chosen.connect(self.open_lately)
        chooser.open()

    def choose_python(self) -> None:
        """Ask for the interpreter that the engine runs in, and start it there."""
        from qviz.ui.shell.files import ask_for_python

        self._try(lambda: self._restart(ask_for_python(self._pages.window(), self._settings)))

    def choose_engine(self) -> None:
        """Ask for the command that starts the engine on another machine, and start it there."""
        from qviz.ui.shell.files import ask_for_engine

        self._try(lambda: self._restart(ask_for_engine(self._pages.window(), self._settings)))

    def take_limits(self) -> None:
        """Let every engine from the next one on have the limits that the user chose."""
        from qviz.ui.shell.engine_limits import take_chosen_limits

        take_chosen_limits(self._settings)
        self._engines.outdate()

    def _restart(self, is_other: bool) -> None:
        """Start another engine, if another was chosen."""
        if is_other:
            if self._pages.desk is not None:
                self._pages.desk.cancel()
            self._engines.restart()
            self.engine_changed.emit()

    def _try(self, act: Callable[[], object]) -> None:
        try:
            act()
        except QvizError as error:
            self._pages.tell(error)
