"""The page of a module that holds others."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QPushButton

from qviz.analysis.inspecting.group_page import ChildRow, GroupBeside, GroupPage
from qviz.ui.panels.inspecting.action_row import ActionRow
from qviz.ui.panels.inspecting.elided_link import ElidedLink
from qviz.ui.panels.inspecting.fact_columns import FactColumns
from qviz.ui.panels.inspecting.noise_bar import NoiseBar
from qviz.ui.panels.inspecting.sheet import Calls, PlanEdits, Sheet
from qviz.ui.panels.widgets import breakable, button, label
from qviz.ui.theme import Theme
from qviz.words import tr, trn
from qviz.words.formats import decibels, grouped, part
from qviz.words.untrusted import plain_tip

_MOST_CHILDREN = 60
_MOST_FINDINGS = 12


class GroupSheet(Sheet):
    """Inside, why, children, findings inside.

    Args:
        is_open: Whether all of it is expanded; None where it has no box.
    """

    def __init__(
        self, page: GroupPage, edits: PlanEdits, theme: Theme, calls: Calls, is_open: bool | None = None
    ) -> None:
        super().__init__(theme, calls)
        self._page = page
        self._has_noise = True
        self._missing = tr("none") if page.is_measured else tr("not measured")
        self._fold = button("", "act", self._expand_or_collapse)
        self._is_open = False
        self._add_head()
        actions = ActionRow(self._buttons(edits, is_open is not None))
        if actions.buttons:
            self.column.addWidget(actions)
        self.show_open(bool(is_open))
        self.add_edits(edits._replace(actions=()))
        self._add_inside()
        if page.why:
            self.part(tr("Why"))
            self.text(page.why)
        self._add_children(page.children)
        count = len(page.findings)
        self.part(tr("Findings inside"), label(grouped(count), "small"))
        if count:
            self.findings(page.findings[:_MOST_FINDINGS], is_inside=True)
            if count > _MOST_FINDINGS:
                self.text(tr("and {count} more", count=count - _MOST_FINDINGS), "small")
        else:
            self.text(tr("Nothing to report for {name}.", name=page.title), "muted")
        self.add_source(page.source)
        self.finish()

    def _add_head(self) -> None:
        page = self._page
        row = QHBoxLayout()
        row.addWidget(label(breakable(page.title), "title", wraps=True), 1)
        if page.position is not None:
            at, of, before, behind = page.position
            steps = (None if each is None else partial(self._step, each) for each in (before, behind))
            for step in self.stepper(tr("group"), at, of, *steps):
                row.addWidget(step, 0, Qt.AlignmentFlag.AlignTop)
        self.column.addLayout(row)
        if page.about:
            self.text(" · ".join(page.about), "muted")

    def _step(self, step: GroupBeside) -> None:
        self.calls.choose_child(self._page.stage, step.node, step.path)

    def _buttons(self, edits: PlanEdits, has_box: bool) -> list[QPushButton]:
        """Return the buttons: what changes the picture, and between them what changes the plan."""
        buttons = self.action_buttons(edits.actions)
        if not has_box:
            self._fold.deleteLater()
            return buttons
        export = button(tr("Export group…"), "act", partial(self.calls.act, "export_selection"))
        export.setToolTip(tr("Export a picture of the group."))
        return [self._fold, *buttons[:1], export, *buttons[1:]]

    def _expand_or_collapse(self) -> None:
        self.calls.act("collapse_group" if self._is_open else "expand_group")

    def show_open(self, is_open: bool) -> None:
        """Offer to collapse what is open, or to expand it."""
        self._is_open = is_open
        if is_open:
            told = tr("Collapse"), tr("Collapse the group and all groups in it.")
        else:
            told = tr("Expand all"), tr("Expand the group and all groups in it.")
        self._fold.setText(told[0])
        self._fold.setToolTip(told[1])

    def _add_inside(self) -> None:
        """Add what it holds beside how much of it is in low precision, or below it where that has no room."""
        page = self._page
        self.part(tr("Inside"), *([label(tr("shares in low precision"), "small")] if page.is_judged else []))
        self.column.addWidget(FactColumns(page.inside, page.low))

    def _add_children(self, children: Sequence[ChildRow]) -> None:
        if not children:
            return
        self.part(tr("Children"), label(grouped(len(children)), "small"))
        self._has_noise = any(each.sqnr_db is not None or each.noise is not None for each in children)
        grid = QGridLayout()
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(2)
        for column, stretch in ((0, 3), (1, 2), (3, 2)):
            grid.setColumnStretch(column, stretch)
        heads = ("", tr("low precision"), *((tr("SQNR"), tr("share of noise")) if self._has_noise else ()))
        for at, head in enumerate(heads):
            side = Qt.AlignmentFlag.AlignLeft if at in (0, 1, 3) else Qt.AlignmentFlag.AlignRight
            grid.addWidget(label(head, "small"), 0, at, side)
        for at_row, each in enumerate(children[:_MOST_CHILDREN], 1):
            self._add_child(grid, at_row, each)
        self.column.addLayout(grid)
        if len(children) > _MOST_CHILDREN:
            self.text(tr("and {count} more", count=len(children) - _MOST_CHILDREN), "small")
        if others := self._page.others:
            self.text(trn(others, "{count} operator rounds nothing", "{count} operators round nothing"), "small")

    def _add_child(self, grid: QGridLayout, at: int, child: ChildRow) -> None:
        if child.differs:
            ground = QFrame()
            ground.setProperty("role", "tint")
            grid.addWidget(ground, at, 0, 1, 4 if self._has_noise else 2)  # first: it is below the others
        name = QHBoxLayout()
        name.setSpacing(6)
        name.addWidget(ElidedLink(child.name, lambda: self._go(child)), 1)
        for is_so, told in ((child.differs, tr("differs")), (child.is_worst, tr("worst"))):
            if is_so:
                marked = label(told, "strong")
                marked.setToolTip(plain_tip(child.differs) if told == tr("differs") else "")
                name.addWidget(marked)
        grid.addLayout(name, at, 0)
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        if child.low is None:
            grid.addWidget(label(tr("none"), "cell"), at, 1, right)
        else:
            low = NoiseBar([child.low], self.theme, "role.quantized_op.line")
            grid.addLayout(_with_bar(low, part(child.low)), at, 1)
        if not self._has_noise:
            return
        level = self._missing if child.sqnr_db is None else decibels(child.sqnr_db)
        grid.addWidget(label(level, "cell"), at, 2, right)
        if child.noise is None:
            grid.addWidget(label(self._missing, "cell"), at, 3)
            return
        grid.addLayout(_with_bar(NoiseBar([child.noise], self.theme), part(child.noise)), at, 3)

    def _go(self, child: ChildRow) -> None:
        is_group = child.is_group and child.path != self._page.path
        self.calls.choose_child(child.place.stage, child.place.node, child.path if is_group else "")


def _with_bar(bar: NoiseBar, text: str) -> QHBoxLayout:
    row = QHBoxLayout()
    row.setSpacing(6)
    row.addWidget(bar, 1, Qt.AlignmentFlag.AlignVCenter)
    row.addWidget(label(text, "cell"))
    return row
