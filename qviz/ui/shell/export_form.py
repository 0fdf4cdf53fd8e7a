"""The choices of an export: which part, which stages, how wide, which format, how it looks."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QAbstractButton,
    QButtonGroup,
    QCheckBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QRadioButton,
    QVBoxLayout,
    QWidget,
)

from qviz.session.laid_over import OverlayChoice
from qviz.ui.export.choice import Area, ExportChoice, InView
from qviz.ui.export.formats import PICTURE_FORMATS
from qviz.ui.export.look import PictureLook
from qviz.ui.panels.choice import Choice
from qviz.ui.panels.widgets import button, label
from qviz.ui.theme import THEMES
from qviz.words import mark, names, tr, trn

T = TypeVar("T")

_AREAS: tuple[tuple[Area, str], ...] = (
    ("screen", mark("What is on screen")),
    ("whole", mark("Whole graph")),
    ("around", mark("Selection and its neighbors")),
    ("changes", mark("Changes with their neighbors")),
)
_SHOWS = (
    (OverlayChoice.ROLES, mark("Roles")),
    (OverlayChoice.NUMBERS, mark("Numbers")),
    (OverlayChoice.CHANGES, mark("Changes")),
)
_THEME_NAMES = {"light": mark("Light"), "dark": mark("Dark"), "print": mark("Print")}
_PARTS = (
    ("has_title", mark("Title")),
    ("has_legend", mark("Legend")),
    ("has_labels", mark("Shapes and dtypes")),
    ("is_clear", mark("Transparent background")),
)
_FINDINGS = mark("Finding marks")
_COLUMNS = 3
_PER_ROW = 3


class ExportForm(QWidget):
    """All choices of an export.

    Signals:
        changed: Something else was chosen.
    """

    changed = Signal()

    def __init__(self, screen: InView, choice: ExportChoice) -> None:
        super().__init__()
        self._screen = screen
        self.setMinimumWidth(300)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(16, 14, 16, 14)
        self._column.setSpacing(6)
        self.areas, self.counts = self._make_areas(choice)
        self.hops, self._hops_row = self._numbers(tr("Hops around the selection"), 5, choice.hops)
        self.stages = self._make_stages(choice)
        self.wraps = self._segments(mark("Tall graphs"), ((False, mark("One column")), (True, mark("Wrap"))), False)
        self.columns, self._columns_row = self._numbers(tr("Columns at most"), 8, _COLUMNS, least=2)
        self.formats = self._make_formats(choice)
        scales = tuple((number, f"{number}×") for number in (1, 2, 3, 4))
        self.scales = self._segments(mark("Scale of the PNG"), scales, round(choice.look.scale))
        themes = tuple((name, _THEME_NAMES[name]) for name in THEMES)
        self.themes = self._segments(mark("Theme"), themes, choice.look.theme)
        self.shows = self._segments(mark("Show"), _SHOWS, choice.show)
        self.parts = self._make_parts(choice)
        self._column.addStretch(1)
        self._allow()

    def choice(self) -> ExportChoice:
        """Return what is chosen."""
        has = {name: box.isChecked() for name, box in self.parts.items()}
        look = PictureLook(
            theme=_chosen(self.themes),
            scale=_chosen(self.scales),
            columns=self.columns.currentData() if _chosen(self.wraps) else 1,
            has_title=has["has_title"],
            has_legend=has["has_legend"],
            has_labels=has["has_labels"],
            is_clear=has["is_clear"],
        )
        return ExportChoice(
            area=_chosen(self.areas),
            stages=tuple(name for name, box in self.stages.items() if box.isChecked()),
            hops=self.hops.currentData(),
            ending=_chosen(self.formats),
            show=_chosen(self.shows),
            has_findings=has["has_findings"],
            look=look,
        )

    def formats_of(self, ending: str) -> QAbstractButton:
        """Return the button of a format."""
        return next(each for each, value in self.formats.items() if value == ending)

    def count(self, area: Area, text: str) -> None:
        """Say how much is in an area, beside its name."""
        self.counts[area].setText(text)

    def _allow(self) -> None:
        """Let nothing be chosen that there is not."""
        screen, area = self._screen, _chosen(self.areas)
        of_areas = {"around": bool(screen.selected), "changes": screen.has_several_stages}
        of_shows = {OverlayChoice.NUMBERS: screen.has_numbers, OverlayChoice.CHANGES: screen.has_several_stages}
        for each, here in self.areas.items():
            each.setEnabled(of_areas.get(here, True))
        for each, show in self.shows.items():
            each.setEnabled(of_shows.get(show, True))
        checked = [box for box in self.stages.values() if box.isChecked()]
        for name, box in self.stages.items():
            is_last = checked == [box]
            box.setEnabled(not is_last and (area != "screen" or name in screen.panes))
        self._hops_row.setVisible(area == "around")
        self._columns_row.setVisible(_chosen(self.wraps))
        for each in self.scales:
            each.setEnabled(_chosen(self.formats) == ".png")

    def on_choice_made(self) -> None:
        """Take a choice; on the screen are no other stages than those there."""
        if _chosen(self.areas) == "screen":
            for name, box in self.stages.items():
                if name not in self._screen.panes:
                    box.setChecked(False)
            if not any(box.isChecked() for box in self.stages.values()):
                for name in self._screen.panes:
                    self.stages[name].setChecked(True)
        self._allow()
        self.changed.emit()

    def _heading(self, title: str) -> None:
        self._column.addSpacing(8)
        self._column.addWidget(label(tr(title), "pane"))

    def _make_areas(self, choice: ExportChoice) -> tuple[dict[QAbstractButton, Area], dict[Area, QLabel]]:
        self._heading(mark("Scope"))
        group, counts = QButtonGroup(self), {}
        made: dict[QAbstractButton, Area] = {}
        for area, title in _AREAS:
            row, each = QHBoxLayout(), QRadioButton(tr(title))
            counts[area] = label("", "muted")
            row.addWidget(each, 1)
            row.addWidget(counts[area])
            self._column.addLayout(row)
            each.setChecked(area == choice.area)
            group.addButton(each)
            made[each] = area
        group.buttonClicked.connect(self.on_choice_made)
        return made, counts

    def _make_stages(self, choice: ExportChoice) -> dict[str, QCheckBox]:
        self._heading(mark("Stages"))
        made, grid = {}, QGridLayout()
        for number, stage in enumerate(self._screen.snapshot.stages):
            box = made[stage.name] = QCheckBox(names.stage(stage.name))
            box.setChecked(stage.name in choice.stages)
            box.clicked.connect(self.on_choice_made)
            grid.addWidget(box, number // _PER_ROW, number % _PER_ROW)
        self._column.addLayout(grid)
        return made

    def _make_formats(self, choice: ExportChoice) -> dict[QAbstractButton, str]:
        self._heading(mark("Format"))
        titles = {ending: tr(each.title) for ending, each in PICTURE_FORMATS.items()}
        grid, group, made = QGridLayout(), QButtonGroup(self), {}
        grid.setSpacing(6)
        for number, (ending, title) in enumerate(titles.items()):
            each = _segment(title, ending == choice.ending)
            each.setToolTip(tr("A file that ends in {ending}", ending=ending))
            group.addButton(each)
            made[each] = ending
            grid.addWidget(each, number // _PER_ROW, number % _PER_ROW)
            grid.setColumnStretch(number % _PER_ROW, 1)
        group.buttonClicked.connect(self.on_choice_made)
        self._column.addLayout(grid)
        return made

    def _segments(self, title: str, options: Iterable[tuple[T, str]], chosen: T) -> dict[QAbstractButton, T]:
        """Return buttons of which one is down, by what each stands for."""
        self._heading(title)
        row, group, made = QHBoxLayout(), QButtonGroup(self), {}
        row.setSpacing(0)
        for value, text in options:
            each = _segment(tr(text) if not text[0].isdigit() else text, value == chosen)
            group.addButton(each)
            made[each] = value
            row.addWidget(each)
        row.addStretch(1)
        group.buttonClicked.connect(self.on_choice_made)
        self._column.addLayout(row)
        return made

    def _numbers(self, title: str, most: int, chosen: int, least: int = 1) -> tuple[Choice, QWidget]:
        """Return a choice of a small number, in a row with its title."""
        whole, made = QWidget(), Choice()
        row = QHBoxLayout(whole)
        row.setContentsMargins(0, 0, 0, 0)
        for number in range(least, most + 1):
            made.addItem(str(number), number)
        made.setCurrentIndex(made.findData(chosen))
        made.setAccessibleName(title)
        made.activated.connect(self.on_choice_made)
        row.addWidget(label(title, "muted"), 1)
        row.addWidget(made)
        self._column.addWidget(whole)
        return made, whole

    def _make_parts(self, choice: ExportChoice) -> dict[str, QCheckBox]:
        self._column.addSpacing(6)
        grid, made = QGridLayout(), {}
        of_look = choice.look._asdict() | {"has_findings": choice.has_findings}
        for number, (name, title) in enumerate((*_PARTS, ("has_findings", _FINDINGS))):
            box = made[name] = QCheckBox(tr(title))
            box.setChecked(bool(of_look[name]))
            box.clicked.connect(self.on_choice_made)
            grid.addWidget(box, number // 2, number % 2)
        self._column.addLayout(grid)
        return made


def counted(nodes: int) -> str:
    """Return how many nodes are in an area."""
    return trn(nodes, "{count} node", "{count} nodes")


def _segment(title: str, is_chosen: bool) -> QAbstractButton:
    made = button(title, "segment")
    made.setCheckable(True)
    made.setChecked(is_chosen)
    made.setAutoDefault(False)
    return made


def _chosen(buttons: dict[QAbstractButton, T]) -> T:
    """Return what the button that is down stands for."""
    return next(value for each, value in buttons.items() if each.isChecked())
