"""The page of a node."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import NamedTuple

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QLabel, QMenu, QToolButton, QVBoxLayout, QWidget

from qviz.analysis.inspecting.change_part import ChangedNode, ChangePart
from qviz.analysis.inspecting.node_noise import PlaceNoise, alone_text
from qviz.analysis.inspecting.node_page import Fact, NodePage, Position, StageNodes
from qviz.analysis.inspecting.tensor_table import rows_of
from qviz.analysis.ledger.answer import alternative_name, gain_of, remedies
from qviz.analysis.linking.beside import BETWEEN
from qviz.document.api_entries import ApiEntry
from qviz.document.measurements import QuantizerNoise
from qviz.document.snapshot import Integers
from qviz.ui.panels.inspecting.elided_link import ElidedLink
from qviz.ui.panels.inspecting.noise_bar import NoiseBar, part_color
from qviz.ui.panels.inspecting.sheet import Calls, PlanEdits, Sheet
from qviz.ui.panels.inspecting.tensor_grid import ROLES, TensorGrid
from qviz.ui.panels.integers import IntegersTable
from qviz.ui.panels.widgets import breakable, button, dot, label
from qviz.ui.theme import Theme
from qviz.words import names, term, tr, trn
from qviz.words.formats import decibels, grouped, part, span, tensor
from qviz.words.untrusted import plain_tip
from qviz.words.visible import short_name

_LINKS_SHOWN = 6
_STAGES_A_ROW = 4
_REMEDIES = 2


class NodeContent(NamedTuple):
    """What the page of a node shows.

    Attributes:
        page: The node, from its name down to how qviz knows it.
        details: All attributes, as rows.
        integers: A sample of its weight.
        entry: What explains its operator.
        facts: All of it as text, for the clipboard.
        change: What became of it, where changes are shown.
    """

    page: NodePage
    details: Sequence[Fact]
    integers: Integers | None
    entry: ApiEntry | None
    facts: str
    change: ChangePart | None = None


class NodeSheet(Sheet):
    """A page from its name down to how qviz knows it."""

    def __init__(self, content: NodeContent, edits: PlanEdits, theme: Theme, calls: Calls) -> None:
        super().__init__(theme, calls)
        page, details = content.page, content.details
        self._page = page
        self._add_head(content.facts, edits)
        self.add_edits(edits)
        if content.change is not None:
            self._add_change(content.change)
        self._add_why(content.entry)
        self._add_tensors(content.integers)
        self._add_noise()
        self._add_findings()
        self._add_stages()
        self.add_source(page.source)
        if page.knows:
            count = trn(len(page.knows), "{count} fact", "{count} facts")
            self.fold(tr("How qviz knows"), count, self._add_knows)
        count = trn(len(details), "{count} value", "{count} values")
        self.fold(tr("Details"), count, lambda column: self.facts(details, column, is_code=True))
        self.finish()

    def _add_head(self, facts: str, edits: PlanEdits) -> None:
        page = self._page
        title = label(breakable(page.title), "title", wraps=True)
        title.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        row = QHBoxLayout()
        row.addWidget(title, 1)
        for step in self._stepper(page.position):
            row.addWidget(step, 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(self._menu(facts, edits), 0, Qt.AlignmentFlag.AlignTop)
        self.column.addLayout(row)
        self.text(" · ".join(page.about), "muted")

    def _stepper(self, position: Position) -> list[QWidget]:
        before, behind = (
            None if each is None else partial(self._go, each) for each in (position.previous, position.next)
        )
        return self.stepper(position.kind, position.at, position.of, before, behind)

    def _go(self, node_id: str) -> None:
        self.calls.choose_node(self._page.place.stage, node_id)

    def _menu(self, facts: str, edits: PlanEdits) -> QToolButton:
        more = QToolButton()
        more.setText("⋯")
        more.setProperty("role", "step")
        more.setAccessibleName(tr("More"))
        more.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        menu = QMenu(more)
        menu.setToolTipsVisible(True)
        for each in (one for one in edits.actions if one.is_rare):
            action = menu.addAction(each.title, partial(self.calls.act, each.command))
            action.setEnabled(not each.refusal)
            action.setToolTip(plain_tip(each.refusal or each.tip))
        menu.addSeparator()
        menu.addAction(tr("Copy name"), lambda: self.calls.copy(self._page.place.node))
        if self._page.path:
            menu.addAction(tr("Copy module path"), lambda: self.calls.copy(self._page.path))
        menu.addAction(tr("Copy facts"), lambda: self.calls.copy(facts))
        more.setMenu(menu)
        return more

    def _add_change(self, change: ChangePart) -> None:
        """Show what there was, what there is, and what happened between."""
        self.part(tr("Change"))
        row = QHBoxLayout()
        row.setSpacing(6)
        row.addWidget(self._side(change.stages[0], change.before), 1)
        row.addWidget(label(tr("{relation} →", relation=change.relation), "small"))
        row.addWidget(self._side(change.stages[1], change.after), 1)
        self.column.addLayout(row)

    def _side(self, stage: str, nodes: Sequence[ChangedNode]) -> QFrame:
        frame = QFrame()
        frame.setProperty("role", "boxed")
        column = QVBoxLayout(frame)
        column.setContentsMargins(8, 5, 8, 6)
        column.setSpacing(1)
        column.addWidget(label(names.stage(stage), "small"))
        for each in nodes[:_LINKS_SHOWN]:
            is_here = each.place == self._page.place
            go = None if is_here else partial(self.calls.choose_node, each.place.stage, each.place.node)
            column.addWidget(ElidedLink(each.title, go))
            if each.about:
                column.addWidget(label(breakable(each.about), "small", wraps=True))
        if len(nodes) > _LINKS_SHOWN:
            column.addWidget(label(tr("and {count} more", count=len(nodes) - _LINKS_SHOWN), "small"))
        if not nodes:
            column.addWidget(label(tr("none"), "small"))
        column.addStretch(1)
        return frame

    def _add_why(self, entry: ApiEntry | None) -> None:
        if not self._page.why and entry is None:
            return
        about = []
        if entry is not None:
            about.append(self.link(tr("About {name}", name=entry.short), lambda: self.calls.help(entry.name)))
        self.part(tr("Why"), *about)
        if self._page.why:
            self.text(self._page.why)

    def _add_tensors(self, integers: Integers | None) -> None:
        page = self._page
        if page.table is not None:
            title = tr("Input, op, output") if len(page.table.columns) > 1 else tr("Range")
            self.part(title)
            self.column.addWidget(TensorGrid(page.table, self.theme, self.calls.choose_node))
            self._add_rest()
        if len(page.members) > 1:
            self.part(tr("One range for all of these"), label(grouped(len(page.members)), "small"))
            for each in page.members:
                if each != page.place.node:
                    self.column.addWidget(self.link(each, partial(self._go, each)))
        if integers is not None:
            self._add_integers(integers)

    def _add_rest(self) -> None:
        rest = self._page.table.rest if self._page.table is not None else ()
        if rest:
            self.fold(trn(len(rest), "{count} more tensor", "{count} more tensors"), "", self._fill_rest)

    def _fill_rest(self, column: QVBoxLayout) -> None:
        for each in self._page.table.rest if self._page.table is not None else ():
            facts = " · ".join(f"{row.name} {row.cells[0]}" for row in rows_of((each,)))
            self.paragraph(column, f"{tr(ROLES[each.role])} {each.name}", facts)

    def _add_knows(self, column: QVBoxLayout) -> None:
        for each in self._page.knows:
            self.paragraph(column, *each)

    def _add_integers(self, integers: Integers) -> None:
        holder = QVBoxLayout()

        def turn() -> None:
            if not holder.count():
                holder.addWidget(IntegersTable(integers))
            elif (item := holder.itemAt(0)) is not None and (table := item.widget()) is not None:
                table.setVisible(table.isHidden())

        opener = button(trn(integers.total, "{count} channel", "{count} channels"), "link", turn)
        opener.setToolTip(tr("Show the integers of the weight."))
        self.part(tr("Quantized weight"), opener)
        self.text(
            tr(
                "{tensor}, integers {range}",
                tensor=tensor(integers.shape, integers.dtype),
                range=span(integers.min, integers.max),
            ),
            "muted",
        )
        self.column.addLayout(holder)

    def _add_noise(self) -> None:
        noise = self._page.noise
        if noise is None:
            if self._page.not_measured and self._page.table is not None:
                measure = [self.measure_link()] if not self._page.is_ledger_known else []
                self.part(tr("Noise"), *measure)
                self.text(self._page.not_measured, "muted")
            return
        rank = tr("rank {rank} of {places} places", rank=noise.rank, places=noise.places)
        self.part(tr("Noise"), label(rank, "small"))
        share = part(noise.share)
        adds = tr("Adds {share} of the output noise.", share=share)
        alone = tr("Alone it makes {share} of the output noise.", share=share)
        self.text(alone_text(noise.rows) or (adds if noise.is_additive else alone))
        self.column.addWidget(NoiseBar([_share(noise, at) for at in range(len(noise.rows))], self.theme))
        self._add_parts(noise)
        self._add_remedies(noise)
        if not noise.is_additive and noise.total is not None:
            self.text(
                tr("The shares of all quantizers sum to {total}: they do not add up.", total=part(noise.total)),
                "small",
            )

    def _add_parts(self, noise: PlaceNoise) -> None:
        row = QHBoxLayout()
        row.setSpacing(4)
        for at, each in enumerate(noise.rows[:3]):
            patch = QLabel()
            patch.setPixmap(dot(part_color(self.theme, at)).pixmap(9, 9))
            row.addWidget(patch)
            row.addWidget(label(f"{self._part_name(each)} {part(_share(noise, at))}", "small"))
            row.addSpacing(6)
        row.addStretch(1)
        self.column.addLayout(row)

    def _part_name(self, row: QuantizerNoise) -> str:
        """Return what a quantizer rounds, as the heads of the columns call it."""
        roles = {"activation": "output", "dynamic": "input"}
        is_op = self._page.table is not None and len(self._page.table.columns) > 1
        return tr(ROLES[roles[row.kind]]) if is_op and row.kind in roles else term(f"quantizer.{row.kind}")

    def _add_remedies(self, noise: PlaceNoise) -> None:
        """Offer the other ways to round that the flow can express and that gain something."""
        for row in noise.rows:
            for each in [other for other in remedies(row) if other.patch and other.name != "float"][:_REMEDIES]:
                name = alternative_name(each).text
                about = tr("{kind}: {name}", kind=row.id, name=name)
                told = tr("{remedy}. Its own noise falls by {gain}.", remedy=about, gain=decibels(gain_of(each)))
                self.row(label(told, "small", wraps=True), self.apply_button(each.patch, about)).setStretch(0, 1)

    def _add_findings(self) -> None:
        found = self._page.findings
        self.part(tr("Findings here"), label(grouped(len(found)), "small"))
        if found:
            self.findings(found)
        else:
            self.text(tr("Nothing to report for {name}.", name=self._page.title), "muted")

    def _add_stages(self) -> None:
        page = self._page
        if len(page.stages) < 2:
            return
        self.part(tr("Through the stages"))
        own = [each for each in page.stages if BETWEEN not in each.stage]
        beside = [each for each in page.stages if BETWEEN in each.stage]
        for stages in filter(None, (own, beside)):
            if stages is beside:
                self.text(short_name(stages[0].stage.partition(BETWEEN)[2]), "small")
            self.column.addLayout(self._grid_of(stages))
            here = next((each.relation for each in stages if each.stage == page.place.stage), "")
            if here:
                self.text(here, "small")

    def _grid_of(self, stages: Sequence[StageNodes]) -> QGridLayout:
        """Return the nodes of the stages of one run, each below the name of its stage."""
        here = self._page.place
        grid = QGridLayout()
        grid.setHorizontalSpacing(10)
        grid.setVerticalSpacing(1)
        for number, each in enumerate(stages):
            row, at = 2 * (number // _STAGES_A_ROW), number % _STAGES_A_ROW
            head = label(names.stage(each.stage.partition(BETWEEN)[0]), "small")
            head.setMinimumWidth(1)
            head.setToolTip(plain_tip("\n".join(filter(None, (names.stage(each.stage), each.relation)))))
            grid.addWidget(head, row, at)
            grid.setColumnStretch(at, 1)
            column = QVBoxLayout()
            column.setSpacing(1)
            for node_id in each.ids[:_LINKS_SHOWN]:
                is_here = each.stage == here.stage and node_id == here.node
                go = None if is_here else partial(self.calls.choose_node, each.stage, node_id)
                column.addWidget(ElidedLink(node_id, go))
            if len(each.ids) > _LINKS_SHOWN:
                column.addWidget(label(tr("and {count} more", count=len(each.ids) - _LINKS_SHOWN), "small"))
            if told := each.others or ("" if each.ids else tr("none")):
                column.addWidget(label(told, "small"))
            column.addStretch(1)
            grid.addLayout(column, row + 1, at)
        return grid


def _share(noise: PlaceNoise, at: int) -> float:
    share = noise.rows[at].share
    return float(share) if isinstance(share, (int, float)) else 0.0
