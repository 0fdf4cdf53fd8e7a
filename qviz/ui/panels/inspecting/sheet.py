"""The column that a page of the inspector is built on: sections parted by a line, rows of facts, folded parts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import NamedTuple

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from qviz.analysis.acting.offered import OfferedAction
from qviz.analysis.acting.pending import Pending, predicted_lines
from qviz.analysis.inspecting.place_text import headline
from qviz.analysis.inspecting.source_excerpt import SourceExcerpt
from qviz.document.snapshot import Finding
from qviz.ui.panels.inspecting.action_row import ActionRow
from qviz.ui.panels.level_sign import LevelSign
from qviz.ui.panels.widgets import breakable, button, label, line, mono
from qviz.ui.theme import Theme
from qviz.words import names, tr
from qviz.words.formats import ended, grouped
from qviz.words.untrusted import plain_tip

_MOST_EDITS = 6


class Calls(NamedTuple):
    """What a page asks for.

    Attributes:
        choose_node: To select a node, by stage and id.
        choose_child: To select and show a child of a group, by stage, first node, and module path where it is a group.
        open_source: To open a file at a line.
        copy: To put a text on the clipboard.
        help: To explain a name of torch's.
        act: To run a command of the window, by its id.
        remedy: What a finding wants added to the plan, as TOML; "" for none.
        apply: To take such a patch into the plan, with what it is called.
    """

    choose_node: Callable[[str, str], object]
    choose_child: Callable[[str, str, str], object]
    open_source: Callable[[str, int], object]
    copy: Callable[[str], object]
    help: Callable[[str], object]
    act: Callable[[str], object]
    remedy: Callable[[Finding], str]
    apply: Callable[[str, str], object]


class PlanEdits(NamedTuple):
    """What can be done about what is shown, and what was done and is not run yet."""

    actions: Sequence[OfferedAction] = ()
    pending: Pending | None = None


class Sheet(QFrame):
    """One page, from top to bottom."""

    def __init__(self, theme: Theme, calls: Calls) -> None:
        super().__init__()
        self.setProperty("role", "side")
        self.theme, self.calls = theme, calls
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(12, 10, 12, 12)
        self.column.setSpacing(6)

    def part(self, title: str, *right: QWidget) -> None:
        """Begin a section, with small things at the right of its title."""
        if self.column.count():
            self.column.addSpacing(4)
            self.column.addWidget(line())
            self.column.addSpacing(2)
        self.row(label(title, "part"), None, *right)

    def row(self, *cells: QWidget | None, spacing: int = 8) -> QHBoxLayout:
        """Add widgets beside each other; None stretches."""
        row = QHBoxLayout()
        row.setSpacing(spacing)
        for cell in cells:
            if cell is None:
                row.addStretch(1)
            else:
                row.addWidget(cell)
        self.column.addLayout(row)
        return row

    def text(self, text: str, role: str = "") -> QLabel:
        """Add a paragraph."""
        made = label(breakable(text), role, wraps=True)
        self.column.addWidget(made)
        return made

    def facts(self, rows: Iterable[tuple[str, str]], into: QVBoxLayout | None = None, is_code: bool = False) -> None:
        """Add rows of names and values."""
        grid = QGridLayout()
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(3)
        grid.setColumnStretch(1, 1)
        for place, (name, value) in enumerate(rows):
            key, text = label(name, "muted"), label(breakable(value), wraps=True)
            text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            if is_code:
                text.setFont(mono())
            grid.addWidget(key, place, 0, Qt.AlignmentFlag.AlignTop)
            grid.addWidget(text, place, 1)
        (into or self.column).addLayout(grid)

    def link(self, text: str, on_click: Callable[[], object]) -> QWidget:
        """Return a link."""
        return button(text, "link", on_click)

    def fold(self, title: str, count: str, fill: Callable[[QVBoxLayout], object]) -> None:
        """Add a section that begins closed; `fill` puts its content into a column when it is opened first."""
        inner = QWidget()
        column = QVBoxLayout(inner)
        column.setContentsMargins(14, 0, 0, 0)
        column.setSpacing(3)
        opener = QToolButton()
        opener.setProperty("role", "fold")
        opener.setText(title)
        opener.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        opener.setArrowType(Qt.ArrowType.RightArrow)
        opener.setCheckable(True)

        def turn(is_open: bool) -> None:
            if is_open and not column.count():
                fill(column)
            inner.setVisible(is_open)
            opener.setArrowType(Qt.ArrowType.DownArrow if is_open else Qt.ArrowType.RightArrow)

        opener.toggled.connect(turn)
        inner.setVisible(False)
        self.column.addSpacing(4)
        self.column.addWidget(line())
        self.row(opener, None, label(count, "small"))
        self.column.addWidget(inner)

    def paragraph(self, column: QVBoxLayout, name: str, told: str, is_code: bool = False) -> None:
        """Add a name and, below it, what is told of it."""
        column.addWidget(label(breakable(name), "small", wraps=True))
        text = label(breakable(told), wraps=True)
        text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        if is_code:
            text.setFont(mono())
        column.addWidget(text)

    def findings(self, findings: Sequence[Finding], is_inside: bool = False) -> None:
        """Add a row for each finding: its mark, what was found, why it matters, and its remedy."""
        for each in findings:
            mark = LevelSign()
            mark.show_level(each.level.value)
            mark.setAccessibleName(names.level(each.level.value))
            words = QVBoxLayout()
            words.setSpacing(1)
            told = label(breakable(headline(each, each.message)), wraps=True)
            told.setToolTip(plain_tip(ended(each.hint)) if each.hint else "")
            words.addWidget(told)
            if is_inside and each.nodes:
                go = button(each.nodes[0], "link", partial(self.calls.choose_node, each.stage, each.nodes[0]))
                words.addWidget(go)
            elif each.reason:
                words.addWidget(label(breakable(ended(headline(each, each.reason))), "small", wraps=True))
            if each.hint and not is_inside:
                words.addWidget(label(breakable(ended(each.hint)), "small", wraps=True))
            row = QHBoxLayout()
            row.setSpacing(8)
            row.addWidget(mark, 0, Qt.AlignmentFlag.AlignTop)
            row.addLayout(words, 1)
            if patch := self.calls.remedy(each):
                row.addWidget(self.apply_button(patch, names.rule(each.rule)), 0, Qt.AlignmentFlag.AlignTop)
            self.column.addLayout(row)

    def measure_link(self) -> QWidget:
        """Return what measures the noise."""
        made = self.link(tr("Measure"), partial(self.calls.act, "measure"))
        made.setToolTip(tr("Run the flow again and measure what each quantizer costs."))
        return made

    def apply_button(self, patch: str, about: str) -> QWidget:
        """Return the button that takes a patch into the plan."""
        made = button(tr("Apply"), "chip", partial(self.calls.apply, patch, about))
        made.setAccessibleName(tr("Apply: {remedy}", remedy=about))
        made.setToolTip(tr("Add this to the configuration. The result on screen stays until the next run."))
        return made

    def add_edits(self, edits: PlanEdits) -> None:
        """Add the buttons that edit the plan, and what is not run yet."""
        if edits.actions:
            self.column.addWidget(ActionRow(self.action_buttons(edits.actions)))
        if edits.pending is not None:
            self._add_pending(edits.pending)

    def action_buttons(self, actions: Sequence[OfferedAction]) -> list[QPushButton]:
        """Return a button for each; one that is not possible says why."""
        buttons = []
        for each in (one for one in actions if not one.is_rare):
            made = button(each.title, "act", partial(self.calls.act, each.command))
            made.setCheckable(each.is_on)
            made.setChecked(each.is_on)
            made.setEnabled(not each.refusal)
            made.setToolTip(plain_tip(each.refusal or each.tip))
            buttons.append(made)
        return buttons

    def stepper(
        self, kind: str, at: int, of: int, before: Callable[[], object] | None, behind: Callable[[], object] | None
    ) -> list[QWidget]:
        """Return where something stands among others of its kind, between the buttons that go to those beside it."""
        parts: list[QWidget] = []
        for text, name, go in (
            ("‹", tr("Previous {kind}", kind=kind), before),
            ("›", tr("Next {kind}", kind=kind), behind),
        ):
            step = button(text, "step", go)
            step.setAccessibleName(name)
            step.setToolTip(name)
            step.setEnabled(go is not None)
            parts.append(step)
        parts.insert(1, label(tr("{kind} {at} of {of}", kind=kind, at=grouped(at), of=grouped(of)), "small"))
        return parts

    def _add_pending(self, pending: Pending) -> None:
        """Add what is not run yet, with its predicted effect."""
        self.part(
            tr("Not run yet"),
            self.link(tr("Undo"), partial(self.calls.act, "undo")),
            button(tr("Run"), "chip", partial(self.calls.act, "run")),
        )
        for each in pending.edits[:_MOST_EDITS]:
            self.text(each)
        if len(pending.edits) > _MOST_EDITS:
            self.text(tr("and {count} more", count=len(pending.edits) - _MOST_EDITS), "small")
        for told in predicted_lines(pending):
            self.text(told, "small")

    def add_source(self, excerpt: SourceExcerpt | None) -> None:
        """Add the line of the model, with those around it."""
        if excerpt is None:
            return
        source = excerpt.source
        self.part(
            tr("Source"), self.link(tr("Open in editor"), lambda: self.calls.open_source(source.file, source.line))
        )
        frame = QFrame()
        frame.setProperty("role", "code")
        inner = QVBoxLayout(frame)
        inner.setContentsMargins(0, 5, 0, 5)
        inner.setSpacing(0)
        width = len(str(excerpt.lines[-1][0]))
        for number, text in excerpt.lines:
            code = label(f"{number:>{width}}  {text}", "code.line" if number == source.line else "code.near")
            code.setFont(mono())
            code.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            code.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
            code.setToolTip(plain_tip(code.text().strip()))
            inner.addWidget(code)
        self.column.addWidget(frame)
        where = label(source.file.replace("\\", "/").rsplit("/", 1)[-1], "small")
        where.setToolTip(plain_tip(source.file))
        self.column.addWidget(where)

    def finish(self) -> None:
        """Let what is left of the height stay empty below."""
        self.column.addStretch(1)
