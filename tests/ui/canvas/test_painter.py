from __future__ import annotations

import pytest
from PySide6.QtCore import QPointF, QRectF, QSizeF
from PySide6.QtGui import QImage, QPainter

from qviz.analysis.overlays.findings import SCALE
from qviz.analysis.overlays.on_view import ViewOverlays
from qviz.analysis.overlays.overlay import Overlay
from qviz.analysis.overlays.scale import Look
from qviz.analysis.views.folding import fold
from qviz.analysis.views.view import Badge, Box, Folds, View
from qviz.document.graph import Kind
from qviz.layout.graphlay_engine import GraphlayEngine
from qviz.layout.place import Point
from qviz.layout.spacing import NARROW, TIGHT
from qviz.ui.canvas import frame_title
from qviz.ui.canvas.box_text import writing
from qviz.ui.canvas.edges import Wire, pen_of
from qviz.ui.canvas.exposure import Exposure, Marks
from qviz.ui.canvas.fonts import family, subtitle_font, title_font, width
from qviz.ui.canvas.metrics import BoxForm, measure, size_of
from qviz.ui.canvas.painters import GRAPH, SELECTION, SHAPES, paint_all
from qviz.ui.canvas.painters.boxes import TextPainter
from qviz.ui.canvas.painters.overlay import draw_flag
from qviz.ui.canvas.pencil import LEFT
from qviz.ui.canvas.scene import Scene
from qviz.ui.canvas.shapes import outline
from qviz.ui.theme import theme
from tests.factories import graph, node, small_stages


def flagged(level):
    return Overlay("findings", "Findings", SCALE, {"a": level}, mark="flag")


def box_of(kind, **fields):
    return Box(id="a", title="abc", subtitle="", kind=kind, members=("a",), **fields)


def picture(box, scale=1.0, marks=None, overlays=(), layers=(*GRAPH, *SELECTION)):
    view = View((box,), (), {"a": "a"})
    scene = Scene(view, GraphlayEngine().place(view, {"a": size_of(box)}), ViewOverlays(view, overlays))
    image = QImage(200, 100, QImage.Format.Format_RGB32)
    image.fill(theme("light").color("canvas"))
    painter = QPainter(image)
    painter.scale(scale, scale)
    painter.translate(20, 20)
    paint_all(layers, painter, Exposure(scene, QRectF(-20, -20, 4000, 2000), scale, theme("light"), marks))
    painter.end()
    return image


def test_the_shipped_font_is_used(qapp):
    assert family() == "Inter"


def test_every_box_is_as_wide_as_its_text(qapp):
    for stage in small_stages():
        view = fold(stage.graph, Folds(), {})
        for box in view.boxes:
            size = measure(view)[box.id]
            assert size.width >= max(width(box.title, title_font()), width(box.subtitle, subtitle_font())) + 8


def test_open_frames_are_not_measured(qapp):
    view = fold(small_stages()[0].graph, Folds(frozenset({"block"})), {})
    assert set(measure(view)) == {box.id for box in view.boxes} - {"group:block"}


def test_a_long_title_is_shortened(qapp):
    long = Box(id="a", title="m" * 300, subtitle="", kind=Kind.OP, members=("a",))
    assert size_of(long).width < 400


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (Kind.QUANTIZE, Kind.DEQUANTIZE),
        (Kind.OP, Kind.INPUT),
        (Kind.CHOOSE_QPARAMS, Kind.QUANTIZE),
        (Kind.CONSTANT, Kind.OP),
        (Kind.OBSERVER, Kind.OP),
    ],
)
def test_roles_differ_in_shape_not_colour_alone(one, other):
    rect = QRectF(0, 0, 120, 40)
    assert outline(box_of(one), rect) != outline(box_of(other), rect)


@pytest.mark.parametrize("kind", [*Kind, None])
@pytest.mark.parametrize("scale", [0.1, 0.4, 1.0])
def test_every_role_is_drawn_at_every_level_of_detail(qapp, kind, scale):
    blank = QImage(200, 100, QImage.Format.Format_RGB32)
    blank.fill(theme("light").color("canvas"))
    assert picture(box_of(kind), scale) != blank


@pytest.mark.parametrize(
    "fields", [{"ring": 2}, {"repeat": 3}, {"badges": (Badge(Kind.OBSERVER, 2),)}, {"stub_of": "b"}]
)
def test_what_a_box_says_beside_its_title_is_drawn(qapp, fields):
    assert picture(box_of(Kind.OP, **fields)) != picture(box_of(Kind.OP))


def test_every_mark_looks_different(qapp):
    here = frozenset({"a"})
    marks = [
        Marks(),
        Marks(selected=here),
        Marks(partners=here),
        Marks(hovered=here),
        Marks(highlighted=here),
        Marks(highlighted=frozenset()),
    ]
    images = [picture(box_of(Kind.OP), marks=each) for each in marks]
    images += [picture(box_of(Kind.OP), overlays=[flagged(level)]) for level in ("info", "warning", "error")]
    assert all(one != other for index, one in enumerate(images) for other in images[:index])


