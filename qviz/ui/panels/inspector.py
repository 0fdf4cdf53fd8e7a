"""This node: what it is, why it is here, how it is quantized, where it came from."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QLabel, QScrollArea, QVBoxLayout

from qviz.analysis.linking.relations import became, came_from
from qviz.analysis.overlays.overlay import StageRecord
from qviz.document.graph import Node
from qviz.document.snapshot import Integers, Link, ObserverFact, Stage
from qviz.session.facts_text import Row, facts_text, observer_rows, overlay_rows, quant_rows, why_text
from qviz.session.project import Project
from qviz.ui.panels.histogram import HistogramPlot
from qviz.ui.panels.integers import IntegersTable
from qviz.ui.panels.widgets import breakable, button, empty, label, mono, section
from qviz.ui.theme import Theme
from qviz.words import mark, names, tr
from qviz.words.formats import dtype, percent, shape, span, tensor

_LINKS_SHOWN = 6
_EMPTY = mark("Select a node to see its type, its quantization and its counterparts in other stages.")


class Inspector(QScrollArea):
    """The right side.

    Signals:
        node_chosen: Stage name and node id of a link that was clicked.
        source_requested: File and line to open in the user's editor.
        copied: Text for the clipboard.
        help_requested: The class or operator that is to be explained.
    """

    node_chosen = Signal(str, str)
    source_requested = Signal(str, int)
    copied = Signal(str)
    help_requested = Signal(str)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._theme = theme
        page = QFrame()
        page.setProperty("role", "side")
        self._column = QVBoxLayout(page)
        self._column.setContentsMargins(14, 14, 14, 14)
        self._column.setSpacing(6)
        self.setWidget(page)
        self._shown: tuple[Project, str, str] | None = None
        self.show_nothing()

    def set_theme(self, theme: Theme) -> None:
        """Use other colours."""
        self._theme = theme
        if self._shown is not None:
            self.show_node(*self._shown)

    def show_nothing(self) -> None:
        """Say what would be here."""
        self._shown = None
        empty(self._column)
        self._column.addWidget(section(tr("Node")))
        self._column.addWidget(
            label(
                tr(_EMPTY),
                "muted",
                wraps=True,
            )
        )
        self._column.addStretch(1)

    def show_node(self, project: Project, stage_name: str, node_id: str) -> None:
        """Show a node of a stage."""
        stage = project.stage(stage_name)
        node = next((each for each in stage.whole.nodes if each.id == node_id), None) if stage else None
        if stage is None or node is None:
            self.show_nothing()
            return
        self._shown = (project, stage_name, node_id)
        fact = project.facts(stage_name).get(node_id)
        observer = fact.observer if fact else None
        empty(self._column)
        self._add_head(node, observer, stage_name)
        self._add_why(node)
        self._add_rows(tr("Quantization"), quant_rows(node))
        self._add_range(observer)
        self._add_integers(project.integers(stage_name, node_id))
        self._add_links(project, stage_name, node_id)
        self._add_source(node)
        self._add_rows(tr("Node"), [*overlay_rows(_record(project, stage), node_id), *_facts(node)])
        self._column.addStretch(1)

    def _add_head(self, node: Node, observer: ObserverFact | None, stage_name: str) -> None:
        row = QHBoxLayout()
        row.addWidget(section(tr("Node")))
        row.addStretch(1)
        row.addWidget(button(tr("Copy name"), "link", lambda: self.copied.emit(node.id)))
        row.addSpacing(8)
        row.addWidget(button(tr("Copy facts"), "link", lambda: self.copied.emit(facts_text(node, observer))))
        self._column.addLayout(row)
        title = label(node.id, "title", wraps=True)
        title.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._column.addWidget(title)
        self._column.addWidget(label(breakable(_about(node)), "muted", wraps=True))
        self._add_help(node, stage_name)

    def _add_help(self, node: Node, stage_name: str) -> None:
        """Offer an explanation of torch's class or operator."""
        from qviz.document.api_entries import entry_of_node

        entry = entry_of_node(node, stage_name)
        if entry is not None:
            row = QHBoxLayout()
            row.addWidget(
                button(tr("About {name}", name=entry.short), "link", lambda: self.help_requested.emit(entry.name))
            )
            row.addStretch(1)
            self._column.addLayout(row)

    def _add_why(self, node: Node) -> None:
        if node.why is None:
            return
        self._column.addSpacing(8)
        self._column.addWidget(section(tr("Why")))
        frame = QFrame()
        frame.setProperty("role", "why")
        inner = QVBoxLayout(frame)
        inner.setContentsMargins(11, 8, 10, 8)
        said, source = why_text(node.why)
        inner.addWidget(label(breakable(said), wraps=True))
        inner.addWidget(label(breakable(source), "muted", wraps=True))
        self._column.addWidget(frame)

    def _add_rows(self, title: str, rows: list[Row]) -> None:
        if not rows:
            return
        self._column.addSpacing(8)
        self._column.addWidget(section(title))
        grid = QGridLayout()
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(4)
        grid.setColumnStretch(1, 1)
        for place, (name, value) in enumerate(rows):
            key = label(name, "muted")
            text = _selectable(value)
            grid.addWidget(key, place, 0, Qt.AlignmentFlag.AlignTop)
            grid.addWidget(text, place, 1)
        self._column.addLayout(grid)

    def _add_range(self, observer: ObserverFact | None) -> None:
        if observer is None:
            return
        self._add_rows(tr("Observed values"), observer_rows(observer))
        if observer.histogram is not None:
            self._column.addWidget(HistogramPlot(observer.histogram, self._theme))

    def _add_integers(self, integers: Integers | None) -> None:
        if integers is None:
            return
        rows = [
            (tr("tensor"), tensor(integers.shape, integers.dtype)),
            (tr("range"), span(integers.min, integers.max)),
        ]
        self._add_rows(tr("Quantized weight"), rows)
        self._column.addWidget(IntegersTable(integers))

    def _add_links(self, project: Project, stage: str, node_id: str) -> None:
        before, after = project.index.links_to(stage, node_id), project.index.links_from(stage, node_id)
        came = [(came_from(link, node_id), link, link.from_stage, link.from_ids) for link in before]
        went = [(became(link, node_id), link, link.to_stage, link.to_ids) for link in after]
        for title, rows in ((tr("Came from"), came), (tr("Became"), went)):
            if rows:
                self._column.addSpacing(8)
                self._column.addWidget(section(title))
            for relation, link, other, ids in rows:
                self._add_link(relation.text, link, other, ids)

    def _add_link(self, relation: str, link: Link, stage: str, ids: tuple[str, ...]) -> None:
        note = label(relation, "muted", wraps=True)
        note.setToolTip(_known_from(link))
        self._column.addWidget(note)
        for each in ids[:_LINKS_SHOWN]:
            self._column.addWidget(button(each, "link", partial(self.node_chosen.emit, stage, each)))
        if len(ids) > _LINKS_SHOWN:
            self._column.addWidget(label(tr("and {count} more", count=len(ids) - _LINKS_SHOWN), "muted"))
        if link.reason:
            self._column.addWidget(label(link.reason, "muted", wraps=True))

    def _add_source(self, node: Node) -> None:
        source = node.source
        if source is None:
            return
        self._column.addSpacing(8)
        row = QHBoxLayout()
        row.addWidget(section(tr("Source")))
        row.addStretch(1)
        row.addWidget(
            button(tr("Open in editor"), "link", lambda: self.source_requested.emit(source.file, source.line))
        )
        self._column.addLayout(row)
        frame = QFrame()
        frame.setProperty("role", "code")
        inner = QVBoxLayout(frame)
        inner.setContentsMargins(9, 7, 9, 7)
        code = _selectable(f"{source.line}  {source.code}")
        inner.addWidget(code)
        self._column.addWidget(frame)
        name = source.file.replace("\\", "/").rsplit("/", 1)[-1]
        where = label(name, "muted")
        where.setToolTip(source.file)
        self._column.addWidget(where)


