"""A graph without groups, every node a box, its stubs cut; for qviz's layout and for dot."""

from __future__ import annotations

from qviz.analysis.views.stubs import cut_fans
from qviz.analysis.views.view import Box, Line, View
from qviz.document.graph import Graph
from qviz.layout.place import Size


def flat_view(graph: Graph) -> tuple[View, dict[str, Size]]:
    """Return a view of all nodes and edges, and sizes as their names need."""
    boxes = [Box(node.id, node.id, "", node.kind, (node.id,)) for node in graph.nodes]
    pairs = dict.fromkeys((edge.from_id, edge.to_id) for edge in graph.edges)
    lines = [Line(source, target, "", ((source, target),)) for source, target in pairs]
    cut, kept = cut_fans(boxes, lines)
    view = View(tuple(cut), tuple(kept), {box.id: box.id for box in boxes})
    return view, {box.id: Size(2 * round(3.3 * len(box.title) + 12), 28.0) for box in cut}


def in_dot(view: View, sizes: dict[str, Size]) -> bytes:
    """Return the same graph in the language of dot."""
    number = {box.id: at for at, box in enumerate(view.boxes)}
    rows = ['digraph { node [shape=box fixedsize=true label=""]; ranksep=0.5; nodesep=0.3;']
    rows += [f"{number[b]} [width={s.width / 72:.3f} height={s.height / 72:.3f}];" for b, s in sizes.items()]
    rows += [f"{number[line.from_box]} -> {number[line.to_box]};" for line in view.lines]
    return "\n".join([*rows, "}"]).encode()
