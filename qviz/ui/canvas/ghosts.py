"""What only the stage beside has, at its place: ghosts of what is gone, and boxes over what they took in."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from typing import NamedTuple

from PySide6.QtCore import QRectF

from qviz.analysis.regions import function_name
from qviz.analysis.views.projection import Whole
from qviz.analysis.views.view import Box
from qviz.document.graph import Node, NodeId
from qviz.layout.near import hull
from qviz.layout.place import Rect
from qviz.layout.places import Places
from qviz.ui.canvas.shapes import qrect
from qviz.words import tr

AROUND = 6.0
"""From the parts of a fused operator to the border of the box around all of them."""


class Ghost(NamedTuple):
    """What the stage beside has there.

    Attributes:
        rect: Its place.
        title: What it is called there.
        detail: Where it went, for a part of a fused operator.
    """

    rect: QRectF
    title: str
    detail: str = ""


class FusedBox(NamedTuple):
    """An operator that took in others, drawn over the rows of all of them.

    Attributes:
        box_id: Its own box.
        rect: What all of them take up.
        parts: Those that it took in.
    """

    box_id: str
    rect: QRectF
    parts: tuple[Ghost, ...]


class _Heights(NamedTuple):
    """Upper edges from the top, and the greatest height: those in sight are found without a look at the others."""

    tops: Sequence[float]
    tallest: float

    @classmethod
    def of(cls, found: Sequence[Ghost] | Sequence[FusedBox]) -> _Heights:
        rects = [each.rect for each in found]
        return cls([each.top() for each in rects], max((each.height() for each in rects), default=0.0))

    def meeting(self, area: QRectF) -> slice:
        """Return which of them may be at the height of an area."""
        return slice(bisect_left(self.tops, area.top() - self.tallest), bisect_right(self.tops, area.bottom()))


class Ghosts(NamedTuple):
    """All of one stage.

    Attributes:
        is_later: Whether it is the later of two: what it lacks is gone, not yet to come.
        alone: What it lacks, from the top.
        fused: Its operators that took in others, from the top, by the id of their box.
        fused_into: In the earlier stage: what boxes are fused into, by their id.
        heights: Where those alone and those fused are, for `alone_in` and `fused_in`.
    """

    is_later: bool
    alone: tuple[Ghost, ...]
    fused: Mapping[str, FusedBox]
    fused_into: Mapping[str, str]
    heights: tuple[_Heights, _Heights]

    @classmethod
    def of(
        cls,
        is_later: bool,
        alone: Iterable[Ghost],
        fused: Iterable[FusedBox] = (),
        fused_into: Mapping[str, str] | None = None,
    ) -> Ghosts:
        """Return ghosts that stand anywhere."""
        from_top = sorted(alone, key=lambda each: each.rect.top())
        boxes = sorted(fused, key=lambda each: each.rect.top())
        heights = _Heights.of(from_top), _Heights.of(boxes)
        return cls(is_later, tuple(from_top), {each.box_id: each for each in boxes}, fused_into or {}, heights)

    def moved_to(self, alone: Iterable[Ghost], fused: Iterable[FusedBox]) -> Ghosts:
        """Return the same ghosts in other places."""
        return self.of(self.is_later, alone, fused, self.fused_into)

    def alone_in(self, area: QRectF) -> list[Ghost]:
        """Return those of an area."""
        return [each for each in self.alone[self.heights[0].meeting(area)] if each.rect.intersects(area)]

    def fused_in(self, area: QRectF) -> list[FusedBox]:
        """Return those of an area."""
        rows = self.heights[1].meeting(area)
        return [each for each in islice(self.fused.values(), rows.start, rows.stop) if each.rect.intersects(area)]


NO_GHOSTS = Ghosts.of(is_later=True, alone=())


def find_ghosts(
    whole: Whole, places: Places, taken_in: Mapping[NodeId, NodeId], nodes: Mapping[NodeId, Node]
) -> tuple[Ghosts, Ghosts]:
    """Return the ghosts of two stages.

    Args:
        whole: Their views, and that of their union.
        places: Of the union.
        taken_in: What nodes of the union were taken in by.
        nodes: Of the earlier stage.
    """
    before, after = (dict(zip(part.boxes, part.view.boxes, strict=True)) for part in whole.stages)
    hosted: defaultdict[int, list[int]] = defaultdict(list)
    numbers = {box.id: number for number, box in enumerate(whole.view.boxes)}
    gone = [number for number, box in before.items() if number not in after and _is_drawn(box)]
    come = [number for number, box in after.items() if number not in before and _is_drawn(box)]
    for number in gone:
        taker = taken_in.get(whole.view.boxes[number].members[0])
        host = numbers[whole.view.box_of[taker]] if taker in whole.view.box_of else None
        if host is not None and host in after and host in before and after[host].kind is not None:
            hosted[host].append(number)
    rects = {number: places.rect(number) for number in (*gone, *come, *hosted)}
    tall = {
        host: around
        for host, parts in hosted.items()
        if _is_free(around := hull([rects[host], *(rects[part] for part in parts)]), {host, *parts}, whole, places)
    }
    inside = {part for host in tall for part in hosted[host]}
    fused = [
        FusedBox(
            after[host].id,
            qrect(around).adjusted(-AROUND, 0.0, AROUND, AROUND),
            tuple(_part(before[part], rects[part], nodes) for part in hosted[host]),
        )
        for host, around in sorted(tall.items(), key=lambda each: each[1].y)
    ]
    fused_into = {before[number].id: after[host].title for host, parts in hosted.items() for number in (host, *parts)}
    coming = _alone(come, after, rects)
    going = _alone([each for each in gone if each not in inside], before, rects)
    return Ghosts.of(False, coming, (), fused_into), Ghosts.of(True, going, fused)


def _is_drawn(box: Box) -> bool:
    return not box.is_open and not box.is_seam and box.stub_of is None


def _alone(numbers: Sequence[int], boxes: Mapping[int, Box], rects: Mapping[int, Rect]) -> list[Ghost]:
    return [Ghost(qrect(rects[number]), boxes[number].title) for number in numbers]


def _part(box: Box, rect: Rect, nodes: Mapping[NodeId, Node]) -> Ghost:
    node = nodes.get(box.members[0])
    # What a batch norm does is in the numbers of the weight; other operators are done by the fused one.
    is_folded = node is not None and "batch_norm" in function_name(node).replace("batchnorm", "batch_norm")
    return Ghost(qrect(rect), box.title, tr("in the weight") if is_folded else tr("in the op"))


def _is_free(around: Rect, mine: set[int], whole: Whole, places: Places) -> bool:
    """Return whether nothing else stands where a box over several rows would be."""
    for number in places.within(around).boxes:
        rect = places.rect(number)
        meets = rect.x < around.right and around.x < rect.right and rect.y < around.bottom and around.y < rect.bottom
        if number in mine or not meets:
            continue
        holds = rect.x <= around.x and around.right <= rect.right and rect.y <= around.y
        if not (whole.view.boxes[number].is_open and holds and around.bottom <= rect.bottom):
            return False
    return True
