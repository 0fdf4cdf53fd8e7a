"""Cuts the lines of a box that many others read: a label beside each reader says where its value comes from."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence

from qviz.analysis.views.view import Box, Line

FAN_OUT = 8
"""From so many readers on, a box's lines become stubs; the first stays a line, so that the picture hangs together."""


def cut_fans(boxes: Sequence[Box], lines: Sequence[Line]) -> tuple[list[Box], list[Line]]:
    """Return the boxes and lines of a view, with stubs before the boxes that they feed."""
    fans = {box_id for box_id, count in Counter(line.from_box for line in lines).items() if count >= FAN_OUT}
    if not fans:
        return list(boxes), list(lines)
    by_id = {box.id: box for box in boxes}
    stubs: defaultdict[str, list[Box]] = defaultdict(list)
    kept: list[Line] = []
    seen: set[str] = set()
    for line in lines:
        if line.from_box in fans and line.from_box in seen:
            stub = _stub(by_id[line.from_box], by_id[line.to_box], line)
            stubs[line.to_box].append(stub)
            kept.append(Line(stub.id, line.to_box, "", line.pairs))
        else:
            kept.append(line)
        seen.add(line.from_box)
    return [each for box in boxes for each in (*stubs.get(box.id, ()), box)], kept


def _stub(source: Box, target: Box, line: Line) -> Box:
    return Box(
        id=f"stub:{source.id}>{target.id}",
        title=source.title,
        subtitle=line.label,
        kind=source.kind,
        members=tuple(dict.fromkeys(from_id for from_id, _ in line.pairs)),
        parent=target.parent,
        stub_of=source.id,
    )
