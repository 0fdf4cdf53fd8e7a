"""A picture of stages for a review: title, panes, legend."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import NamedTuple

from PySide6.QtCore import QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QPainter, QPen

from qviz.analysis.overlays import IN_PICTURES, made
from qviz.analysis.overlays.on_view import ViewOverlays
from qviz.analysis.overlays.overlay import StageRecord
from qviz.analysis.views.folding import fold, opening
from qviz.analysis.views.view import Folds
from qviz.document.snapshot import Snapshot, Stage
from qviz.errors import QvizError
from qviz.layout.choice import engine_for
from qviz.ui.canvas.exposure import Exposure
from qviz.ui.canvas.fonts import heading_font, subtitle_font, title_font, width
from qviz.ui.canvas.metrics import measure
from qviz.ui.canvas.painters import GRAPH, paint_all
from qviz.ui.canvas.scene import Scene
from qviz.ui.export import legend
from qviz.ui.export.headless import ensure_application
from qviz.ui.theme import Theme
from qviz.ui.theme import theme as theme_of
from qviz.words import names, tr, trn

MARGIN = 24.0
HEAD = 58.0
PANE_HEAD = 34.0
PANE_PAD = 20.0
NARROWEST = 220.0
FULL_SCALE = 1.0


class Pane(NamedTuple):
    """One stage, placed."""

    name: str
    nodes: int
    scene: Scene

    @property
    def width(self) -> float:
        """The pane's width in logical pixels."""
        return max(self.scene.bounds.width() + 2 * PANE_PAD, NARROWEST)


class Picture:
    """Stages of a snapshot, side by side.

    Args:
        snapshot: Where the stages are.
        stages: Their names, from left to right.
        theme: ``light``, ``dark`` or ``print``.
        scale: Pixels of a PNG per logical pixel.
        engine: The layout engine's name; None for the best there is.
        folds: What is open, by the stage's name; without, the fewest folds that fit.
        title: The first row; without, the source.

    Attributes:
        overlays: The names of what is laid over the graphs; chosen before the first use of `panes`.

    Raises:
        QvizError: No such stage.
    """

    def __init__(
        self,
        snapshot: Snapshot,
        stages: tuple[str, ...],
        theme: str = "light",
        scale: float = 1,
        engine: str | None = None,
        folds: Mapping[str, Folds] | None = None,
        title: str | None = None,
    ) -> None:
        try:
            self.stages = tuple(snapshot.stage(name) for name in stages)
        except KeyError as error:
            raise QvizError(str(error.args[0]), tr("Choose one of them.")) from error
        self.snapshot = snapshot
        self.scale = scale
        self.theme: Theme = theme_of(theme)
        self.title = title or snapshot.run.source
        self._engine = engine
        self._folds = dict(folds or {})
        self.overlays: Sequence[str] = IN_PICTURES

    @cached_property
    def panes(self) -> tuple[Pane, ...]:
        """The stages, placed; makes the application that fonts need."""
        ensure_application()
        return tuple(self._pane(stage) for stage in self.stages)

    @property
    def size(self) -> QSizeF:
        """The whole picture's size in logical pixels."""
        inner = max(sum(pane.width for pane in self.panes), *self._widths_of_rows())
        tallest = max((pane.scene.bounds.height() for pane in self.panes), default=0.0)
        wide = inner + 2 * MARGIN
        tall = MARGIN + HEAD + PANE_HEAD + tallest + 2 * PANE_PAD + legend.height(self._entries, inner) + MARGIN
        return QSizeF(-(-wide // 1), -(-tall // 1))

    @property
    def subtitle(self) -> str:
        """The second row: the flow and the versions."""
        run = self.snapshot.run
        return " · ".join([run.flow, *(f"{name} {version}" for name, version in sorted(run.versions.items()))])

    def draw(self, painter: QPainter) -> None:
        """Draw everything; the painter's units are logical pixels."""
        size = self.size
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(QRectF(QPointF(0, 0), size), self.theme.color("canvas"))
        self._draw_head(painter)
        foot = legend.height(self._entries, size.width() - 2 * MARGIN)
        body = QRectF(MARGIN, MARGIN + HEAD, size.width() - 2 * MARGIN, size.height() - 2 * MARGIN - HEAD - foot)
        self._draw_panes(painter, body)
        legend.draw(painter, self._entries, QRectF(MARGIN, body.bottom(), body.width(), foot), self.theme)

    def _pane(self, stage: Stage) -> Pane:
        folds = self._folds.get(stage.name) or opening(stage.whole)
        view = fold(stage.whole, folds, self.snapshot.facts.get(stage.name, {}))
        places = engine_for(view, "picture", self._engine).place(view, measure(view))
        overlays = ViewOverlays(view, made(self.overlays, StageRecord.of(self.snapshot, stage)))
        return Pane(stage.name, len(stage.whole.nodes), Scene(view, places, overlays))

    @cached_property
    def _entries(self) -> tuple[legend.LegendRow, ...]:
        scenes = [pane.scene for pane in self.panes]
        return legend.entries((scene.view for scene in scenes), (scene.overlays for scene in scenes))

    def _widths_of_rows(self) -> tuple[float, float]:
        return width(self.title, heading_font()), width(self.subtitle, subtitle_font())

    def _draw_head(self, painter: QPainter) -> None:
        painter.setPen(self.theme.color("text"))
        painter.setFont(heading_font())
        painter.drawText(QPointF(MARGIN, MARGIN + 16), self.title)
        painter.setPen(self.theme.color("text.muted"))
        painter.setFont(subtitle_font())
        painter.drawText(QPointF(MARGIN, MARGIN + 36), self.subtitle)

    def _draw_panes(self, painter: QPainter, body: QRectF) -> None:
        spare = max(body.width() - sum(pane.width for pane in self.panes), 0.0) / max(len(self.panes), 1)
        left = body.left()
        painter.setPen(QPen(self.theme.color("border"), 1.0))
        painter.drawLine(body.topLeft(), body.topRight())
        for index, pane in enumerate(self.panes):
            area = QRectF(left, body.top(), pane.width + spare, body.height())
            if index:
                painter.setPen(QPen(self.theme.color("border"), 1.0))
                painter.drawLine(area.topLeft(), area.bottomLeft())
            self._draw_pane(painter, pane, area)
            left = area.right()

    def _draw_pane(self, painter: QPainter, pane: Pane, area: QRectF) -> None:
        inset = 0.0 if area.left() <= MARGIN else 12.0
        name = names.stage(pane.name)
        painter.setPen(self.theme.color("text"))
        painter.setFont(title_font())
        painter.drawText(QPointF(area.left() + inset, area.top() + 22), name)
        painter.setPen(self.theme.color("text.muted"))
        painter.setFont(subtitle_font())
        at = area.left() + inset + width(name, title_font()) + 8
        painter.drawText(QPointF(at, area.top() + 22), trn(pane.nodes, "{count} node", "{count} nodes"))
        bounds = pane.scene.bounds
        painter.save()
        painter.translate(
            area.left() + (area.width() - bounds.width()) / 2 - bounds.left(),
            area.top() + PANE_HEAD + PANE_PAD - bounds.top(),
        )
        paint_all(GRAPH, painter, Exposure(pane.scene, bounds.adjusted(-1, -1, 1, 1), FULL_SCALE, self.theme))
        painter.restore()
        painter.setBrush(Qt.BrushStyle.NoBrush)
