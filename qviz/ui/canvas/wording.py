"""Says a box in words: for tooltips and screen readers."""

from __future__ import annotations

from html import escape

from qviz.analysis.views.view import Box
from qviz.document.graph import Graph, Node
from qviz.ui.canvas.folding_moves import can_toggle
from qviz.words import mark, names, tr
from qviz.words.formats import tensor
from qviz.words.untrusted import Untrusted

_TOGGLE = mark("Double-click or press Enter to expand or collapse")


def role(box: Box) -> str:
    """Return what a box is for."""
    return names.kind(box.kind.value) if box.kind else tr("module")


def spoken(box: Box) -> str:
    """Return a box as a screen reader says it: role, title, second row."""
    words = [tr("{role} {title}", role=role(box), title=box.title)]
    if box.subtitle:
        words = [tr("{role} {title}, {detail}", role=role(box), title=box.title, detail=box.subtitle)]
    words += [box.precision] if box.precision else []
    words += [names.kinds(badge.kind.value, badge.count) for badge in box.badges]
    if box.kind is None:
        words.append(tr("expanded") if box.is_open else tr("collapsed"))
    return ", ".join(words)


def tooltip(box: Box, graph: Graph | None) -> str:
    """Return what a box shows when the pointer rests on it, as rich text."""
    about = tr("{role} · {detail}", role=role(box), detail=box.subtitle) if box.subtitle else role(box)
    rows = [f"<b>{Untrusted(box.title).xml}</b>", Untrusted(about).xml]
    if box.precision:  # the row may have no room for it
        rows.append(Untrusted(box.precision).xml)
    node = _node(box, graph)
    if node is not None:
        rows += [Untrusted(row).xml for row in _rows(node)]
    if box.ring is not None:
        rows.append(escape(tr("Shares observer {number}", number=box.ring)))
    if len(box.members) > 1 and box.kind is not None:
        rows.append(escape(tr("Stands for {count} nodes", count=len(box.members))))
    if can_toggle(box):
        rows.append(f"<i>{escape(tr(_TOGGLE))}</i>")
    return "<br>".join(rows)


def _node(box: Box, graph: Graph | None) -> Node | None:
    if graph is None or box.kind is None:
        return None
    return next((node for node in graph.nodes if node.id == box.members[0]), None)


def _rows(node: Node) -> list[str]:
    rows = [f"{node.op} {node.target}"]
    if node.module_path:
        rows.append(f"{node.module_path} ({node.module_type})" if node.module_type else node.module_path)
    if node.values:
        rows.append(tensor(node.values[0].shape, node.values[0].dtype))
    return rows
