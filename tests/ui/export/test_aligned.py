"""Stages side by side in a picture: what survives stands at one height."""

from __future__ import annotations

import pytest
from PySide6.QtGui import QGuiApplication

from qviz.document.snapshot import Snapshot
from qviz.session.scopes import Scope
from qviz.ui.export.look import PictureLook
from qviz.ui.export.picture import Picture
from tests.factories import small_links, small_stages, snapshot

PAIR = ("captured", "converted")


def run() -> Snapshot:
    return snapshot(*small_stages(), links=small_links())


def heights(picture: Picture) -> list[dict[str, float]]:
    """Return the middle of each box below the upper end of its pane."""
    return [
        {
            box.id: pane.scene.rect(box.id).center().y() - pane.bounds.top()
            for box in pane.scene.view.boxes
            if not box.is_open
        }
        for pane in picture.panes
    ]


@pytest.mark.parametrize("columns", [1, 2])
@pytest.mark.parametrize("depth", [None, "all"])
def test_what_survives_stands_at_one_height(qapp: QGuiApplication, columns: int, depth: str | None) -> None:
    from qviz.analysis.views.folding import unfold_all

    folds = {stage.name: unfold_all(stage.whole) for stage in run().stages} if depth else None
    captured, converted = heights(Picture(run(), PAIR, PictureLook(columns=columns), folds=folds, engine="graphlay"))
    for name in ("x", "fc", "view", "conv", "output"):
        assert captured[name] == pytest.approx(converted[name], abs=1.0)


def test_seams_are_open_for_a_picture_cannot_be_asked(qapp: QGuiApplication) -> None:
    picture = Picture(run(), PAIR, engine="graphlay")
    assert not [box for pane in picture.panes for box in pane.scene.view.boxes if box.is_seam]
    assert "dequantize" in {box.id for box in picture.panes[1].scene.view.boxes}


def test_parts_of_stages_are_placed_by_themselves(qapp: QGuiApplication) -> None:
    captured, converted = heights(Picture(run(), PAIR, scope=Scope(("conv",), 1), engine="graphlay"))
    assert set(captured) == {"view", "conv", "bn"}
    assert "dequantize" in converted


def test_stages_that_nothing_links_are_drawn_too(qapp: QGuiApplication) -> None:
    captured, converted = heights(Picture(snapshot(), PAIR, engine="graphlay"))
    assert "bn" in captured
    assert "dequantize" in converted
