"""Says a box in words: for tooltips and screen readers."""

from __future__ import annotations

from html import escape

from qviz.analysis.views.view import Box
from qviz.document.graph import Graph, Kind, Node
from qviz.ui.canvas.folding_moves import can_toggle

ROLES = {
    Kind.INPUT: "input",
    Kind.OUTPUT: "output",
    Kind.CONSTANT: "constant",
    Kind.FAKE_QUANT: "fake quantize",
    Kind.OBSERVER: "observer",
    Kind.CHOOSE_QPARAMS: "choose qparams",
    Kind.QUANTIZE: "quantize",
    Kind.DEQUANTIZE: "dequantize",
    Kind.QUANTIZED_OP: "quantized operator",
    Kind.FUSED_OP: "fused operator",
    Kind.OP: "operator",
}


def role(box: Box) -> str:
    """Return what a box is for."""
    return ROLES[box.kind] if box.kind else "module"


def spoken(box: Box) -> str:
    """Return a box as a screen reader says it: role, title, second row."""
    words = [f"{role(box)} {box.title}", box.subtitle]
    words += [f"{badge.count} {ROLES[badge.kind]}" for badge in box.badges]
    if box.kind is None:
        words.append("open" if box.is_open else "folded")
    return ", ".join(word for word in words if word)


def tooltip(box: Box, graph: Graph | None) -> str:
    """Return what a box shows when the pointer rests on it, as rich text."""
    rows = [f"<b>{escape(box.title)}</b>", escape(f"{role(box)} · {box.subtitle}" if box.subtitle else role(box))]
    node = _node(box, graph)
    if node is not None:
        rows += [escape(row) for row in _rows(node)]
    if box.ring is not None:
        rows.append(f"shares observer {box.ring}")
    if len(box.members) > 1 and box.kind is not None:
        rows.append(f"stands for {len(box.members)} nodes")
    if can_toggle(box):
        rows.append("<i>double click or Enter: open or close</i>")
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
        value = node.values[0]
        rows.append("×".join(str(length) for length in value.shape) + f" {value.dtype.removeprefix('torch.')}")
    return rows
