"""Paints the values of overlays at boxes: flags at their corners, bars under them."""

from __future__ import annotations

from collections.abc import Iterator

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPen

from qviz.analysis.overlays.on_view import OverlayOnView
from qviz.analysis.overlays.scale import Amount, Categories
from qviz.analysis.views.view import Box
from qviz.document.snapshot import Level
from qviz.ui.canvas import shapes
from qviz.ui.canvas.exposure import Detail, Exposure
from qviz.ui.canvas.level_shape import SIDE as FLAG
from qviz.ui.canvas.level_shape import draw_level
from qviz.ui.canvas.metrics import SEAM_OVER
from qviz.ui.canvas.painters.boxes import draw_disc
from qviz.ui.canvas.painters.chips import draw_chips
from qviz.ui.canvas.scene import ON_BLOCKS
from qviz.ui.theme import Theme

BAR = 5.0
"""The height of a bar."""
SIDE = 9.0
"""The width of a bar at the side."""
OUTLINE = 2.4
BESIDE_FLAG = 17.0
"""From a flag to the sign of what changed."""


class OverlayShapePainter:
    """Values that grow with the zoom: bars and outlines. From far away they are the colors of blocks."""

    def paint(self, painter: QPainter, exposure: Exposure) -> None:
        """Paint each overlay that marks nodes so."""
        if exposure.detail is Detail.BLOCKS:
            return
        for each in exposure.overlays.shown:
            if not each.boxes:
                continue
            if each.overlay.mark == "bar":
                _draw_bars(painter, exposure, each)
            elif each.overlay.mark == "side":
                _draw_sides(painter, exposure, each)
            elif each.overlay.mark == "outline":
                _draw_outlines(painter, exposure, each)


class OverlayPainter:
    """Values that have one size at every zoom: flags, signs, chips. Those of edges are the lines' own look."""

    def paint(self, painter: QPainter, exposure: Exposure) -> None:
        """Paint each overlay that marks nodes so."""
        for each in exposure.overlays.shown:
            if not each.boxes:
                continue
            if each.overlay.mark == "outline":
                _draw_signs(painter, exposure, each)
            elif each.overlay.mark == "chip":
                draw_chips(painter, exposure, each)
            elif each.overlay.mark not in ON_BLOCKS and exposure.detail is not Detail.BLOCKS:
                _draw_flags(painter, exposure, each)


def _draw_flags(painter: QPainter, exposure: Exposure, shown: OverlayOnView) -> None:
    with exposure.in_pixels(painter):
        for box in exposure.in_sight.boxes:
            value = shown.boxes.get(box.id)
            if value is not None:
                rect = exposure.on_screen(exposure.rect(box.id))
                corner = rect.topRight() + QPointF(-1, 2) if box.ring is None else rect.topLeft() + QPointF(6, 1)
                draw_flag(painter, exposure.theme, corner, shown.overlay.scale.look(value).token)


def draw_flag(painter: QPainter, theme: Theme, middle: QPointF, token: str) -> None:
    """Draw the shape of a level, the same as in lists and on the overview; for any other color a disc."""
    level = next((each.value for each in Level if token == f"level.{each.value}"), "")
    if not level:
        draw_disc(painter, theme, middle, "!", theme.color(token), is_ring=False)
        return
    corner = middle - QPointF(FLAG / 2, FLAG / 2)
    painter.translate(corner)
    draw_level(painter, level, theme.color(token))
    painter.translate(-corner)


def _draw_sides(painter: QPainter, exposure: Exposure, shown: OverlayOnView) -> None:
    """Fill the left end of each box that has a value."""
    painter.save()
    for box in exposure.in_sight.boxes:
        value = shown.boxes.get(box.id)
        if value is None or box.is_open or box.is_seam:
            continue
        rect = exposure.rect(box.id)
        front = shapes.card(rect) if box.kind is None else rect
        exposure.dim(painter, box.id)
        painter.save()
        end = QRectF(front.left() - 1.0, front.top(), SIDE / exposure.scale, front.height())
        painter.setClipRect(end, Qt.ClipOperation.IntersectClip)  # tiles have a clip of their own
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(exposure.theme.color(shown.overlay.scale.look(value).token))
        exposure.shift(painter, box.id)
        painter.drawPath(exposure.outline(box, exposure.scene.rect(box.id)))
        exposure.shift(painter, box.id, forth=False)
        painter.restore()
    painter.restore()


def _draw_outlines(painter: QPainter, exposure: Exposure, shown: OverlayOnView) -> None:
    """Draw another outline around each box that has a value."""
    scale, theme = shown.overlay.scale, exposure.theme
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for box, value in _outlined(exposure, shown):
        look = scale.look(value)
        pen = QPen(theme.color(look.token), OUTLINE / exposure.scale)
        if look.stroke == "dashed":
            pen.setDashPattern([3.0, 2.0])
        painter.setPen(pen)
        exposure.dim(painter, box.id)
        exposure.shift(painter, box.id)
        if box.is_seam:
            painter.drawRoundedRect(exposure.scene.rect(box.id).adjusted(0, -SEAM_OVER, 0, SEAM_OVER), 4.0, 4.0)
        else:
            painter.drawPath(exposure.outline(box, exposure.scene.rect(box.id)))
        exposure.shift(painter, box.id, forth=False)
    painter.setOpacity(1.0)


def _draw_signs(painter: QPainter, exposure: Exposure, shown: OverlayOnView) -> None:
    """Draw the sign of each outline at the corner of its box."""
    scale, theme = shown.overlay.scale, exposure.theme
    signs = {each.code: each.sign for each in scale.order} if isinstance(scale, Categories) else {}
    if exposure.detail < Detail.TITLES:
        return
    with exposure.in_pixels(painter):
        for box, value in _outlined(exposure, shown):
            sign = signs.get(str(value), "")
            if sign:
                corner = exposure.on_screen(exposure.rect(box.id)).topRight() + QPointF(-1, 1)
                if any(box.id in each.boxes for each in exposure.overlays.shown if each.overlay.mark == "flag"):
                    corner -= QPointF(BESIDE_FLAG, 0.0)
                exposure.dim(painter, box.id)
                draw_disc(painter, theme, corner, sign, theme.color(scale.look(value).token), is_ring=False)


def _outlined(exposure: Exposure, shown: OverlayOnView) -> Iterator[tuple[Box, Amount]]:
    """Yield the boxes in sight that have a value, with it."""
    for box in exposure.in_sight.boxes:
        value = shown.boxes.get(box.id)
        if value is not None and not box.is_open and not _is_told_otherwise(exposure, box):
            yield box, value


def _is_told_otherwise(exposure: Exposure, box: Box) -> bool:
    """Return whether brackets, or parts inside, say that a box was fused."""
    return box.id in exposure.ghosts.fused or box.id in exposure.ghosts.fused_into


def _draw_bars(painter: QPainter, exposure: Exposure, shown: OverlayOnView) -> None:
    """Draw a bar under each box with a value."""
    painter.setPen(QPen(exposure.theme.color("border.strong"), 0.8))
    for box in exposure.in_sight.boxes:
        value = shown.boxes.get(box.id)
        if value is not None and not box.is_open:
            rect = exposure.rect(box.id)
            exposure.dim(painter, box.id)
            painter.setBrush(exposure.theme.color(shown.overlay.scale.look(value).token))
            painter.drawRect(QRectF(rect.left() + 8, rect.bottom() + 2, rect.width() - 16, BAR))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setOpacity(1.0)
