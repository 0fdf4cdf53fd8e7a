"""The choices of an export: which part, which stages, how wide, which format, how it looks."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TypeVar

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QAbstractButton,
    QButtonGroup,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QRadioButton,
    QVBoxLayout,
    QWidget,
)

from qviz.session.laid_over import OverlayChoice
from qviz.ui.export.choice import Area, ExportChoice, InView
from qviz.ui.export.formats import PICTURE_FORMATS
from qviz.ui.export.look import PictureLook
from qviz.ui.panels.choice import Choice
from qviz.ui.panels.tick import Tick
from qviz.ui.panels.widgets import button, join_segments, label
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
    ("has_findings", mark("Finding marks")),
    ("has_source", mark("Source lines")),
    ("is_clear", mark("Transparent background")),
)
_WRAPS = ((False, mark("One column")), (True, mark("Wrap")))
_COLUMNS = 3
_PER_ROW, _BESIDE = 3, 8


class ExportForm(QWidget):
    """All choices of an export.

    Signals:
        changed: Something else was chosen.
    """

    changed = Signal()

    def __init__(self, screen: InView, choice: ExportChoice) -> None:
        super().__init__()
        self._screen = screen
        self._heads: list[QLabel] = []
        self.setMinimumWidth(300)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(16, 14, 16, 14)
        self._column.setSpacing(8)
        self.hops, self._hops_unit = self._number(tr("Hops around the selection"), 5, choice.hops, tr("hops"))
        self.areas, self.counts = self._make_areas(choice)
        self.stages = self._make_stages(choice)
        self._heading(mark("Tall graphs"))
        self.columns, self._columns_unit = self._number(
            tr("Columns at most"), 8, _COLUMNS, tr("columns at most"), least=2
        )
        self.wraps = self._segments("", _WRAPS, False, self.columns, self._columns_unit)
        self.formats = self._make_formats(choice)
        scales = tuple((number, f"{number}×") for number in (1, 2, 3, 4))
        self._print = label(tr("3× for print"), "muted")
        self.scales = self._segments(tr("Size"), scales, round(choice.look.scale), self._print)
        self._heading(mark("Look"))
        themes = tuple((name, _THEME_NAMES[name]) for name in THEMES)
        self.themes = self._segments(tr("Theme"), themes, choice.look.theme)
        self.shows = self._segments(tr("Show"), _SHOWS, choice.show)
        self.parts = self._make_parts(choice)
        self._heading(mark("Name"))
        self._is_named = False
        self.name = self._make_name()
        self._column.addStretch(1)
        self._allow()

    def align(self) -> None:
        """Let what stands behind titles begin at one line, in a text of any size."""
        widest = max(each.sizeHint().width() for each in self._heads)
        for each in self._heads:
            each.setMinimumWidth(widest + _BESIDE)

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
            has_source=has["has_source"],
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
        for of_hops in (self.hops, self._hops_unit):
            of_hops.setVisible(area == "around")
        for of_columns in (self.columns, self._columns_unit):
            of_columns.setVisible(_chosen(self.wraps))
        for of_scale in (*self.scales, self._print):
            of_scale.setEnabled(_chosen(self.formats) == ".png")

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
            row.addWidget(each)
            if area == "around":
                row.addWidget(self.hops)
                row.addWidget(self._hops_unit)
            row.addStretch(1)
            row.addWidget(counts[area])
            self._column.addLayout(row)
            each.setChecked(area == choice.area)
            group.addButton(each)
            made[each] = area
        group.buttonClicked.connect(self.on_choice_made)
        return made, counts

    def _make_stages(self, choice: ExportChoice) -> dict[str, Tick]:
        self._heading(mark("Stages"))
        made, grid = {}, QGridLayout()
        for number, stage in enumerate(self._screen.snapshot.stages):
            box = made[stage.name] = Tick(names.stage(stage.name))
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
            join_segments([each])
            each.setToolTip(tr("A file that ends in {ending}", ending=ending))
            group.addButton(each)
            made[each] = ending
            grid.addWidget(each, number // _PER_ROW, number % _PER_ROW)
            grid.setColumnStretch(number % _PER_ROW, 1)
        group.buttonClicked.connect(self.on_choice_made)
        self._column.addLayout(grid)
        return made

    def _segments(
        self, title: str, options: Iterable[tuple[T, str]], chosen: T, *beside: QWidget
    ) -> dict[QAbstractButton, T]:
        """Return buttons of which one is down, by what each stands for; a title stands before, the rest behind them."""
        row, group, made = QHBoxLayout(), QButtonGroup(self), {}
        row.setSpacing(0)
        if title:
            head = label(title, "muted")
            self._heads.append(head)
            row.addWidget(head)
        for value, text in options:
            each = _segment(tr(text) if not text[0].isdigit() else text, value == chosen)
            group.addButton(each)
            made[each] = value
            row.addWidget(each)
        join_segments([*made])
        for part in beside:
            row.addSpacing(8)
            row.addWidget(part)
        row.addStretch(1)
        group.buttonClicked.connect(self.on_choice_made)
        self._column.addLayout(row)
        return made

    def _number(self, name: str, most: int, chosen: int, unit: str, least: int = 1) -> tuple[Choice, QLabel]:
        """Return a choice of a small number, and what it counts."""
        made = Choice()
        for number in range(least, most + 1):
            made.addItem(str(number), number)
        made.setCurrentIndex(made.findData(chosen))
        made.setAccessibleName(name)
        made.activated.connect(self.on_choice_made)
        return made, label(unit)

    def _make_name(self) -> QLineEdit:
        made = QLineEdit()
        made.setAccessibleName(tr("Name of the file"))
        made.setToolTip(tr("Its ending chooses the format."))
        made.textEdited.connect(self.on_name_edited)
        made.editingFinished.connect(self.on_name_finished)
        self._column.addWidget(made)
        return made

    def show_name(self, name: str) -> None:
        """Show what the file will be called; of a name that the user gave, the ending follows the format."""
        typed = Path(self.name.text().strip())
        self._is_named = self._is_named and bool(typed.stem)
        if not self._is_named:
            self.name.setText(name)
        elif not self.name.hasFocus():
            stem = typed.with_suffix("") if typed.suffix.lower() in PICTURE_FORMATS else typed
            self.name.setText(f"{stem}{Path(name).suffix}")

    def on_name_edited(self) -> None:
        """Keep what the user calls it."""
        self._is_named = True

    def on_name_finished(self) -> None:
        """Choose the format that the name ends with."""
        ending = Path(self.name.text().strip()).suffix.lower()
        if ending in PICTURE_FORMATS and ending != _chosen(self.formats):
            self.formats_of(ending).click()

    def _make_parts(self, choice: ExportChoice) -> dict[str, Tick]:
        self._column.addSpacing(6)
        grid, made = QGridLayout(), {}
        of_look = choice.look._asdict() | {"has_findings": choice.has_findings}
        for number, (name, title) in enumerate(_PARTS):
            box = made[name] = Tick(tr(title))
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
