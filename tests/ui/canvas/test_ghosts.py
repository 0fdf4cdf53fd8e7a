"""While changes are shown, what only one of two stages has shows at its place in the other, too."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QRectF, QSizeF
from PySide6.QtGui import QImage, QPainter

from qviz.analysis.overlays.changes import changed
from qviz.analysis.overlays.on_view import ViewOverlays
from qviz.analysis.views.ticks import ABSENT, FLOAT, Ticks, recolored, squeezed
from qviz.analysis.views.view import Folds
from qviz.layout.graphlay_engine import GraphlayEngine
from qviz.layout.place import Point, Size
from qviz.layout.spacing import TIGHT
from qviz.layout.wrap import ColumnSpan
from qviz.ui.canvas.beside import free_room
from qviz.ui.canvas.exposure import Detail, Exposure, Marks
from qviz.ui.canvas.family import Family, Shared, boxes_to_measure
from qviz.ui.canvas.metrics import BoxForm, measure_in_slices
from qviz.ui.canvas.painters import GRAPH, SELECTION, paint_all
from qviz.ui.canvas.scene import Scene
from qviz.ui.export.columns import PaneGround, grounds_in_columns
from qviz.ui.theme import theme
from tests.two_stages import AFTER, BEFORE, LINKS

FORM = BoxForm(1)


@pytest.fixture
def scenes(qapp) -> tuple[Scene, Scene]:
    family = Family((BEFORE, AFTER), LINKS, {})
    whole = family.folded(Folds(groups=frozenset({"m"}), has_seams=False))
    sizes: dict[str, Size] = {}
    assert list(measure_in_slices(boxes_to_measure(whole), sizes, 10**6, FORM)) == []
    shared = Shared(whole, GraphlayEngine(TIGHT).place(whole.view, sizes), FORM)
    overlays = changed((BEFORE, AFTER), LINKS, "a", "b").overlays
    found = []
    for stage, part, ghosts in zip((BEFORE, AFTER), whole.stages, family.ghosts(shared), strict=True):
        places = shared.places.part(part.view, part.boxes, part.lines)
        scene = Scene(part.view, places, ViewOverlays(part.view, [overlays[stage.name]]), rows=1)
        scene.ghosts = ghosts
        found.append(scene)
    return found[0], found[1]


def painted(scene: Scene, marks: Marks | None = None) -> QImage:
    area = scene.bounds.adjusted(-120, -20, 120, 20)
    image = QImage(area.size().toSize(), QImage.Format.Format_RGB32)
    image.fill(theme("light").color("canvas"))
    painter = QPainter(image)
    painter.translate(-area.topLeft())
    paint_all((*GRAPH, *SELECTION), painter, Exposure(scene, area, 1.0, theme("light"), marks))
    painter.end()
    return image


def test_a_fused_operator_stands_over_the_rows_of_its_parts(scenes):
    before, after = scenes
    (fused,) = after.ghosts.fused.values()
    assert fused.box_id == "conv"
    assert [(each.title, each.detail) for each in fused.parts] == [("m.1", "in the weight"), ("m.2", "in the op")]
    for part, old in zip(fused.parts, ("bn", "relu"), strict=True):
        assert part.rect == before.rect(old), "at its old place"
        assert fused.rect.contains(part.rect)
    assert after.ghosts.alone == ()
    assert after.box_at(fused.parts[1].rect.center()) is after.box["conv"], "a click there is one on the operator"


def test_what_is_fused_says_into_what(scenes):
    before, _ = scenes
    assert set(before.ghosts.fused_into) == {"conv", "bn", "relu"}
    assert set(before.ghosts.fused_into.values()) == {scenes[1].box["conv"].title}


def test_what_came_is_told_where_it_will_be(scenes):
    before, after = scenes
    assert [each.title for each in before.ghosts.alone] == ["quantize", "dequantize"] * 2
    assert [each.rect for each in before.ghosts.alone] == [after.rect(each) for each in ("q", "dq", "q2", "dq2")]


def test_ghosts_show_with_changes_alone(scenes):
    _, after = scenes
    part = next(iter(after.ghosts.fused.values())).parts[0]
    with_changes = painted(after)
    plain = Scene(after.view, after.places, rows=1)
    plain.ghosts = after.ghosts
    assert painted(plain) != with_changes
    assert plain.box_at(part.rect.center()) is None


def test_words_beside_boxes_stand_on_nothing(scenes):
    before, _ = scenes
    exposure = Exposure(before, before.bounds.adjusted(-120, 0, 120, 0), 1.0, theme("light"))
    taken: list[QRectF] = []
    for _ in range(6):
        free_room(exposure, before.rect("conv"), QSizeF(60, 18), taken)
    assert 2 <= len(taken) < 6
    for at, room in enumerate(taken):
        assert not any(room.intersects(other) for other in taken[:at])
        assert not any(before.rect(box.id).intersects(room) for box in before.view.boxes if not box.is_open)
    narrow = Exposure(before, before.rect("conv"), 1.0, theme("light"))
    assert free_room(narrow, before.rect("conv"), QSizeF(60, 18), []) is None, "nor out of sight"


def test_brackets_say_what_they_became(scenes):
    before, _ = scenes
    brackets = Marks(brackets=(frozenset({"conv", "bn", "relu"}),))
    told = painted(before, brackets)
    before.ghosts = before.ghosts._replace(fused_into={})
    assert painted(before, brackets) != told


def test_the_rail_shows_changes_however_small_it_is():
    column = Ticks(tuple([FLOAT] * 100), {}, (*(f"n{number}" for number in range(99)), None))
    changed_ticks = recolored(column, {"n40": "change.removed"})
    assert changed_ticks.tokens[40] == "change.removed"
    assert changed_ticks.tokens[99] == ABSENT
    assert set(changed_ticks.tokens[:40]) == {FLOAT}
    assert squeezed(changed_ticks.tokens, 10)[4] == "change.removed"


def test_from_far_away_changes_are_the_outlines_of_blocks(scenes):
    before, after = scenes
    for highlighted in (None, frozenset({"q2"})):
        marks = Marks(highlighted=highlighted)
        assert far(after, marks) != far(Scene(after.view, after.places, rows=1), marks)
    assert far(before, Marks()) == far(Scene(before.view, before.places, rows=1), Marks()), "brackets say it there"


def far(scene: Scene, marks: Marks) -> QImage:
    """Return a scene at a scale at which it is blocks."""
    image = QImage(200, 200, QImage.Format.Format_RGB32)
    image.fill(0xFFFFFF)
    painter = QPainter(image)
    painter.scale(0.2, 0.2)
    painter.translate(-scene.bounds.topLeft())
    exposure = Exposure(scene, scene.bounds, 0.2, theme("light"), marks)
    assert exposure.detail is Detail.BLOCKS
    paint_all((*GRAPH, *SELECTION), painter, exposure)
    painter.end()
    return image


def test_what_stands_at_another_height_in_a_column_is_found_there(scenes):
    before, after = scenes
    whole = before.ghosts if before.ghosts.alone else after.ghosts
    assert whole.alone
    cut = whole.alone[0].rect.top() - 1.0
    spans = [
        ColumnSpan(-1e6, cut, Point(0.0, 0.0), -1e6, 1e6),
        ColumnSpan(cut, 1e6, Point(500.0, -10_000.0), -1e6, 1e6),
    ]
    moved = grounds_in_columns(PaneGround((), whole), spans).ghosts
    assert len(moved.alone) == len(whole.alone)
    for ghost in moved.alone:
        assert ghost in moved.alone_in(ghost.rect)
    for fused in moved.fused.values():
        assert fused in moved.fused_in(fused.rect)
