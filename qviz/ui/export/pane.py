"""One stage of a picture: folded, placed, in columns, and drawn by the canvas's painters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import msgspec
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPen, QPolygonF

from qviz.analysis.overlays import made
from qviz.analysis.overlays.numbers import numbers
from qviz.analysis.overlays.on_view import ViewOverlays
from qviz.analysis.overlays.overlay import Overlay, StageRecord
from qviz.analysis.views.folding import fold, opening
from qviz.analysis.views.view import Folds, View
from qviz.document.graph import Kind
from qviz.document.snapshot import Snapshot, Stage
from qviz.layout.choice import engine_for
from qviz.layout.engine import LayoutEngine
from qviz.layout.graphlay_engine import GraphlayEngine
from qviz.layout.place import Size
from qviz.layout.places import Places
from qviz.layout.spacing import TIGHT
from qviz.layout.wrap import InColumns, Join, wrap_together
from qviz.session.scopes import ScopedStage
from qviz.ui.canvas.exposure import Exposure, Marks
from qviz.ui.canvas.metrics import BoxForm, size_of
from qviz.ui.canvas.painters import GRAPH, SELECTION, paint_all
from qviz.ui.canvas.scene import Scene
from qviz.ui.canvas.shapes import qrect
from qviz.ui.export.columns import PaneGround, grounds_in_columns
from qviz.ui.export.look import PictureLook
from qviz.ui.theme import Theme
from qviz.words.formats import decibels
from qviz.words.visible import one_line

PAD = 20.0
NARROWEST = 220.0
FULL_SCALE = 1.0


class Content(NamedTuple):
    """What is drawn of one stage, before it has places."""

    part: ScopedStage
    view: View
    overlays: ViewOverlays


class Pane(NamedTuple):
    """One stage, placed.

    Attributes:
        name: The stage's.
        nodes: How many the whole stage has.
        scene: What is drawn.
        joins: Where lines go on in the next column.
        bounds: What holds all of it.
        marks: What stands out.
    """

    name: str
    nodes: int
    scene: Scene
    joins: tuple[Join, ...]
    bounds: QRectF
    marks: Marks

    @property
    def width(self) -> float:
        """The pane's width in logical pixels."""
        return max(self.bounds.width() + 2 * PAD, NARROWEST)


class ShownPane(NamedTuple):
    """A stage as it is on the screen.

    Attributes:
        scene: What is placed.
        folds: What is open.
        marks: What stands out.
    """

    scene: Scene
    folds: Folds | None
    marks: Marks


def content(snapshot: Snapshot, part: ScopedStage, look: PictureLook, folds: Folds | None = None) -> Content:
    """Return the boxes and lines of a stage, and what is laid over them."""
    stage = part.stage
    view = fold(stage.whole, folds or opening(stage.whole), snapshot.facts.get(stage.name, {}))
    return adorned(snapshot, part, look, view)


def adorned(snapshot: Snapshot, part: ScopedStage, look: PictureLook, view: View, has_columns: bool = False) -> Content:
    """Return a view with its overlays, the numbers of its quantizers, and labels or none.

    Args:
        snapshot: The run.
        part: What is drawn of the stage.
        look: How.
        view: Its boxes and lines.
        has_columns: Whether boxes show their numbers in columns, so that no text has to.
    """
    overlays = (*made(look.overlays, StageRecord.of(snapshot, part.stage)), *part.overlays)
    if look.has_numbers and part.stage.name != snapshot.stages[0].name:  # that one is float
        each = numbers(snapshot, part.stage)
        if each.nodes:
            view, overlays = view if has_columns else _numbered(view, each), (*overlays, each)
    if look.has_source:
        view = _with_source(view, part.stage)
    if not look.has_labels:
        lines = tuple(msgspec.structs.replace(line, label="") for line in view.lines)
        view = View(view.boxes, lines, view.box_of)
    return Content(part, view, ViewOverlays(view, overlays))


def _numbered(view: View, overlay: Overlay) -> View:
    """Return a view whose boxes tell their value in the second row: a color alone is not read."""
    (shown,) = ViewOverlays(view, [overlay]).shown
    boxes = []
    for box in view.boxes:
        level = shown.boxes.get(box.id)
        told = None if level is None or box.stub_of is not None else decibels(level)
        row = " · ".join(filter(None, (box.subtitle, told)))
        boxes.append(box if told is None else msgspec.structs.replace(box, subtitle=row))
    return View(tuple(boxes), view.lines, view.box_of)


