"""A third overlay comes from a package of its own: canvas, picture, legend and inspector show it by its name."""

from __future__ import annotations

import importlib
import re
import sys

import pytest
from PySide6.QtCore import QRectF
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QLabel

from qviz.analysis.overlays import ON_CANVAS, OVERLAYS
from qviz.session.project import Project
from qviz.ui.canvas.view import GraphCanvas
from qviz.ui.export import write
from qviz.ui.export.look import PictureLook
from qviz.ui.export.picture import Picture
from qviz.ui.panels.inspector import Inspector
from qviz.ui.theme import theme
from tests.factories import snapshot
from tests.ui.widgets import open_folds

PACKAGE = """
from qviz.analysis.overlays import OVERLAYS
from qviz.analysis.overlays.overlay import Overlay
from qviz.analysis.overlays.scale import range_of


@OVERLAYS.register("noise")
def noise(record):
    numbers = {"fc": 0.001, "conv": 10.0}
    return Overlay("noise", "noise", range_of(numbers.values(), is_log=True), numbers, unit="dB", mark="bar")
"""


@pytest.fixture
def noise(tmp_path, monkeypatch):
    (tmp_path / "noise_overlay").mkdir()
    (tmp_path / "noise_overlay" / "__init__.py").write_text(PACKAGE, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    importlib.import_module("noise_overlay")
    yield
    OVERLAYS.remove("noise")
    del sys.modules["noise_overlay"]


def test_the_canvas_paints_it_at_its_nodes_alone(noise, qtbot):
    canvas = GraphCanvas()
    surface = canvas.surface
    qtbot.addWidget(surface)
    surface.resize(500, 900)
    with qtbot.waitSignal(canvas.laid_out):
        canvas.show_stage(snapshot().stages[0], {})
    before = surface.grab().toImage()
    canvas.show_overlays((*ON_CANVAS, "noise"))
    after = surface.grab().toImage()

    def differs(box_id: str) -> bool:
        assert surface.scene is not None
        rect = surface.scene.rect(box_id).adjusted(0, 0, 0, 9)
        camera = canvas.viewport.camera
        area = QRectF(camera.to_screen(rect.topLeft()), camera.to_screen(rect.bottomRight())).toRect()
        return before.copy(area) != after.copy(area)

    assert [each for each in ("x", "fc", "relu", "conv", "bn") if differs(each)] == ["fc", "conv"]
    canvas.show_overlays(ON_CANVAS)
    assert surface.grab().toImage() == before


def test_a_picture_shows_it_and_its_legend_names_it(noise, qapp, tmp_path):
    said = []
    for name, shown in (("plain", ("precision",)), ("noisy", ("precision", "noise"))):
        picture = Picture(snapshot(), ("captured",), PictureLook(overlays=shown), engine="graphlay")
        write(picture, tmp_path / f"{name}.svg")
        said.append((tmp_path / f"{name}.svg").read_text(encoding="utf-8"))
    low, high = (QColor(theme("light").color(token)).name() for token in ("scale.0", "scale.8"))
    assert "noise: 0.001" not in said[0]
    assert re.search(r"noise: 0\.001 · 0\.01 · .* · 10 dB", said[1])
    assert all(color not in said[0] and color in said[1] for color in (low, high))


def test_the_inspector_has_a_row_for_it(noise, qtbot):
    inspector = Inspector(theme("light"))
    qtbot.addWidget(inspector)
    inspector.show_node(Project.of_snapshot(snapshot()), "captured", "conv")
    open_folds(inspector)
    shown = [each.text() for each in inspector.findChildren(QLabel)]
    assert shown[shown.index("noise") + 1] == "10\u202fdB"
