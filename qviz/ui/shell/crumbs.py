"""What the window shows, from the model to the run: each crumb opens a list of what could stand in its place."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from msgspec.structs import replace
from PySide6 import QtCore
from PySide6.QtCore import Signal
from PySide6.QtGui import QActionGroup
from PySide6.QtWidgets import QFrame, QHBoxLayout, QMenu, QSizePolicy, QToolButton

from qviz.document.flows import FLOWS, Mode, flow
from qviz.document.plan import BACKENDS, QUANTIZERS, Plan
from qviz.session.kept_runs import ShelvedRuns
from qviz.session.run_pair import title_of
from qviz.session.sides import Side
from qviz.sources.kinds import short_source
from qviz.ui.panels.widgets import choose, label
from qviz.words import names, tr
from qviz.words.untrusted import plain_tip
from qviz.words.visible import short_name


class Crumb(QToolButton):
    """One step of the way; its list is made when it is opened."""

    def __init__(self, spoken: str, fill: Callable[[QMenu], None], role: str = "crumb") -> None:
        super().__init__()
        self._spoken, self._text = spoken, ""
        self.setProperty("role", role)
        choose(self, popupMode="InstantPopup", toolButtonStyle="ToolButtonTextOnly", focusPolicy="TabFocus")
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        menu = QMenu(self)
        menu.aboutToShow.connect(lambda: _fill_anew(menu, fill))
        self.setMenu(menu)

    def show_text(self, text: str, whole: str = "") -> None:
        """Show what stands here; `whole` is in the tooltip."""
        self.setVisible(bool(text))
        self._text = short_name(text)
        self.setText(self._text)
        self.setToolTip(plain_tip(whole or text))
        self.setAccessibleName(tr("{part}: {name}", part=self._spoken, name=self._text))

    def narrow(self, width: int) -> None:
        """Cut the text to a width, in pixels; 0 shows all of it."""
        room = width - (self.sizeHint().width() - self.fontMetrics().horizontalAdvance(self.text()))
        middle = QtCore.Qt.TextElideMode.ElideMiddle
        self.setText(self.fontMetrics().elidedText(self._text, middle, room) if width else self._text)


def _fill_anew(menu: QMenu, fill: Callable[[QMenu], None]) -> None:
    """Empty a list, and fill it; the groups of its entries would stay as long as the menu."""
    menu.clear()
    for group in menu.findChildren(QActionGroup):
        group.deleteLater()
    fill(menu)


class Crumbs(QFrame):
    """Model, flow, backend or quantizer, and run of the result that is shown.

    Signals:
        plan_chosen: The `Plan` for the next run.
        source_chosen: A source that was open lately.
        run_chosen: The number of another run to view.
        open_requested: The user wants to choose a file.

    Args:
        recent: Gives the sources that were open lately.
    """

    plan_chosen = Signal(object)
    source_chosen = Signal(str)
    run_chosen = Signal(int)
    open_requested = Signal()

    def __init__(self, recent: Callable[[], list[tuple[str, str]]]) -> None:
        super().__init__()
        self._recent = recent
        self._plan, self._left_out = Plan(source=""), 0
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        self.model = Crumb(tr("Model"), self._list_models, "crumb-model")
        self.flow = Crumb(tr("Flow"), self._list_flows)
        self.option = Crumb(tr("Backend or quantizer"), self._list_options)
        self.run = Crumb(tr("Run"), self._list_runs)
        self._runs = ShelvedRuns()
        self._panes: Mapping[Side, int] = {}
        self._arrows = {each: label("›", "muted") for each in (self.flow, self.option, self.run)}
        row.addWidget(self.model)
        for each, arrow in self._arrows.items():
            row.addWidget(arrow)
            row.addWidget(each)

    def show_plans(self, shown: Plan, edited: Plan) -> None:
        """Name the plan of the result that is shown; choices change the plan as it is edited."""
        self._plan = edited
        self.model.show_text(short_source(shown.source), shown.source)
        known = flow(shown.flow)
        self.flow.show_text(names.flow(known.id, known.title) if known is not None else tr("Capture only"))
        option = _option_of(shown)
        self.option.show_text("" if option is None else option_text(option, getattr(shown, option)))
        self._show_crumbs()

    def show_runs(self, runs: ShelvedRuns, panes: Mapping[Side, int]) -> None:
        """Name the run on screen, or the run in each pane."""
        self._runs, self._panes = runs, panes
        shown = [each for number in dict.fromkeys(panes.values()) if (each := runs.run(number)) is not None]
        self.run.show_text(title_of(runs, panes), " | ".join(each.name for each in shown))
        self._show_crumbs()

    def shorten(self, left_out: int) -> None:
        """Leave out so many crumbs: the quantizer, the run, the flow; the left panel has them, too."""
        self._left_out = left_out
        self._show_crumbs()

    def _show_crumbs(self) -> None:
        for place, crumb in enumerate((self.option, self.run, self.flow)):
            has_room = bool(crumb.text()) and place >= self._left_out
            crumb.setVisible(has_room)
            self._arrows[crumb].setVisible(has_room)
        self.updateGeometry()

    def _list_models(self, menu: QMenu) -> None:
        """List what else the file offers, for the next run, then what was open lately."""
        from qviz.ui.shell.inputs import models_of

        found, group = models_of(self._plan.source), QActionGroup(menu)
        for each in found.models if found is not None else ():
            if found is not None and not each.candidate.needs_arguments and each.candidate.is_likely:
                source = f"{found.place}:{each.candidate.name}"
                same = source == self._plan.source or each is found.models[found.chosen]
                plan = self._plan if same else replace(self._plan, source=source, inputs=())
                self._add(menu, group, short_source(source), plan)
        menu.addSeparator()
        for source, about in self._recent():
            entry = menu.addAction(short_name(short_source(source)), partial(self.source_chosen.emit, source))
            entry.setToolTip(plain_tip(f"{source}\n{about}"))
        menu.setToolTipsVisible(True)
        menu.addSeparator()
        menu.addAction(tr("Open…"), self.open_requested.emit)

    def _list_flows(self, menu: QMenu) -> None:
        group = QActionGroup(menu)
        for mode in Mode:
            menu.addSeparator()
            for each in FLOWS:
                if each.mode is mode:
                    title = names.flow(each.id, each.title)
                    self._add(menu, group, title, replace(self._plan, flow=each.id))

    def _list_options(self, menu: QMenu) -> None:
        option, group = _option_of(self._plan), QActionGroup(menu)
        if option is not None:
            for each in QUANTIZERS if option == "quantizer" else BACKENDS:
                self._add(menu, group, option_text(option, each), replace(self._plan, **{option: each}))

    def _list_runs(self, menu: QMenu) -> None:
        group = QActionGroup(menu)
        for each in self._runs.runs:
            entry = menu.addAction(tr("Run {number} · {name}", number=each.number, name=short_name(each.name)))
            group.addAction(entry)
            entry.setCheckable(True)
            entry.setChecked(each.number in self._panes.values())
            entry.setToolTip(plain_tip(each.about))
            entry.triggered.connect(lambda _checked, number=each.number: self.run_chosen.emit(number))

    def _add(self, menu: QMenu, group: QActionGroup, title: str, plan: Plan) -> None:
        entry = menu.addAction(title)
        group.addAction(entry)
        entry.setCheckable(True)
        entry.setChecked(plan == self._plan)
        entry.triggered.connect(lambda _checked: self.plan_chosen.emit(plan))


def option_text(option: str, name: str) -> str:
    """Return what a backend or a quantizer is called."""
    titles = {"xnnpack": "XNNPACK", "x86_inductor": "X86 Inductor", "embedding": "Embedding"}
    return titles.get(name, name) if option == "quantizer" else name


def _option_of(plan: Plan) -> str | None:
    """Return the field of a plan that says whose kernels its flow is for; None where it takes none."""
    chosen = flow(plan.flow)
    return next((each for each in ("quantizer", "backend") if chosen is not None and chosen.takes(each)), None)
