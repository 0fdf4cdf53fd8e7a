"""The page of a module that holds others."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QPushButton, QWidget

from qviz.analysis.inspecting.group_page import ChildRow, GroupBeside, GroupPage
from qviz.ui.panels.inspecting.action_row import ActionRow
from qviz.ui.panels.inspecting.elided_link import ElidedLink
from qviz.ui.panels.inspecting.fact_columns import FactColumns
from qviz.ui.panels.inspecting.noise_bar import NoiseBar, Shade
from qviz.ui.panels.inspecting.sheet import Calls, PlanEdits, Sheet
from qviz.ui.panels.widgets import breakable, button, label
from qviz.ui.theme import Theme
from qviz.words import tr, trn
from qviz.words.formats import decibels, grouped, part
from qviz.words.untrusted import plain_tip

_MOST_CHILDREN = 60
_MOST_FINDINGS = 12
_NAME, _LOW, _SQNR, _NOISE = 0, 1, 3, 5
"""Columns of a child; all but the name have a picture and a number."""
_BESIDE, _CUT = 12, 30
"""Pixels around a name and its tags, and of a name that is cut with what stands around it."""
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


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
        self._has_noise, self._most = True, 0.0
        self._grid: QGridLayout | None = None
        self._longest = self._shortest = self._least = 0
        self._missing = tr("none") if page.is_measured else tr("not measured")
        self._fold = button("", "act", self._expand_or_collapse) if is_open is not None else None
        self._is_open = False
        self._add_head()
        actions = ActionRow(self._buttons(edits))
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

    def _buttons(self, edits: PlanEdits) -> list[QPushButton]:
        """Return the buttons: what changes the picture, and between them what changes the plan."""
        buttons = self.action_buttons(edits.actions)
        if self._fold is None:
            return buttons
        export = button(tr("Export group…"), "act", partial(self.calls.act, "export_selection"))
        export.setToolTip(tr("Export a picture of the group."))
        return [self._fold, *buttons[:1], export, *buttons[1:]]

    def _expand_or_collapse(self) -> None:
        self.calls.act("collapse_group" if self._is_open else "expand_group")

    def show_open(self, is_open: bool) -> None:
        """Offer to collapse what is open, or to expand it; what had no box when this was made is offered neither."""
        self._is_open = is_open
        if self._fold is None:
            return
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
        if page.noise_note:
            self.text(page.noise_note, "small")

    def _add_children(self, children: Sequence[ChildRow]) -> None:
        if not children:
            return
        self.part(tr("Children"), label(grouped(len(children)), "small"))
        self._most = max((each.noise for each in children if each.noise is not None), default=0.0)
        self._has_noise = any(each.sqnr_db is not None or each.noise is not None for each in children)
        grid = QGridLayout()
        grid.setHorizontalSpacing(4)
        grid.setVerticalSpacing(2)
        for column, stretch in ((_NAME, 3), (_LOW, 2), (_NOISE, 2)):
            grid.setColumnStretch(column, stretch)
        advance = self.fontMetrics().horizontalAdvance
        self._longest = max(advance(" ".join((each.name, *_tags(each)))) + _BESIDE for each in children)
        self._shortest = max(advance(" ".join(_tags(each))) for each in children) + _CUT
        heads = ((_LOW, tr("low precision"), _LEFT), (_SQNR, tr("SQNR"), _RIGHT), (_NOISE, tr("share of noise"), _LEFT))
        for column, head, side in heads if self._has_noise else heads[:1]:
            grid.addWidget(label(head, "small"), 0, column, 1, 2, side)
        for at_row, each in enumerate(children[:_MOST_CHILDREN], 1):
            self._add_child(grid, at_row, each)
        self.column.addLayout(grid)
        self._grid, self._least = grid, grid.minimumSize().width()
        if len(children) > _MOST_CHILDREN:
            self.text(tr("and {count} more", count=len(children) - _MOST_CHILDREN), "small")
        if others := self._page.others:
            self.text(trn(others, "{count} operator rounds nothing", "{count} operators round nothing"), "small")

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Let the names of children have what room there is before bars grow."""
        super().resizeEvent(event)
        if self._grid is not None:
            margins = self.column.contentsMargins()
            spare = max(self.width() - margins.left() - margins.right() - self._least, 0)
            self._grid.setColumnMinimumWidth(_NAME, min(self._longest, self._shortest + spare))

    def _add_child(self, grid: QGridLayout, at: int, child: ChildRow) -> None:
        if child.differs:
            ground = QFrame()
            ground.setProperty("role", "tint")
            grid.addWidget(ground, at, 0, 1, grid.columnCount())  # first: it is below the others
        name = QHBoxLayout()
        name.setSpacing(6)
        name.addWidget(ElidedLink(child.name, lambda: self._go(child)), 1)
        for told in _tags(child):
            marked = label(told, "strong")
            marked.setToolTip(plain_tip(child.differs) if told == tr("differs") else "")
            name.addWidget(marked)
        grid.addLayout(name, at, 0)
        low = None if child.low is None else NoiseBar([child.low], self.theme, "role.quantized_op.line")
        self._add_cell(grid, at, _LOW, low, tr("none") if child.low is None else part(child.low))
        if not self._has_noise:
            return
        shade = None if child.sqnr_db is None else Shade(child.sqnr_db, self.theme)
        self._add_cell(grid, at, _SQNR, shade, self._missing if child.sqnr_db is None else decibels(child.sqnr_db))
        bar = None if child.noise is None else NoiseBar([child.noise], self.theme, whole=self._most or 1.0)
        self._add_cell(grid, at, _NOISE, bar, self._missing if child.noise is None else part(child.noise))

    def _add_cell(self, grid: QGridLayout, at: int, column: int, picture: QWidget | None, text: str) -> None:
        """Add a number at the right of its picture; without one it has the room of both."""
        if picture is None:
            grid.addWidget(label(text, "cell"), at, column, 1, 2, _RIGHT)
            return
        grid.addWidget(picture, at, column, Qt.AlignmentFlag.AlignVCenter)
        grid.addWidget(label(text, "cell"), at, column + 1, _RIGHT)

    def _go(self, child: ChildRow) -> None:
        is_group = child.is_group and child.path != self._page.path
        self.calls.choose_child(child.place.stage, child.place.node, child.path if is_group else "")


def _tags(child: ChildRow) -> list[str]:
    """Return what stands behind a child's name."""
    return [told for is_so, told in ((child.differs, tr("differs")), (child.is_worst, tr("worst"))) if is_so]
