"""A canvas that shows a linear, a view and a conv block."""

from __future__ import annotations

import pytest

from qviz.ui.canvas.view import GraphCanvas
from tests.factories import small_stages


@pytest.fixture
def canvas(qtbot) -> GraphCanvas:
    canvas = GraphCanvas()
    qtbot.addWidget(canvas.surface)
    canvas.surface.resize(500, 700)
    with qtbot.waitSignal(canvas.laid_out):
        canvas.show_stage(small_stages()[0], {})
    canvas.surface.show()
    return canvas
