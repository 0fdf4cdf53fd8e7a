"""Texts that are laid out once look as Qt lays them out, and wherever that is not sure, Qt does it."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QBuffer, QRectF
from PySide6.QtGui import QColor, QImage, QPainter
from PySide6.QtSvg import QSvgGenerator

from qviz.ui.canvas import pencil
from qviz.ui.canvas.fonts import badge_font, subtitle_font, title_font
from qviz.ui.canvas.pencil import CENTRE, LEFT, RIGHT, Pencil

BLACK = QColor("black")


def drawn(act) -> np.ndarray:
    image = QImage(240, 60, QImage.Format.Format_RGB32)
    image.fill(QColor("white"))
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.TextAntialiasing)
    painter.translate(3, 2)
    act(painter)
    painter.end()
    return np.frombuffer(image.constBits(), np.uint8).astype(int)


@pytest.mark.parametrize("text", ["operator_conv2d", "1 × 3 × 224 × 224", "− 4.5 → float", "名字 conv"])
@pytest.mark.parametrize("align", [LEFT, CENTRE, RIGHT])
@pytest.mark.parametrize("area", [QRectF(10, 8, 200, 30), QRectF(10.25, 8.25, 200.5, 20.5), QRectF(10, 8, 60, 11)])
def test_a_text_is_where_qt_puts_it(qapp, text, align, area):
    for font in (title_font(), subtitle_font(), badge_font()):

        def by_qt(painter: QPainter, font=font) -> None:
            painter.setFont(font)
            painter.setPen(BLACK)
            painter.drawText(area, align, text)

        theirs = drawn(by_qt)
        assert theirs.min() < 128
        assert (drawn(lambda painter, font=font: Pencil(painter).write(text, font, BLACK, area, align)) == theirs).all()


@pytest.fixture
def laid_out(monkeypatch) -> list[str]:
    found: list[str] = []
    lay_out = pencil._laid_out

    def noted(text: str, pixels: int, bold: bool) -> object:
        found.append(text)
        return lay_out(text, pixels, bold)

    monkeypatch.setattr(pencil, "_laid_out", noted)
    return found


def test_only_texts_of_one_size_on_pixels_are_laid_out_once(qapp, laid_out):
    area = QRectF(10, 8, 200, 30)
    drawn(lambda painter: Pencil(painter).write("conv", title_font(), BLACK, area, CENTRE))
    assert laid_out == ["conv"]

    def scaled(painter: QPainter) -> None:
        painter.scale(1.5, 1.5)
        Pencil(painter).write("conv", title_font(), BLACK, area, CENTRE)

    drawn(scaled)
    assert laid_out == ["conv"]
    generator, buffer = QSvgGenerator(), QBuffer()
    generator.setOutputDevice(buffer)
    painter = QPainter(generator)
    Pencil(painter).write("conv", title_font(), BLACK, area, CENTRE)
    painter.end()
    assert laid_out == ["conv"]
    assert b">conv<" in buffer.data().data()