def _with_source(view: View, stage: Stage) -> View:
    """Return a view whose boxes tell the line of source of their main node in the second row."""
    nodes = {node.id: node for node in stage.whole.nodes}
    boxes = []
    for box in view.boxes:
        node = nodes.get(box.members[0]) if box.kind not in (None, Kind.CONSTANT) and box.stub_of is None else None
        if node is None or node.source is None:
            boxes.append(box)
            continue
        file = one_line(node.source.file.replace("\\", "/").rsplit("/", 1)[-1])
        row = " · ".join(filter(None, (box.subtitle, f"{file}:{node.source.line}")))
        boxes.append(msgspec.structs.replace(box, subtitle=row))
    return View(tuple(boxes), view.lines, view.box_of)


def placed(content: Content, sizes: Mapping[str, Size], look: PictureLook, engine: str | None = None) -> Pane:
    """Return a stage with its places, given the sizes of its boxes."""
    view = content.view
    return arranged([content], [engine_of(view, look, engine).place(view, sizes)], look)[0]


def engine_of(view: View, look: PictureLook, name: str | None) -> LayoutEngine:
    """Return what places a view: as close as in the window where boxes have one row, which dot does not know."""
    is_tight = look.rows == 1 and name in (None, GraphlayEngine.name)
    return GraphlayEngine(TIGHT) if is_tight else engine_for(view, "picture", name)


def box_sizes(view: View, look: PictureLook) -> dict[str, Size]:
    """Return the size of each box; needs a QGuiApplication."""
    return {box.id: size_of(box, BoxForm(look.rows)) for box in view.boxes if not box.is_open}


def arranged(
    contents: Sequence[Content],
    places: Sequence[Places],
    look: PictureLook,
    shown: Sequence[ShownPane] = (),
    grounds: Sequence[PaneGround] = (),
) -> tuple[Pane, ...]:
    """Return stages that share an axis, broken into columns; as on the screen, where they are shown there."""
    columns = wrap_together([(each.view, at) for each, at in zip(contents, places, strict=True)], look.columns)
    screen: Sequence[ShownPane | None] = shown or [None] * len(contents)
    grounds = grounds or [PaneGround(each.scene.bands, each.scene.ghosts) for each in shown]
    grounds = grounds or [PaneGround()] * len(contents)
    made = [_in_columns(*each, look) for each in zip(contents, columns, screen, grounds, strict=True)]
    top, bottom = min(each.bounds.top() for each in made), max(each.bounds.bottom() for each in made)
    tall = (each.bounds.adjusted(0, top - each.bounds.top(), 0, bottom - each.bounds.bottom()) for each in made)
    return tuple(each._replace(bounds=bounds) for each, bounds in zip(made, tall, strict=True))


def _in_columns(
    content: Content, columns: InColumns, shown: ShownPane | None, ground: PaneGround, look: PictureLook
) -> Pane:
    overlays = content.overlays
    if columns.view is not content.view:
        overlays = ViewOverlays(columns.view, [each.overlay for each in overlays.shown])
    bands, ghosts = grounds_in_columns(ground, columns.columns)
    scene = Scene(columns.view, columns.places, overlays, shown.scene.rows if shown is not None else look.rows, bands)
    scene.ghosts = ghosts
    if shown is not None and look.has_numbers:
        scene.show_columns(shown.scene.columns)
    part, box_of = content.part, columns.view.box_of
    found = (frozenset(box_of[each] for each in fused if each in box_of) for fused in part.fused)
    brackets = tuple(each for each in found if len(each) > 1)
    marks = shown.marks if shown is not None else Marks(brackets=brackets)
    return Pane(part.stage.name, part.nodes, scene, columns.joins, qrect(columns.bounds), marks)


def draw(painter: QPainter, pane: Pane, theme: Theme, sight: QRectF | None = None, scale: float = FULL_SCALE) -> None:
    """Draw the graph of a pane in its own coordinates.

    Args:
        painter: Draws it.
        pane: The graph.
        theme: The colors.
        sight: Of a large graph, what is seen of it.
        scale: How large it will be seen, which tells how much of a box can be read.
    """
    area = pane.bounds.adjusted(-8, -8, 8, 8)
    area = area if sight is None else area.intersected(sight)
    if not area.isEmpty():
        paint_all((*GRAPH, *SELECTION), painter, Exposure(pane.scene, area, scale, theme, pane.marks))
    _draw_joins(painter, pane.joins, theme)
    painter.setBrush(Qt.BrushStyle.NoBrush)


def _draw_joins(painter: QPainter, joins: Sequence[Join], theme: Theme) -> None:
    """Draw where lines go on in the next column."""
    pen = QPen(theme.color("text.muted"), 1.2)
    pen.setDashPattern([1.5, 2.5])
    painter.setPen(pen)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for join in joins:
        painter.drawPolyline(QPolygonF([QPointF(*point) for point in join.route]))
