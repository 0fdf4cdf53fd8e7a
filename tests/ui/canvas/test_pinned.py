"""What is written on seams and frames keeps to what is seen of them."""

from __future__ import annotations

from typing import NamedTuple

import pytest
from PySide6.QtCore import QPointF, QRectF
from pytestqt.qtbot import QtBot

from qviz.analysis.linking.links import link_stages
from qviz.analysis.views.view import Folds
from qviz.ui.canvas.camera import Camera
from qviz.ui.canvas.family import Family
from qviz.ui.canvas.fonts import subtitle_font, width
from qviz.ui.canvas.metrics import SEAM_SIGN
from qviz.ui.canvas.painters.pinned import seam_words
from qviz.ui.canvas.pencil import Pencil
from qviz.ui.canvas.scene import Scene
from qviz.ui.canvas.view import GraphCanvas
from tests.ui.canvas.test_joining import layers

FULL, SHORT = "1 cast only in Converted", "1 cast"
WIDE, HIGH = 260, 500


def long(text: str) -> float:
    return width(f"{SEAM_SIGN} {text}", subtitle_font())


@pytest.mark.parametrize(
    ("line", "left", "right", "said"),
    [
        (200.0, 0.0, 500.0, FULL),  # right of its line
        (200.0, 0.0, 330.0, FULL),  # left of it
        (60.0, 0.0, 130.0, SHORT),  # no room for more on either side
        (-300.0, 0.0, 500.0, FULL),  # the line is out of sight
        (900.0, 0.0, 500.0, FULL),
    ],
)
def test_the_words_of_a_seam_are_in_what_is_seen_and_not_on_its_line(qapp, line, left, right, said):
    text, start = seam_words((FULL, SHORT), line, left, right)
    assert text == f"{SEAM_SIGN} {said}"
    assert left <= start
    assert start + long(said) <= right
    assert start > line or start + long(said) < line


def test_words_that_have_no_room_at_all_are_cut(qapp):
    text, start = seam_words((FULL, SHORT), 20.0, 0.0, 40.0)
    assert "…" in text
    assert start == 0.0


class Written(NamedTuple):
    """A text with where it stands, in pixels of the widget."""

    text: str
    place: QRectF


@pytest.fixture
def written(monkeypatch) -> list[Written]:
    found: list[Written] = []
    write = Pencil.write

    def noted(pencil: Pencil, text: str, font, color, area: QRectF, align) -> None:
        place = QRectF(pencil.painter.worldTransform().mapRect(area))
        place.setWidth(min(place.width(), width(text, font)))
        found.append(Written(text, place))
        write(pencil, text, font, color, area, align)

    monkeypatch.setattr(Pencil, "write", noted)
    return found


@pytest.fixture
def canvas(qtbot: QtBot) -> GraphCanvas:
    """Three open layers in an open list, each with two casts that only this stage has, in a pane narrower than they."""
    before, after = layers(3, False), layers(3, True)
    made = GraphCanvas()
    qtbot.addWidget(made.surface)
    made.surface.resize(WIDE, HIGH)
    made.surface.show()
    with qtbot.waitSignal(made.laid_out):
        folds = Folds(groups=frozenset({"layers", *(f"layers.{number}" for number in range(3))}))
        made.show_stage(after, {}, folds, Family((before, after), link_stages(before, after), {}))
    return made


def seen(canvas: GraphCanvas, written: list[Written], camera: Camera) -> list[Written]:
    written.clear()
    canvas.viewport.set_camera(camera)
    canvas.surface.grab()
    return [each for each in written if each.place.intersects(QRectF(0, 0, WIDE, HIGH))]


def scene_of(canvas: GraphCanvas) -> Scene:
    assert canvas.scene is not None
    return canvas.scene


@pytest.mark.parametrize("push", [-150.0, -60.0, 60.0, 150.0])
def test_seams_and_frames_beyond_the_edge_of_the_pane_are_named_in_it(canvas: GraphCanvas, written, push):
    scene = scene_of(canvas)
    frame, scale = scene.rect("group:layers.1"), 1.5
    middle = Camera(scale).centred(frame, WIDE, HIGH)
    said = seen(canvas, written, middle.moved(push, 0.0))
    seams = [each for each in said if "only in" in each.text]
    titles = [each for each in said if each.text == "1"]
    assert seams
    assert titles
    for each in (*seams, *titles):
        assert each.place.left() >= 0.0
        assert each.place.right() <= WIDE


def test_a_frame_that_is_seen_from_side_to_side_has_one_title(canvas: GraphCanvas, written):
    frame = scene_of(canvas).rect("group:layers.1")
    said = seen(canvas, written, Camera(0.6).centred(frame, WIDE, HIGH))
    assert [each.text for each in said].count("1") == 1


def test_a_click_anywhere_on_the_band_of_a_seam_is_one_on_the_seam(canvas: GraphCanvas):
    scene = scene_of(canvas)
    seam = next(box for box in scene.view.boxes if box.is_seam)
    rect = scene.rect(seam.id)
    assert scene.box_at(QPointF(rect.right() + 300.0, rect.center().y())) is seam
    assert scene.box_at(QPointF(rect.right() + 300.0, rect.bottom() + 20.0)) is None
