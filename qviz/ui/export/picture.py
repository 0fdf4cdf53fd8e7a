"""A picture of stages for a review: title, panes, legend."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import NamedTuple

from PySide6.QtCore import QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QPainter, QPen

from qviz.analysis.views.view import Folds
from qviz.document.snapshot import Snapshot
from qviz.layout.place import Size
from qviz.session.scopes import WHOLE, Scope, ScopedStage, parts
from qviz.ui.canvas.fonts import heading_font, subtitle_font, title_font, width
from qviz.ui.export import legend, pane
from qviz.ui.export.aligned import Aligned
from qviz.ui.export.headless import ensure_application
from qviz.ui.export.look import PictureLook
from qviz.ui.export.pane import Content, Pane, ShownPane
from qviz.ui.theme import Theme
from qviz.ui.theme import theme as theme_of
from qviz.version import __version__
from qviz.words import names, tr, trn
from qviz.words.formats import decibels, every
from qviz.words.visible import one_line, short_name

MARGIN = 24.0
HEAD = 58.0
PANE_HEAD = 34.0


class _PictureSight(NamedTuple):
    """What is seen of a picture, and how large."""

    area: QRectF | None
    scale: float


class Picture:
    """Stages of a snapshot, side by side.

    Args:
        snapshot: Where the stages are.
        stages: Their names, from left to right.
        look: How it looks.
        scope: What of each stage is drawn.
        engine: The layout engine's name; None for the best there is.
        folds: What is open, by the stage's name; without, the fewest folds that fit.
        title: The first row; without, the source.
        screen: Stages that are drawn as they are on the screen, by their names.

    Attributes:
        parts: What is drawn of each stage.

    Raises:
        QvizError: No such stage, or nothing of it is in the scope.
    """

    def __init__(  # noqa: PLR0913 - each is a word of its own to the caller
        self,
        snapshot: Snapshot,
        stages: Sequence[str],
        look: PictureLook = PictureLook(),  # noqa: B008 - a value that nobody changes
        *,
        scope: Scope = WHOLE,
        engine: str | None = None,
        folds: Mapping[str, Folds] | None = None,
        title: str | None = None,
        screen: Mapping[str, ShownPane] | None = None,
    ) -> None:
        self.parts = parts(snapshot, stages, scope)
        self.snapshot = snapshot
        self.look = look
        self.theme: Theme = theme_of(look.theme)
        self.title = short_name(title or snapshot.run.source)
        self._engine, self._scope = engine, scope
        self._folds = dict(folds or {})
        self._screen = dict(screen or {})

    @cached_property
    def contents(self) -> tuple[Content, ...]:
        """The boxes and lines of the stages, without places; needs no fonts."""
        views = [part.view for part in self._aligned.parts] if self._aligned is not None else None
        return tuple(
            pane.adorned(self.snapshot, part, self.look, views[number]) if views is not None else self._content(part)
            for number, part in enumerate(self.parts)
        )

    @cached_property
    def box_sizes(self) -> tuple[Mapping[str, Size], ...]:
        """The sizes of the boxes of those that are to be placed; makes the application that fonts need."""
        ensure_application()
        if self._aligned is not None:
            return (self._aligned.sizes([each.view for each in self.contents], self.look),)
        return tuple(
            {} if self._is_shown(each.part) else pane.box_sizes(each.view, self.look) for each in self.contents
        )

    @cached_property
    def panes(self) -> tuple[Pane, ...]:
        """The stages, placed; what two of them have stands at one height."""
        contents = self.contents
        if self._aligned is not None:
            shared = self._aligned.places(self.box_sizes[0], self.look, self._engine)
            found = self._aligned.parts_of(shared, [each.view for each in contents])
            return pane.arranged(contents, found, self.look, grounds=self._aligned.grounds(shared))
        shown = [self._screen[each.part.stage.name] for each in contents if self._is_shown(each.part)]
        if len(shown) == len(contents):
            return pane.arranged(contents, [each.scene.places for each in shown], self.look, shown)
        made = zip(contents, self.box_sizes, strict=True)
        return tuple(pane.placed(content, sizes, self.look, self._engine) for content, sizes in made)

    @property
    def count(self) -> int:
        """How many boxes are drawn."""
        return sum(len(each.view.boxes) for each in self.contents)

    @cached_property
    def size(self) -> QSizeF:
        """The whole picture's size in logical pixels."""
        inner = max(sum(each.width for each in self.panes), *self._widths_of_rows())
        tallest = max((each.bounds.height() for each in self.panes), default=0.0)
        wide = inner + 2 * MARGIN
        tall = MARGIN + self._head + PANE_HEAD + tallest + 2 * pane.PAD + self._foot(inner) + MARGIN
        return QSizeF(-(-wide // 1), -(-tall // 1))

    @property
    def subtitle(self) -> str:
        """The second row: the flow, the error of the output, the versions."""
        run, measured = self.snapshot.run, self.snapshot.measurements
        total = measured.sqnr_db.total if measured is not None and measured.sqnr_db is not None else None
        told = [tr("output SQNR {level}", level=decibels(total))] if total is not None else []
        versions = (f"{name} {version}" for name, version in sorted(run.versions.items()))
        return short_name(" · ".join(each for each in (run.flow, *told, *versions) if each))

    @property
    def identity(self) -> dict[str, str]:
        """What a file says of itself, for who finds it later; the same for the same result."""
        run = self.snapshot.run
        said = {
            "Title": self.title,
            "Description": self.subtitle,
            "Software": f"qviz {__version__}",
            "Source": run.source,
            "Flow": run.flow,
            "Stages": ", ".join(part.stage.name for part in self.parts),
            "Configuration": json.dumps(run.config, sort_keys=True, ensure_ascii=False),
        }
        return {key: one_line(text) for key, text in said.items() if text}

    @property
    def alternative(self) -> str:
        """What the picture shows, in words."""
        stages = every(names.stage(part.stage.name) for part in self.parts)
        return tr("{stages} of {source}", stages=stages, source=self.title)

    @cached_property
    def legend(self) -> tuple[legend.LegendRow, ...]:
        """The rows of the legend; none where it is not shown."""
        if not self.look.has_legend:
            return ()
        return legend.entries((each.view for each in self.contents), (each.overlays for each in self.contents))

    def draw(self, painter: QPainter, sight: QRectF | None = None, scale: float = pane.FULL_SCALE) -> None:
        """Draw everything; the painter's units are logical pixels.

        Args:
            painter: Draws it.
            sight: The part that is seen.
            scale: How large it will be seen; from far away graphs are drawn as the canvas draws them there.
        """
        size = self.size
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if not self.look.is_clear:
            painter.fillRect(QRectF(QPointF(0, 0), size), self.theme.color("canvas"))
        self._draw_head(painter)
        area = QRectF()
        for each, area in self._areas():
            self._draw_pane(painter, each, area, _PictureSight(sight, scale))
        painter.setPen(QPen(self.theme.color("border"), 1.0))
        inner = size.width() - 2 * MARGIN
        painter.drawLine(QPointF(MARGIN, MARGIN + self._head), QPointF(MARGIN + inner, MARGIN + self._head))
        foot = QRectF(MARGIN, area.bottom(), inner, self._foot(inner))
        legend.draw(painter, self.legend, foot, self.theme)

    def first_box(self) -> QPointF:
        """Return the middle of the first box of the last pane."""
        each, area = list(self._areas())[-1]
        boxes = (box for box in each.scene.view.boxes if not box.is_open)
        return next((each.scene.rect(box.id).center() + _corner(each, area) for box in boxes), area.center())

    @cached_property
    def _aligned(self) -> Aligned | None:
        """The stages, or the parts of them that are drawn, on one axis; None for what is on the screen."""
        if self._screen or not all(part.stage.whole.nodes for part in self.parts):
            return None
        is_whole = all(len(part.stage.whole.nodes) == part.nodes for part in self.parts)
        has_seams = is_whole and bool(self.snapshot.links) and not self._scope.shows_changes
        has_seams = has_seams and not self._scope.is_changes
        folds = self._folds if is_whole else {}
        return Aligned.of(self.snapshot, [part.stage for part in self.parts], folds, has_seams)

    def _content(self, part: ScopedStage) -> Content:
        if self._is_shown(part):
            scene = self._screen[part.stage.name].scene
            return pane.adorned(self.snapshot, part, self.look, scene.view, has_columns=bool(scene.columns))
        is_whole = len(part.stage.whole.nodes) == part.nodes
        folds = self._folds.get(part.stage.name) if is_whole else None
        return pane.content(self.snapshot, part, self.look, folds)

    def _is_shown(self, part: ScopedStage) -> bool:
        return part.stage.name in self._screen

    @property
    def _head(self) -> float:
        return HEAD if self.look.has_title else 0.0

    def _foot(self, room: float) -> float:
        return legend.height(self.legend, room)

    def _widths_of_rows(self) -> tuple[float, float]:
        if not self.look.has_title:
            return 0.0, 0.0
        return width(self.title, heading_font()), width(self.subtitle, subtitle_font())

    def _draw_head(self, painter: QPainter) -> None:
        if not self.look.has_title:
            return
        painter.setPen(self.theme.color("text"))
        painter.setFont(heading_font())
        painter.drawText(QPointF(MARGIN, MARGIN + 16), self.title)
        painter.setPen(self.theme.color("text.muted"))
        painter.setFont(subtitle_font())
        painter.drawText(QPointF(MARGIN, MARGIN + 36), self.subtitle)

    def _areas(self) -> Iterator[tuple[Pane, QRectF]]:
        """Yield the panes with their places, from left to right."""
        size, top = self.size, MARGIN + self._head
        body = QRectF(MARGIN, top, size.width() - 2 * MARGIN, size.height() - MARGIN - top)
        tall = body.height() - self._foot(body.width())
        spare = max(body.width() - sum(each.width for each in self.panes), 0.0) / max(len(self.panes), 1)
        left = body.left()
        for each in self.panes:
            yield each, QRectF(left, body.top(), each.width + spare, tall)
            left += each.width + spare

    def _draw_pane(self, painter: QPainter, each: Pane, area: QRectF, seen: _PictureSight) -> None:
        is_first = area.left() <= MARGIN
        if not is_first:
            painter.setPen(QPen(self.theme.color("border"), 1.0))
            painter.drawLine(area.topLeft(), area.bottomLeft())
        start = area.left() + (0.0 if is_first else 12.0)
        name = names.stage(each.name)
        painter.setPen(self.theme.color("text"))
        painter.setFont(title_font())
        painter.drawText(QPointF(start, area.top() + 22), name)
        painter.setPen(self.theme.color("text.muted"))
        painter.setFont(subtitle_font())
        painter.drawText(QPointF(start + width(name, title_font()) + 8, area.top() + 22), self._counted(each))
        heads = "      ".join(tr(column.title) for column in each.scene.columns)
        painter.drawText(area.adjusted(0, 8, -pane.PAD, 0), int(Qt.AlignmentFlag.AlignRight), heads)
        corner = _corner(each, area)
        painter.save()
        painter.translate(corner)
        sight = None if seen.area is None else seen.area.translated(-corner)
        pane.draw(painter, each, self.theme, sight, seen.scale)
        painter.restore()

    def _counted(self, each: Pane) -> str:
        """Return how many nodes a stage has, and how many of them are drawn where those are not all."""
        nodes = trn(each.nodes, "{count} node", "{count} nodes")
        shown = len(each.scene.view.box_of)
        return nodes if shown == each.nodes else tr("{count} of {nodes}", count=shown, nodes=nodes)


def _corner(each: Pane, area: QRectF) -> QPointF:
    """Return where the origin of a pane's graph is."""
    left = area.left() + (area.width() - each.bounds.width()) / 2 - each.bounds.left()
    return QPointF(left, area.top() + PANE_HEAD + pane.PAD - each.bounds.top())
