"""Stages side by side in a picture: what survives stands at one height."""

from __future__ import annotations

import pytest
from PySide6.QtGui import QGuiApplication

from qviz.analysis.views.folding import unfold_all
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
    folds = {stage.name: unfold_all(stage.whole) for stage in run().stages} if depth else None
    captured, converted = heights(Picture(run(), PAIR, PictureLook(columns=columns), folds=folds, engine="graphlay"))
    for name in ("x", "fc", "view", "conv", "output"):
        assert captured[name] == pytest.approx(converted[name], abs=1.0)


@pytest.mark.parametrize("columns", [1, 2])
def test_seams_are_in_the_picture_as_on_the_screen(qapp: QGuiApplication, columns: int) -> None:
    captured, converted = Picture(run(), PAIR, PictureLook(columns=columns), engine="graphlay").panes
    seams = {box.id: box.title for box in converted.scene.view.boxes if box.is_seam}
    assert set(seams.values()) == {"1 cast only in Converted"}
    assert not [box for box in captured.scene.view.boxes if box.is_seam]
    for pane in (captured, converted):
        assert pane.scene.bands
    for band in converted.scene.bands:
        rect = converted.scene.rect(f"seam:{band.seam}")
        assert band.rect.top() <= rect.top()
        assert rect.bottom() <= band.rect.bottom(), "the band goes where its row goes"
        assert band.is_bounded == (columns == 2)
        assert columns == 1 or band.rect.left() <= rect.left()


def test_all_is_drawn_where_that_was_asked_for(qapp: QGuiApplication) -> None:
    opened = {stage.name: unfold_all(stage.whole) for stage in run().stages}
    whole = Picture(run(), PAIR, folds=opened, engine="graphlay")
    changes = Picture(run(), PAIR, scope=Scope(shows_changes=True), engine="graphlay")
    for picture in (whole, changes):
        assert not [box for pane in picture.panes for box in pane.scene.view.boxes if box.is_seam]
        assert "dequantize" in {box.id for box in picture.panes[1].scene.view.boxes}


@pytest.mark.parametrize("columns", [1, 2])
def test_changes_have_their_ghosts(qapp: QGuiApplication, columns: int) -> None:
    look, scope = PictureLook(columns=columns), Scope(shows_changes=True)
    captured, converted = Picture(run(), PAIR, look, scope=scope, engine="graphlay").panes
    assert {each.title for each in captured.scene.ghosts.alone} >= {"dequantize"}
    for ghost in captured.scene.ghosts.alone:
        assert captured.bounds.contains(ghost.rect.center())
    fused = converted.scene.ghosts.fused
    assert fused
    for box_id, each in fused.items():
        assert each.rect.contains(converted.scene.rect(box_id).center())


@pytest.mark.parametrize("scope", [Scope(("conv",), 1), Scope(is_changes=True)])
def test_what_survives_in_parts_of_stages_stands_at_one_height_too(qapp: QGuiApplication, scope: Scope) -> None:
    captured, converted = heights(Picture(run(), PAIR, scope=scope, engine="graphlay"))
    assert {"view", "conv", "bn"} <= set(captured)
    assert "dequantize" in converted
    both = captured.keys() & converted.keys()
    assert both >= {"conv"}
    for name in both:
        assert captured[name] == pytest.approx(converted[name], abs=1.0)


def test_around_a_node_nothing_else_is_drawn(qapp: QGuiApplication) -> None:
    captured, _ = heights(Picture(run(), PAIR, scope=Scope(("conv",), 1), engine="graphlay"))
    assert set(captured) == {"view", "conv", "bn"}


def test_stages_that_nothing_links_are_drawn_too(qapp: QGuiApplication) -> None:
    captured, converted = heights(Picture(snapshot(), PAIR, engine="graphlay"))
    assert "bn" in captured
    assert "dequantize" in converted
