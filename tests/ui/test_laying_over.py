"""What is laid over large stages is found in a thread, and only what was wanted last is shown."""

from __future__ import annotations

from threading import current_thread

import pytest
from PySide6.QtCore import QObject

from qviz.analysis.inspecting.columns import NumberColumn
from qviz.analysis.overlays.overlay import Overlay
from qviz.analysis.overlays.scale import range_of
from qviz.session.laid_over import OverlayChoice, laid_over
from qviz.session.project import Project
from qviz.ui.canvas import scene, view
from qviz.ui.canvas.view import GraphCanvas
from qviz.ui.panels import laying_over
from qviz.ui.panels.laying_over import LayingOver
from tests.factories import snapshot


@pytest.fixture
def project() -> Project:
    return Project.of_snapshot(snapshot())


@pytest.fixture
def told() -> list[object]:
    return []


@pytest.fixture
def asking(qapp, told: list[object]):
    parent = QObject()
    made = LayingOver(parent)
    made.found.connect(told.append)
    yield made
    parent.deleteLater()


def test_of_small_stages_it_is_told_at_once(asking: LayingOver, project: Project, told: list[object]):
    asking.ask(OverlayChoice.CHANGES, project)
    assert told == [laid_over(OverlayChoice.CHANGES, project)]
    asking.ask(OverlayChoice.CHANGES, None)
    assert told[1:] == [{}]


def test_of_large_ones_later_and_of_the_last_choice_alone(
    asking: LayingOver, project: Project, told: list[object], qtbot, monkeypatch
):
    monkeypatch.setattr(laying_over, "FEW", 0)
    with qtbot.waitSignal(asking.found):
        asking.ask(OverlayChoice.NUMBERS, project)
        asking.ask(OverlayChoice.CHANGES, project)
        assert told == []
        assert asking.is_busy
    assert told == [laid_over(OverlayChoice.CHANGES, project)]
    assert not asking.is_busy
    asking.ask(OverlayChoice.ROLES, project)
    assert told[1:] == [{}], "nothing is found for roles"


def test_what_goes_wrong_there_is_raised_where_it_is_heard_of(
    asking: LayingOver, project: Project, told: list[object], qtbot, monkeypatch
):
    def fail(*_: object) -> None:
        raise ArithmeticError

    monkeypatch.setattr(laying_over, "FEW", 0)
    monkeypatch.setattr(laying_over, "laid_over", fail)
    with qtbot.captureExceptions() as raised:
        asking.ask(OverlayChoice.NUMBERS, project)
        qtbot.waitUntil(lambda: bool(raised))
    assert raised[0][0] is ArithmeticError
    assert told == []


def test_on_a_scene_with_many_boxes_values_are_found_in_the_layouts_thread(qtbot, monkeypatch, project: Project):
    canvas = GraphCanvas()
    qtbot.addWidget(canvas.surface)
    with qtbot.waitSignal(canvas.laid_out):
        canvas.show_stage(project.stages[0], {})
    monkeypatch.setattr(view, "MANY_LAID_OVER", 0)
    first, last = (Overlay(name, name, range_of([1.0]), {"conv": 1.0}, mark="bar") for name in ("first", "last"))
    assert canvas.scene is not None
    canvas.show_overlays((), (first,))
    canvas.show_overlays((), (last,))
    assert not canvas.scene.overlays.are((last,)), "not yet"
    qtbot.waitUntil(lambda: canvas.scene is not None and canvas.scene.overlays.are((last,)))
    assert canvas.scene.overlays.shown[0].boxes == {"conv": 1.0}


def test_numbers_of_large_boxes_are_added_up_in_the_layouts_thread(qtbot, monkeypatch, project: Project):
    monkeypatch.setattr(scene, "MANY_INSIDE", 0)
    canvas = GraphCanvas()
    qtbot.addWidget(canvas.surface)
    with qtbot.waitSignal(canvas.laid_out):
        canvas.show_stage(project.stages[0], {})
    threads: list[str] = []

    class Noted(NumberColumn):
        def text(self, ids) -> str:
            threads.append(current_thread().name)
            return super().text(ids)

    before = canvas.scene
    with qtbot.waitSignal(canvas.laid_out):
        canvas.show_overlays((), (), (Noted("numbers", {"conv": 3.0}, "amount"),))
    assert before is not None
    assert before.columns == (), "boxes without room for numbers get none"
    assert canvas.scene is not None
    assert threads
    assert all(each.startswith("layout") for each in threads)
    assert {canvas.scene.cells(box) for box in canvas.scene.view.boxes if "conv" in box.members} == {("3",)}
