"""Takes rows out of a view of two stages that only one of them has: into a seam, or into the operator they became.

What the other stage has not would leave a hole there. A run of such boxes, one feeding the next, becomes one low
box, its seam. A part that an operator of the other stage took in, such as a folded batch norm, goes into the box of
that operator.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import chain

from msgspec.structs import replace

from qviz.analysis.views.view import SEAM, Box, Folds, Line, View
from qviz.document.graph import Kind

_STAYS = (Kind.INPUT, Kind.OUTPUT)


def gathered(
    view: View,
    stages: Sequence[Collection[int]],
    taken_in: Mapping[str, str],
    folds: Folds,
    loud: Collection[str] = (),
) -> View:
    """Return a view whose rows that only one stage has are gathered, but for what is open.

    Args:
        view: Of the union of two stages.
        stages: The numbers of the boxes that each of them has.
        taken_in: The node that took in another, for those of the first stage that are no longer there.
        folds: What is open: seams by any of their nodes, operators by theirs.
        loud: Nodes that no seam may hide.
    """
    if len(stages) != 2 or not folds.has_seams:
        return view
    return _Gathering(view, stages, taken_in, folds, frozenset(loud)).view()


class _Gathering:
    def __init__(
        self,
        view: View,
        stages: Sequence[Collection[int]],
        taken_in: Mapping[str, str],
        folds: Folds,
        loud: frozenset[str],
    ) -> None:
        self.whole, self.stages, self.taken_in, self.folds, self.loud = view, stages, taken_in, folds, loud
        self.numbers = {box.id: number for number, box in enumerate(view.boxes)}
        self.lines = [(self.numbers[line.from_box], self.numbers[line.to_box]) for line in view.lines]
        self.readers: defaultdict[int, list[int]] = defaultdict(list)
        self.read: defaultdict[int, list[int]] = defaultdict(list)
        for source, target in self.lines:
            self.readers[source].append(target)
            self.read[target].append(source)
        self.host: dict[int, int] = {}
        self.runs: list[list[int]] = []

    def view(self) -> View:
        self._take_in_parts()
        self.runs = list(self._acyclic(self._components()))
        boxes = dict(enumerate(self.whole.boxes))
        into: dict[str, str] = {}
        for number, host in self.host.items():
            part, whole = boxes[number], boxes[host]
            parts = (*(whole.parts or whole.members[:1]), part.members[0])
            boxes[host] = replace(whole, members=(*whole.members, *part.members), parts=parts, has_plumbing=True)
            into[part.id] = whole.id
        for run in self.runs:
            first = boxes[run[0]]
            seam = first.members[0]
            if not self.folds.seams.isdisjoint(one for each in run for one in boxes[each].members):
                boxes.update({each: replace(boxes[each], seam=seam) for each in run})
                continue
            members = tuple(one for each in run for one in boxes[each].members)
            boxes[run[0]] = Box(SEAM + seam, "", "", None, members, first.parent, seam=seam, is_seam=True)
            into.update({self.whole.boxes[each].id: SEAM + seam for each in run})
        if not into:
            return View(tuple(boxes.values()), self.whole.lines, self.whole.box_of)
        gone = {self.numbers[each] for each in into} - {run[0] for run in self.runs}
        kept = tuple(box for number, box in boxes.items() if number not in gone)
        box_of = dict(self.whole.box_of)
        for number in (*self.host, *chain.from_iterable(self.runs)):
            box = self.whole.boxes[number]
            if box.id in into:
                box_of.update((each, into[box.id]) for each in box.members if box_of[each] == box.id)
        return View(kept, tuple(_merged(self.whole.lines, into)), box_of)

    def _only_in(self, number: int) -> int | None:
        """Return the one stage that has a box, of two; None where both or none have it."""
        first, second = (number in each for each in self.stages)
        return None if first is second else 0 if first else 1

    def _take_in_parts(self) -> None:
        """Find the boxes whose nodes an operator took in that stands right before them, or before others of its."""
        for number, box in enumerate(self.whole.boxes):
            if box.kind is None or box.stub_of is not None or self._only_in(number) != 0:
                continue
            taker = self.taken_in.get(box.members[0])
            host = self.numbers[self.whole.box_of[taker]] if taker in self.whole.box_of else None
            if host is None or host == number or self._only_in(host) is not None:
                continue
            before = self.whole.boxes[host]
            if before.kind is None or before.parent != box.parent:
                continue
            if self.folds.plumbing & {before.members[0], box.members[0]}:
                continue
            if not self.folds.seams.isdisjoint(box.members):
                continue
            if self.read[number] and all(self.host.get(each, each) == host for each in self.read[number]):
                self.host[number] = host
        opened = self.folds.plumbing
        self.host = {part: host for part, host in self.host.items() if self.whole.boxes[host].members[0] not in opened}

    def _can_go(self, number: int) -> bool:
        box = self.whole.boxes[number]
        if box.is_open or box.stub_of is not None or box.kind in _STAYS or number in self.host:
            return False
        if self._only_in(number) is None or not self.loud.isdisjoint(box.members):
            return False
        # The parts of an operator that is open stand behind it, each by itself.
        if self._is_open_part(box):
            return False
        return all(self.whole.boxes[each].stub_of is None for each in self.read[number])

    def _is_open_part(self, box: Box) -> bool:
        taker = self.taken_in.get(box.members[0])
        host = self.whole.box_of.get(taker) if taker is not None else None
        return host is not None and self.whole.boxes[self.numbers[host]].members[0] in self.folds.plumbing

    def _components(self) -> list[list[int]]:
        """Return the boxes that can go, those together that feed each other and stand in one frame of one stage."""
        boxes = self.whole.boxes
        fans = {box.stub_of for box in boxes if box.stub_of is not None}
        free = [number for number, box in enumerate(boxes) if self._can_go(number) and box.id not in fans]
        joined: dict[int, list[int]] = {each: [each] for each in free}
        for source, target in self.lines:
            if source in joined and target in joined and self._are_alike(source, target):
                one, other = joined[source], joined[target]
                if one is not other:
                    one += other
                    joined.update(dict.fromkeys(other, one))
        return [sorted(each) for number, each in joined.items() if number == min(each)]

    def _are_alike(self, one: int, other: int) -> bool:
        boxes = self.whole.boxes
        return boxes[one].parent == boxes[other].parent and self._only_in(one) == self._only_in(other)

    def _acyclic(self, runs: Sequence[list[int]]) -> Iterator[list[int]]:
        """Yield the runs that can be one box each: nothing that such a box feeds feeds it in turn."""
        together = {each: run[0] for run in runs for each in run}
        edges: defaultdict[int | None, set[tuple[int, int]]] = defaultdict(set)
        for source, target in self.lines:
            frame, one, other = self._meeting(source, target)
            pair = together.get(one, one), together.get(other, other)
            if pair[0] != pair[1]:
                edges[frame].add(pair)
        tangled = set().union(*map(_tangled, edges.values()))
        for run in runs:
            if len(run) == 1 or run[0] not in tangled:
                yield run

    def _meeting(self, source: int, target: int) -> tuple[int | None, int, int]:
        """Return the innermost frame that holds both boxes, and what of it holds each."""
        one, other = self._way_out(source), self._way_out(target)
        while len(one) > 1 and len(other) > 1 and one[-1] == other[-1]:
            frame = one.pop()
            other.pop()
            if not one or not other or one[-1] != other[-1]:
                return frame, one[-1], other[-1]
        return None, one[-1], other[-1]

    def _way_out(self, number: int) -> list[int]:
        """Return a box and the frames around it, the innermost first."""
        way = [number]
        while (parent := self.whole.boxes[way[-1]].parent) is not None:
            way.append(self.numbers[parent])
        return way


def _tangled(edges: Collection[tuple[int, int]]) -> set[int]:
    """Return what lies on a cycle, or behind one."""
    waits: defaultdict[int, int] = defaultdict(int)
    after: defaultdict[int, list[int]] = defaultdict(list)
    for source, target in edges:
        waits[target] += 1
        after[source].append(target)
    free = [each for each in after if each not in waits]
    while free:
        for each in after[free.pop()]:
            waits[each] -= 1
            if waits[each] == 0:
                free.append(each)
    return {each for each, count in waits.items() if count}


def _merged(lines: Sequence[Line], into: Mapping[str, str]) -> Iterator[Line]:
    """Yield the lines between boxes of which some became one."""
    made: dict[tuple[str, str], list[Line]] = {}
    for line in lines:
        ends = into.get(line.from_box, line.from_box), into.get(line.to_box, line.to_box)
        if ends[0] != ends[1]:
            made.setdefault(ends, []).append(line)
    for (source, target), several in made.items():
        first = several[0]
        pairs = first.pairs if len(several) == 1 else tuple(pair for line in several for pair in line.pairs)
        yield Line(source, target, first.label, pairs)