def _selectable(text: str) -> QLabel:
    made = label(text, wraps=True)
    made.setFont(mono())
    made.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return made


def _record(project: Project, stage: Stage) -> StageRecord:
    findings = tuple(each for each in project.findings if each.stage == stage.name)
    summary = project.snapshot.summary if project.snapshot else {}
    return StageRecord(stage, project.facts(stage.name), findings, summary)


def _facts(node: Node) -> list[Row]:
    rows: list[Row] = [(node.op, node.target)]
    for place, value in enumerate(node.values):
        name = tr("output") if len(node.values) == 1 else tr("output {number}", number=place)
        rows.append(
            (name, tensor(value.shape, value.dtype) if value.shape else tr("scalar {dtype}", dtype=dtype(value.dtype)))
        )
    for key, given in sorted(node.attributes.items()):
        rows.append((key, shape(map(str, given)) if isinstance(given, list) else str(given)))
    return rows


def _known_from(link: Link) -> str:
    """Return how a link was found, with a sure one's confidence left out."""
    if link.confidence >= 1:
        return link.evidence
    return tr("{evidence} ({confidence} sure)", evidence=link.evidence, confidence=percent(link.confidence))


def _about(node: Node) -> str:
    known = {"kind": names.kind(node.kind.value), "type": node.module_type or node.target, "path": node.place}
    if node.inferred_path is not None:
        return tr("{kind} · {type} · {path} (inferred)", **known)
    return tr("{kind} · {type} · {path}", **known) if node.place else tr("{kind} · {type}", **known)
