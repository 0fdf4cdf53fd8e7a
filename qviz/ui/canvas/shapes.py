"""The outline of each role, so that a grey print still tells them apart."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QPainterPath, QPolygonF

from qviz.analysis.views.view import Box
from qviz.document.graph import WATCHING, Kind
from qviz.layout.place import Rect
from qviz.ui.canvas.metrics import DOUBLE, SLANT, STACK

RADIUS = 6.0
PILLS = WATCHING | {Kind.INPUT, Kind.OUTPUT}
FRAME_BAR = 22.0
"""The height of an open group's title."""


def qrect(rect: Rect) -> QRectF:
    """Return Qt's form of a place."""
    return QRectF(rect.x, rect.y, rect.width, rect.height)


def outline(box: Box, rect: QRectF) -> QPainterPath:
    """Return the filled outline of a box that is not an open frame."""
    if box.stub_of is not None:
        return _rounded(rect, rect.height() / 2)
    if box.kind is None:
        return _rounded(card(rect), min(RADIUS, rect.height() / 5))
    if box.kind in PILLS:
        return _rounded(rect, min(rect.height() / 2, 20.0))
    if box.kind is Kind.CONSTANT:
        return _tag(rect)
    corners = _CORNERS.get(box.kind)
    return _polygon(corners(rect)) if corners else _rounded(rect, RADIUS)


def card(rect: QRectF) -> QRectF:
    """Return the front card of a folded group."""
    return rect.adjusted(0, 0, -STACK, -STACK)


def card_behind(rect: QRectF, away: float = STACK) -> QPainterPath:
    """Return the card behind a folded group's, so far to the right and below."""
    return _rounded(rect.adjusted(away, away, away - STACK, away - STACK), min(RADIUS, rect.height() / 5))


def frame(rect: QRectF) -> QPainterPath:
    """Return the frame of an open group."""
    return _rounded(rect, RADIUS)


def second_edge(rect: QRectF) -> QPainterPath:
    """Return the second left edge of a fused operator."""
    path = QPainterPath(QPointF(rect.left() + DOUBLE, rect.top()))
    path.lineTo(rect.left() + DOUBLE, rect.bottom())
    return path


def eye(middle: QPointF) -> QPainterPath:
    """Return the sign of an observer, to be stroked: it looks and changes nothing."""
    path = QPainterPath(QPointF(middle.x() - 6.5, middle.y()))
    path.quadTo(QPointF(middle.x(), middle.y() - 8.0), QPointF(middle.x() + 6.5, middle.y()))
    path.quadTo(QPointF(middle.x(), middle.y() + 8.0), QPointF(middle.x() - 6.5, middle.y()))
    path.addEllipse(middle, 1.8, 1.8)
    return path


def stair(middle: QPointF) -> QPainterPath:
    """Return the sign of a fake quantize, to be stroked: float values on steps."""
    path = QPainterPath(QPointF(middle.x() - 6.0, middle.y() + 5.0))
    for x, y in ((-2.0, 5.0), (-2.0, 1.5), (2.0, 1.5), (2.0, -2.0), (6.0, -2.0), (6.0, -5.5)):
        path.lineTo(middle.x() + x, middle.y() + y)
    return path


@cache
def caret(is_open: bool) -> QPainterPath:
    """Return the small triangle that says what can be opened (to the right) or closed (down), around the origin."""
    corners = ((-3.5, -2.0), (3.5, -2.0), (0.0, 3.0)) if is_open else ((-2.0, -3.5), (3.0, 0.0), (-2.0, 3.5))
    return _polygon([QPointF(*each) for each in corners])


def _rounded(rect: QRectF, radius: float) -> QPainterPath:
    path = QPainterPath()
    path.addRoundedRect(rect, radius, radius)
    return path


def _polygon(corners: list[QPointF]) -> QPainterPath:
    path = QPainterPath()
    path.addPolygon(QPolygonF(corners))
    path.closeSubpath()
    return path


def _trapezoid(rect: QRectF, above: float, below: float) -> list[QPointF]:
    return [
        QPointF(rect.left() + above, rect.top()),
        QPointF(rect.right() - above, rect.top()),
        QPointF(rect.right() - below, rect.bottom()),
        QPointF(rect.left() + below, rect.bottom()),
    ]


def _hexagon(rect: QRectF) -> list[QPointF]:
    middle = rect.center().y()
    return [
        QPointF(rect.left(), middle),
        QPointF(rect.left() + SLANT, rect.top()),
        QPointF(rect.right() - SLANT, rect.top()),
        QPointF(rect.right(), middle),
        QPointF(rect.right() - SLANT, rect.bottom()),
        QPointF(rect.left() + SLANT, rect.bottom()),
    ]


def _tag(rect: QRectF) -> QPainterPath:
    cut = 7.0
    path = _polygon(
        [
            QPointF(rect.left() + cut, rect.top()),
            QPointF(rect.right(), rect.top()),
            QPointF(rect.right(), rect.bottom()),
            QPointF(rect.left() + cut, rect.bottom()),
            QPointF(rect.left(), rect.bottom() - cut),
            QPointF(rect.left(), rect.top() + cut),
        ]
    )
    path.addEllipse(QPointF(rect.left() + cut, rect.center().y()), 1.6, 1.6)
    return path


_CORNERS: dict[Kind, Callable[[QRectF], list[QPointF]]] = {
    Kind.QUANTIZE: lambda rect: _trapezoid(rect, 0.0, SLANT),
    Kind.DEQUANTIZE: lambda rect: _trapezoid(rect, SLANT, 0.0),
    Kind.CHOOSE_QPARAMS: _hexagon,
}
