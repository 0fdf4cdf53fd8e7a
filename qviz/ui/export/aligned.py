"""Stages side by side on one axis: what survives from one to the other stands at the same height."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec.structs import replace

from qviz.analysis.views.folding import opening
from qviz.analysis.views.loud import loud_nodes
from qviz.analysis.views.projection import Projected
from qviz.analysis.views.view import Folds, View
from qviz.document.snapshot import Link, Snapshot, Stage, StageName
from qviz.layout.place import Size
from qviz.layout.places import Places
from qviz.ui.canvas.family import Family, Shared, boxes_to_measure
from qviz.ui.canvas.metrics import BoxForm, measure_in_slices
from qviz.ui.export.columns import PaneGround
from qviz.ui.export.look import PictureLook
from qviz.ui.export.pane import engine_of

SLICE = 1 << 30
"""All at once."""


class Aligned:
    """Stages of a run folded and placed as one graph.

    Args:
        family: Of these stages.
        stages: From left to right.
        folds: What is open, by the stage's name; without, the fewest folds that fit.
        has_seams: Whether what only one of two stages has is gathered in seams, where the folds want them.
    """

    def __init__(
        self, family: Family, stages: Sequence[Stage], folds: Mapping[StageName, Folds], has_seams: bool
    ) -> None:
        self._family, self._stages = family, stages
        given = [family.to_union(stage, folds[stage.name]) for stage in stages if stage.name in folds]
        opened = _together(given) if given else opening(family.tree)
        self._whole = family.folded(replace(opened, has_seams=has_seams and opened.has_seams))
        self.parts: tuple[Projected, ...] = tuple(family.of_stage(stage, self._whole) for stage in stages)

    @staticmethod
    def of(
        snapshot: Snapshot, stages: Sequence[Stage], folds: Mapping[StageName, Folds], has_seams: bool
    ) -> Aligned | None:
        """Return stages that can share an axis; None where there is one only, or they are too large or contradict."""
        names = {stage.name for stage in stages}
        if len(names) < 2:
            return None
        loud = {name: loud_nodes(snapshot.findings, name) for name in names}
        shown = {stage.name: stage for stage in stages}  # of a part, only what is drawn has a row
        every = [shown.get(stage.name, stage) for stage in snapshot.stages]
        family = Family(every, _links_among(every, snapshot), snapshot.facts, names, loud)
        return Aligned(family, stages, folds, has_seams) if family.union is not None else None

    def sizes(self, views: Sequence[View], look: PictureLook) -> dict[str, Size]:
        """Return the sizes of boxes as some views have them, which may say more; needs a QGuiApplication."""
        boxes = self._whole.view.boxes
        measured = [
            (boxes[number].id, box)
            for part, view in zip(self.parts, views, strict=True)
            for box, number in zip(view.boxes, part.boxes, strict=True)
        ]
        seen = {box_id for box_id, _ in measured}
        measured += [each for each in boxes_to_measure(self._whole) if each[0] not in seen]
        sizes: dict[str, Size] = {}
        for _ in measure_in_slices(measured, sizes, SLICE, BoxForm(look.rows)):
            pass
        return sizes

    def places(self, sizes: Mapping[str, Size], look: PictureLook, engine: str | None) -> Shared:
        """Return where the boxes and lines of all the views are."""
        whole = self._whole.view
        return Shared(self._whole, engine_of(whole, look, engine).place(whole, sizes), BoxForm(look.rows))

    def parts_of(self, shared: Shared, views: Sequence[View]) -> tuple[Places, ...]:
        """Return where the boxes and lines of each view are."""
        return tuple(
            shared.places.part(view, part.boxes, part.lines) for part, view in zip(self.parts, views, strict=True)
        )

    def grounds(self, shared: Shared) -> tuple[PaneGround, ...]:
        """Return what each of the stages shows of the other."""
        order = [next(at for at, each in enumerate(self._family.stages) if each is stage) for stage in self._stages]
        ghosts = self._family.ghosts(shared)
        return tuple(PaneGround(shared.bands(number), ghosts[number]) for number in order)


def _links_among(stages: Sequence[Stage], snapshot: Snapshot) -> Sequence[Link]:
    """Return the links of a run between nodes that are drawn; all of them where whole stages are."""
    if all(one is other for one, other in zip(stages, snapshot.stages, strict=True)):
        return snapshot.links
    there = {stage.name: frozenset(node.id for node in stage.whole.nodes) for stage in stages}
    made = []
    for link in snapshot.links:
        before = tuple(each for each in link.from_ids if each in there[link.from_stage])
        after = tuple(each for each in link.to_ids if each in there[link.to_stage])
        if before or after:
            made.append(replace(link, from_ids=before, to_ids=after))
    return made


def _together(folds: Sequence[Folds]) -> Folds:
    """Return folds that open what any of several does."""
    return Folds(
        frozenset().union(*(each.groups for each in folds)),
        frozenset().union(*(each.plumbing for each in folds)),
        frozenset().union(*(each.seams for each in folds)),
        all(each.has_seams for each in folds),
        frozenset().union(*(each.apart for each in folds)),
    )
