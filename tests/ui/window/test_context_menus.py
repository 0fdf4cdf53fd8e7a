"""The right button, or its key, offers the commands that fit what is under it."""

from __future__ import annotations

import msgspec
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QContextMenuEvent, QGuiApplication
from PySide6.QtWidgets import QApplication, QMenu
from pytestqt.qtbot import QtBot

from qviz.document.kept import kept_finding
from qviz.document.snapshot import Level
from qviz.session.sides import Side
from qviz.ui.shell.desk import Desk
from qviz.ui.shell.main_window import MainWindow
from tests.ui.window.conftest import Asked
from tests.ui.window.test_window import CAPTURED, FACTS, PREPARED, finished, hear, reached

FOUND = (kept_finding("rule", Level.WARNING, "captured", ("x", "conv"), "Message", "reason", "hint"),)


@pytest.fixture
def shown_menus(monkeypatch: pytest.MonkeyPatch) -> list[QMenu]:
    """The menus that were opened, which the platform of tests cannot show."""
    seen: list[QMenu] = []
    monkeypatch.setattr(QMenu, "popup", lambda menu, place: seen.append(menu))
    return seen


@pytest.fixture
def desk(window: MainWindow, asked: Asked, qtbot: QtBot) -> Desk:
    window.resize(1600, 1000)
    window.opener.open_model("sample:conv-bn-relu")
    end = msgspec.structs.replace(finished(), findings=FOUND)
    hear(window, reached(CAPTURED), reached(PREPARED, CAPTURED, FACTS), end)
    made = window.desk
    assert made is not None
    qtbot.waitUntil(lambda: all(pane.canvas.view is not None for pane in made.work.panes.panes.values()))
    return made


def right_click(desk: Desk, side: Side, at: QPointF) -> None:
    surface = desk.work.panes.panes[side].canvas.surface
    place = at.toPoint()
    event = QContextMenuEvent(QContextMenuEvent.Reason.Mouse, place, surface.mapToGlobal(place))
    QApplication.sendEvent(surface, event)


def on_screen(desk: Desk, side: Side, box_id: str) -> QPointF:
    canvas = desk.work.panes.panes[side].canvas
    assert canvas.scene is not None
    return canvas.viewport.camera.to_screen(canvas.scene.rect(box_id).center())


def texts(menu: QMenu) -> list[str]:
    return [each.text() for each in menu.actions() if not each.isSeparator()]


def choose(menu: QMenu, title: str) -> None:
    next(each for each in menu.actions() if each.text() == title).trigger()


def test_a_node_is_selected_and_its_commands_are_on_it(desk: Desk, shown_menus: list[QMenu]):
    right_click(desk, Side.RIGHT, on_screen(desk, Side.RIGHT, "conv"))
    assert desk.work.panes.canvas.selection.node == "conv"
    choose(shown_menus[0], "Copy module path")
    assert QGuiApplication.clipboard().text() == "conv"
    choose(shown_menus[0], "Focus users")
    assert desk.work.panes.canvas.emphasis.highlighted == frozenset({"conv", "output"})


def test_a_quantizer_offers_its_facts(desk: Desk, qtbot: QtBot, shown_menus: list[QMenu]):
    desk.navigation.jump("prepared", "obs")  # opens the seam that it is in
    canvas = desk.work.panes.canvas
    qtbot.waitUntil(lambda: canvas.scene is not None and "obs" in canvas.scene.box)
    right_click(desk, Side.RIGHT, on_screen(desk, Side.RIGHT, "obs"))
    choose(shown_menus[0], "Copy facts")
    assert "obs" in QGuiApplication.clipboard().text()


def test_a_seam_opens_alone_or_with_those_like_it(desk: Desk, qtbot: QtBot, shown_menus: list[QMenu]):
    canvas = desk.work.panes.panes[Side.RIGHT].canvas
    assert canvas.view is not None
    seam = next(box for box in canvas.view.boxes if box.is_seam)
    right_click(desk, Side.RIGHT, on_screen(desk, Side.RIGHT, seam.id))
    assert texts(shown_menus[0]) == ["Open", "Open all like it", "Open seams", "Always open casts"]
    choose(shown_menus[0], "Open all like it")
    qtbot.waitUntil(lambda: canvas.view is not None and not any(box.is_seam for box in canvas.view.boxes))


def test_a_line_leads_to_both_of_its_ends(desk: Desk, shown_menus: list[QMenu]):
    canvas = desk.work.panes.panes[Side.RIGHT].canvas
    assert canvas.scene is not None
    route = canvas.scene.places.route(next(n for n, e in enumerate(canvas.scene.view.lines) if e.to_box == "conv"))
    middle = QPointF((route[0].x + route[1].x) / 2, (route[0].y + route[1].y) / 2)
    right_click(desk, Side.RIGHT, canvas.viewport.camera.to_screen(middle))
    assert texts(shown_menus[0])[:2] == ["Go to producer obs", "Go to user conv"]
    choose(shown_menus[0], "Go to user conv")
    assert canvas.selection.node == "conv"


def test_an_empty_place_offers_scale_and_stages(desk: Desk, shown_menus: list[QMenu]):
    right_click(desk, Side.LEFT, QPointF(3, 3))
    assert {"Fit", "Expand all", "Export…", "Show Captured here"} <= set(texts(shown_menus[0]))
    choose(shown_menus[0], "Show Prepared here")
    assert desk.project is not None
    assert desk.project.shown.left == "prepared"
    desk.work.panes.panes[Side.RIGHT].menu_requested.emit(QPoint())
    assert "Fit" in texts(shown_menus[1])


def test_a_finding_is_gone_to_place_by_place_and_copied(desk: Desk, window: MainWindow, shown_menus: list[QMenu]):
    rows = desk.work.findings
    rows.setCurrentIndex(rows.model().index(0, 0))
    rows.ask_for_menu()
    choose(shown_menus[0], "Copy")
    assert QGuiApplication.clipboard().text() == "Message. Reason. Hint."
    choose(shown_menus[0], "Go to")
    assert desk.work.panes.canvas.selection.node == "x"
    choose(shown_menus[0], "Next place of the finding")
    assert desk.work.panes.canvas.selection.node == "conv"


def test_the_key_opens_the_menu_of_the_selection(
    desk: Desk, window: MainWindow, qtbot: QtBot, shown_menus: list[QMenu]
):
    desk.selection.choose("prepared", "conv")
    desk.work.panes.take_focus()
    qtbot.keyClick(desk.work.panes.canvas.surface, Qt.Key.Key_F10, Qt.KeyboardModifier.ShiftModifier)
    assert "Copy module path" in texts(shown_menus[0])
    desk.work.findings.setFocus()
    desk.work.findings.setCurrentIndex(desk.work.findings.model().index(0, 0))
    qtbot.keyClick(desk.work.findings, Qt.Key.Key_F10, Qt.KeyboardModifier.ShiftModifier)
    assert "Go to" in texts(shown_menus[1])
