"""The little graphs on the sample cards, drawn with the shapes of the canvas."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QFont, QFontMetricsF, QPainter, QPen

from qviz.analysis.views.view import Box
from qviz.document.graph import Kind
from qviz.ui.canvas.shapes import outline
from qviz.ui.theme import Theme
from qviz.words import mark, tr

HEIGHT = 23.0
GAP = 15.0
PADDING = 34.0

_ROWS: dict[str, tuple[tuple[str, Kind], ...]] = {
    "seed-small": (("x", Kind.INPUT), ("fc", Kind.OP), ("conv", Kind.OP), (mark("output"), Kind.OUTPUT)),
    "conv-bn-relu": (
        ("x", Kind.INPUT),
        (mark("quantize"), Kind.QUANTIZE),
        ("conv", Kind.QUANTIZED_OP),
        (mark("dequantize"), Kind.DEQUANTIZE),
    ),
    "residual": (("x", Kind.INPUT), ("conv1", Kind.OP), (mark("observer"), Kind.OBSERVER), ("add", Kind.OP)),
    "transformer": (
        (mark("quantize"), Kind.QUANTIZE),
        ("q, k, v", Kind.QUANTIZED_OP),
        (mark("dequantize"), Kind.DEQUANTIZE),
        ("softmax", Kind.OP),
    ),
    "mobile": (
        ("x", Kind.INPUT),
        (mark("depthwise"), Kind.FUSED_OP),
        (mark("observer"), Kind.OBSERVER),
        (mark("excite"), Kind.OP),
    ),
    "seed": (("x", Kind.INPUT), ("fc 3072 → 102400", Kind.OP), ("view", Kind.OP), ("conv", Kind.OP)),
}


def paint_thumbnail(painter: QPainter, area: QRectF, name: str, theme: Theme) -> None:
    """Draw a few boxes in a column, centered."""
    rows = _ROWS.get(name, ((name, Kind.OP),))  # a sample that nobody drew shows its name
    font = QFont(painter.font())
    font.setPixelSize(11)
    font.setBold(True)
    painter.setFont(font)
    metrics = QFontMetricsF(font)
    middle = area.center().x()
    top = area.center().y() - (len(rows) * HEIGHT + (len(rows) - 1) * GAP) / 2
    before: Kind | None = None
    for text, kind in rows:
        if before is not None:
            _draw_line(painter, middle, top, before in (Kind.QUANTIZE, Kind.QUANTIZED_OP), theme)
        shown = tr(text)
        width = metrics.horizontalAdvance(shown) + PADDING
        _draw_box(painter, QRectF(middle - width / 2, top, width, HEIGHT), shown, kind, theme)
        top += HEIGHT + GAP
        before = kind


def _draw_line(painter: QPainter, x: float, top: float, is_low: bool, theme: Theme) -> None:
    painter.setPen(QPen(theme.color("edge.low" if is_low else "edge.float"), 2.5 if is_low else 1.3))
    painter.drawLine(QPointF(x, top - GAP), QPointF(x, top))


def _draw_box(painter: QPainter, rect: QRectF, text: str, kind: Kind, theme: Theme) -> None:
    box = Box(id=text, title=text, subtitle="", kind=kind, members=())
    painter.setPen(QPen(theme.line(kind), 1.6 if kind is Kind.QUANTIZED_OP else 1.1))
    painter.setBrush(theme.fill(kind))
    painter.drawPath(outline(box, rect))
    painter.setPen(theme.color("text"))
    painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, text)