def wired(*pairs):
    """Draw wires one after the other, each on a blank ground, with pens so wide; return the last picture."""
    for wire, wide in pairs:
        image = QImage(60, 60, QImage.Format.Format_RGB32)
        image.fill(theme("light").color("canvas"))
        painter = QPainter(image)
        wire.draw(painter, pen_of(Look("edge.float"), theme("light"), least=wide))
        painter.end()
    return image


def test_an_arrow_is_as_large_as_its_line_is_wide(qapp):
    route = [Point(20, 5), Point(20, 50)]
    wire = Wire(route)
    narrow, wide = wired((Wire(route), 2.0)), wired((Wire(route), 6.0))
    assert wired((wire, 2.0)) == narrow
    assert wired((wire, 2.0), (wire, 6.0)) == wide != narrow
    assert wired((wire, 6.0), (wire, 2.0)) == narrow


def test_a_line_without_length_has_no_arrow(qapp):
    here = Point(20, 20)
    assert wired((Wire([here, here]), 2.0)) == wired((Wire([]), 2.0))


def test_a_layer_that_is_appended_is_painted_on_top(qapp):
    class Stamp:
        def paint(self, painter, exposure):
            painter.fillRect(exposure.scene.rect("a"), exposure.theme.color("selection"))

    box = box_of(Kind.OP)
    plain, stamped = picture(box), picture(box, layers=(*GRAPH, *SELECTION, Stamp()))
    rect = QRectF(20, 20, size_of(box).width, size_of(box).height)
    middle = rect.center().toPoint()
    assert plain.pixelColor(middle) != theme("light").color("selection")
    assert stamped.pixelColor(middle) == theme("light").color("selection")


@pytest.mark.parametrize(("level", "has_corner"), [("warning", False), ("info", False), ("error", True)])
def test_a_flag_has_the_shape_of_its_level_everywhere(qapp, level, has_corner):
    image = QImage(14, 14, QImage.Format.Format_RGB32)
    image.fill(theme("light").color("canvas"))
    painter = QPainter(image)
    draw_flag(painter, theme("light"), QPointF(7, 7), f"level.{level}")
    painter.end()
    color = theme("light").color(f"level.{level}")
    assert image.pixelColor(1, 12) == color if level == "warning" else image.pixelColor(1, 12) != color
    assert (image.pixelColor(3, 1) == color) is has_corner


def test_badges_stand_beside_a_name_and_never_over_it(qapp):
    box = box_of(Kind.QUANTIZED_OP, badges=(Badge(Kind.DEQUANTIZE, 1),))
    for wide in range(40, 160, 3):
        said = writing(box, QSizeF(wide, 24))
        if said.badges_at is not None:
            assert said.rows[0].area.left() + width(said.rows[0].text, title_font()) <= said.badges_at.x()
            assert said.rows[0].align == LEFT


@pytest.mark.parametrize("scale", [0.54, 0.6, 0.63, 0.8, 1.0])
@pytest.mark.parametrize("spacing", [TIGHT, NARROW])
def test_the_title_of_a_frame_hides_no_edge_of_a_box(qapp, scale, spacing):
    first, second = node("a", path="net"), node("b", "a", path="net")
    view = fold(graph(first, second, groups={"net": "Net"}), Folds(frozenset({"net"})), {})
    assert any(each.is_open for each in view.boxes)
    sizes = {each.id: size_of(each, BoxForm(1)) for each in view.boxes if not each.is_open}
    scene = Scene(view, GraphlayEngine(spacing).place(view, sizes))
    area = scene.bounds.adjusted(-20, -20, 20, 20)
    image = QImage(600, 400, QImage.Format.Format_RGB32)
    image.fill(theme("light").color("canvas"))
    painter = QPainter(image)
    painter.scale(scale, scale)
    painter.translate(-area.topLeft())
    exposure = Exposure(scene, area, scale, theme("light"))
    paint_all(SHAPES, painter, exposure)
    bare = image.copy()
    paint_all((TextPainter(),), painter, exposure)
    painter.end()
    edge = min((scene.rect(each) for each in sizes), key=lambda each: each.top()).translated(-area.topLeft())
    rows = range(round(edge.left() * scale), round(edge.right() * scale))
    top = round(edge.top() * scale)
    assert image != bare
    assert all(image.pixel(x, top) == bare.pixel(x, top) for x in rows)


def test_the_title_of_a_frame_is_written_only_where_it_is_seen(qapp, monkeypatch):
    view = fold(small_stages()[0].graph, Folds(frozenset({"block"})), {})
    scene = Scene(view, GraphlayEngine().place(view, measure(view)))
    written: list[str] = []
    monkeypatch.setattr(frame_title, "draw_frame_title", lambda _painter, box, *_rest: written.append(box.id))
    image, frame = QImage(10, 10, QImage.Format.Format_RGB32), scene.rect("group:block")
    for scale in (0.4, 1.0):
        for area, titles in (
            (QRectF(frame.left(), frame.top(), 9, 9), ["group:block"]),
            (QRectF(frame.left(), frame.top() - 12, 9, 9), ["group:block"]),
            (QRectF(frame.left(), frame.center().y() + 40, 9, 9), []),
        ):
            written.clear()
            painter = QPainter(image)
            TextPainter().paint(painter, Exposure(scene, area, scale, theme("light")))
            painter.end()
            assert written == titles
