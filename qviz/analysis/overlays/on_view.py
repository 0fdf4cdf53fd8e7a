"""Overlays on a view: which values its boxes and lines show."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from itertools import chain

from qviz.analysis.overlays.overlay import LegendEntry, Overlay, legend
from qviz.analysis.overlays.scale import Amount, Categories, Look
from qviz.analysis.views.view import View

PLAIN = Look("edge.float")
"""A line that no overlay speaks of."""


class OverlayOnView:
    """One overlay, with the value of each box and line of a view.

    Attributes:
        overlay: What is shown.
        boxes: Values by box id; only those of an overlay that marks nodes.
        findings: How many a box holds, by its id.
        has_widths: Whether the width of any line says something.
        looks: By the line's number; empty for an overlay that speaks of no edges.
    """

    def __init__(self, overlay: Overlay, view: View) -> None:
        self.overlay = overlay
        self.boxes = _on_boxes(overlay, view) if overlay.mark != "none" else {}
        box_of = view.box_of
        inside = ({box_of[each] for each in nodes if each in box_of} for nodes in overlay.findings)
        self.findings: Mapping[str, int] = Counter(chain.from_iterable(inside))
        self.lines = _on_lines(overlay, overlay.edges, view)
        widths = _on_lines(overlay, overlay.widths, view) or [None] * len(self.lines)
        self.has_widths = any(each is not None for each in widths)
        drawn = [*zip(self.lines, widths, strict=True)]
        look = {each: _look(overlay, *each) for each in set(drawn)}
        self.looks = [look[each] for each in drawn]


def legend_of(shown: Sequence[OverlayOnView]) -> tuple[LegendEntry, ...]:
    """Return the rows of the legend for one overlay on several views."""
    lines = {value for each in shown for value in each.lines if value is not None}
    boxes = {value for each in shown for value in each.boxes.values()}
    return legend(shown[0].overlay, lines, boxes, any(each.has_widths for each in shown))


class ViewOverlays:
    """All overlays that are shown on a view, the uppermost last.

    Attributes:
        shown: Each overlay on the view.
        looks: How each line is drawn, by its number; the uppermost overlay with a value decides.
        is_plain: Whether the colors of roles give way.
    """

    def __init__(self, view: View, overlays: Sequence[Overlay], known: ViewOverlays | None = None) -> None:
        """Find the values of a view.

        Args:
            view: The boxes and lines.
            overlays: What to show.
            known: Others on the same view, whose work is used again for the overlays that are the same.
        """
        had: dict[int, OverlayOnView] = {id(each.overlay): each for each in known.shown} if known else {}
        shown = (had.get(id(each)) or OverlayOnView(each, view) for each in overlays)
        self.shown: tuple[OverlayOnView, ...] = tuple(shown)
        with_lines = tuple(each.looks for each in self.shown if each.looks)
        before = tuple(each.looks for each in known.shown if each.looks) if known else None
        if known and before is not None and [*map(id, before)] == [*map(id, with_lines)]:
            looks = known.looks  # the same object: what was recorded with these looks still holds
        else:
            looks = _uppermost(len(view.lines), with_lines)
        self.looks: Sequence[Look] = looks
        self.is_plain = any(each.overlay.is_plain for each in self.shown)

    def findings_in(self, box_id: str) -> int:
        """Return how many of the findings that are shown speak of what a box holds."""
        return sum(each.findings.get(box_id, 0) for each in self.shown)

    def are(self, overlays: Sequence[Overlay]) -> bool:
        """Return whether these overlays are shown, and no others."""
        return [*map(id, overlays)] == [id(each.overlay) for each in self.shown]


def _uppermost(count: int, layers: Sequence[Sequence[Look | None]]) -> list[Look]:
    found = [PLAIN] * count
    for layer in layers:
        found = [look or below for look, below in zip(layer, found, strict=True)]
    return found


def _on_boxes(overlay: Overlay, view: View) -> dict[str, Amount]:
    box_of = view.box_of
    if overlay.mark == "outline":
        return _outlined(overlay, view)
    values: defaultdict[str, list[Amount]] = defaultdict(list)
    for node_id, value in overlay.nodes.items():
        if node_id in box_of:
            values[box_of[node_id]].append(value)
    merged = ((box_id, overlay.scale.merged(each)) for box_id, each in values.items())
    return {box_id: value for box_id, value in merged if value is not None}


def _outlined(overlay: Overlay, view: View) -> dict[str, Amount]:
    """Return what a box is as a whole: its main node, or if that is as it was, what stands for a part that is not."""
    mixed = overlay.scale.mixed if isinstance(overlay.scale, Categories) else None
    found: dict[str, Amount] = {}
    for box in view.boxes:
        values = [overlay.nodes[each] for each in box.members if each in overlay.nodes]
        if not values or box.is_open or box.stub_of is not None:
            continue
        is_one = box.kind is not None and box.members[0] in overlay.nodes
        is_whole = len(values) == len(box.members) and len(set(values)) == 1
        value = overlay.nodes[box.members[0]] if is_one else values[0] if is_whole else mixed
        if value is not None:
            found[box.id] = value
    return found


def _look(overlay: Overlay, value: Amount | None, width: Amount | None) -> Look | None:
    if value is None:
        return None
    look, scale = overlay.scale.look(value), overlay.scale
    return look if width is None or isinstance(scale, Categories) else look._replace(width=scale.width(width))


def _on_lines(overlay: Overlay, edges: Mapping[tuple[str, str], Amount], view: View) -> list[Amount | None]:
    """Return what some edges say of each line; nothing where they say nothing at all."""
    if not edges:
        return []
    get, merged = edges.get, overlay.scale.merged
    found: list[Amount | None] = []
    for line in view.lines:
        if len(line.pairs) == 1:  # as most lines: this is done for every line of a large graph
            found.append(get(line.pairs[0]))
            continue
        values = {get(pair) for pair in line.pairs}
        found.append(values.pop() if len(values) == 1 else merged(each for each in values if each is not None))
    return found
