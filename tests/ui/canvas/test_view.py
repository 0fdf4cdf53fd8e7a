from __future__ import annotations

import weakref

import pytest
import shiboken6
from PySide6.QtCore import QPoint, QPointF, QSizeF, Qt
from PySide6.QtGui import QAccessible
from PySide6.QtTest import QTest

from qviz.analysis.views.view import Folds
from qviz.document.snapshot import Stage
from qviz.ui.canvas import view
from qviz.ui.canvas.box_text import writing
from qviz.ui.canvas.camera import Camera
from qviz.ui.canvas.metrics import LEAST_NARROW
from qviz.ui.canvas.view import GraphCanvas
from qviz.ui.theme import theme
from tests.analysis.test_siblings import Block, made
from tests.factories import graph, node, small_stages

CAPTURED, CONVERTED = small_stages()


def middle(canvas, box_id):
    rect = canvas.scene.rect(box_id)
    point = QPointF(rect.center().x(), rect.top() + 8)
    return canvas.viewport.camera.to_screen(point).toPoint()


def test_a_shown_stage_fits(canvas):
    sight = canvas.viewport.camera.sight(canvas.surface.width(), canvas.surface.height())
    assert sight.contains(canvas.scene.bounds)


def test_a_click_selects_and_tells(canvas, qtbot):
    with qtbot.waitSignal(canvas.selection.chosen) as told:
        qtbot.mouseClick(canvas.surface, Qt.MouseButton.LeftButton, pos=middle(canvas, "conv"))
    assert told.args == ["conv"]
    assert canvas.selection.node == "conv"


def test_a_click_beside_selects_nothing(canvas, qtbot):
    canvas.selection.select("conv")
    with qtbot.waitSignal(canvas.selection.chosen) as told:
        qtbot.mouseClick(canvas.surface, Qt.MouseButton.LeftButton, pos=QPoint(2, 2))
    assert told.args == [""]
    assert canvas.selection.node is None


def test_folding_never_leaves_an_empty_sight(canvas, qtbot):
    canvas.viewport.set_camera((1.0, canvas.scene.bounds.right() - 5, canvas.scene.bounds.bottom() - 5))
    with qtbot.waitSignal(canvas.laid_out):
        canvas.folding.fold_all()
    assert canvas.scene.visible(canvas.viewport.camera.sight(canvas.surface.width(), canvas.surface.height())).boxes


def test_a_double_click_folds_a_group_and_keeps_it_in_place(canvas, qtbot):
    canvas.viewport.zoom_to(2.0)
    before = canvas.viewport.camera.to_screen(canvas.scene.rect("group:block").topLeft())
    with qtbot.waitSignals([canvas.folds_changed, canvas.laid_out]):
        qtbot.mouseDClick(
            canvas.surface, Qt.MouseButton.LeftButton, pos=QPoint(int(before.x()) + 20, int(before.y()) + 10)
        )
    assert not canvas.scene.box["group:block"].is_open
    after = canvas.viewport.camera.to_screen(canvas.scene.rect("group:block").topLeft())
    assert (after - before).manhattanLength() < 1e-6


def test_the_selection_follows_its_node_into_a_folded_group(canvas, qtbot):
    canvas.selection.select("bn")
    with qtbot.waitSignal(canvas.laid_out):
        canvas.folding.fold_parent()
    assert canvas.selection.node == "bn"
    assert canvas.selection.box.id == "group:block"


def test_arrows_walk_along_the_lines(canvas, qtbot):
    canvas.selection.select("fc")
    for key, expected in ((Qt.Key.Key_Down, "relu"), (Qt.Key.Key_Down, "view"), (Qt.Key.Key_Up, "relu")):
        qtbot.keyClick(canvas.surface, key)
        assert canvas.selection.node == expected


def test_a_drag_pans(canvas, qtbot):
    before = canvas.viewport.camera
    qtbot.mousePress(canvas.surface, Qt.MouseButton.LeftButton, pos=QPoint(10, 10))
    qtbot.mouseMove(canvas.surface, QPoint(60, 40))
    qtbot.mouseRelease(canvas.surface, Qt.MouseButton.LeftButton, pos=QPoint(60, 40))
    assert canvas.viewport.camera == before.moved(50, 30)
    assert canvas.selection.node is None


def test_only_the_last_stage_asked_for_is_shown(canvas, qtbot):
    shown = []
    canvas.laid_out.connect(lambda: shown.append(set(canvas.scene.box)))
    with qtbot.waitSignal(canvas.laid_out):
        canvas.show_stage(CAPTURED, {}, Folds())
        canvas.show_stage(CONVERTED, {})
    qtbot.waitUntil(lambda: not canvas.is_busy)
    assert len(shown) == 1
    assert "quantize_per_tensor" in shown[0]


def test_marks_change_the_picture(canvas):
    plain = canvas.surface.grab().toImage()
    canvas.highlight({"conv"})
    dimmed = canvas.surface.grab().toImage()
    canvas.highlight(None)
    canvas.emphasis.set_partners({"conv"})
    ringed = canvas.surface.grab().toImage()
    assert plain != dimmed
    assert plain != ringed
    canvas.emphasis.set_partners(())
    assert canvas.surface.grab().toImage() == plain


def test_a_screen_reader_hears_role_name_and_neighbours(canvas):
    interface = QAccessible.queryAccessibleInterface(canvas.surface)
    children = [interface.child(index) for index in range(interface.childCount())]
    said = {child.text(QAccessible.Text.Name): child.text(QAccessible.Text.Description) for child in children}
    assert said["operator conv, Conv2d 10 → 1, 3×3"] == "reads view; read by bn"


def test_what_was_shown_is_let_go_of_in_slices(canvas, qtbot, monkeypatch):
    monkeypatch.setattr(view, "MANY", 0)
    shown = weakref.ref(canvas.scene)
    held: list[object] = []
    monkeypatch.setattr(canvas._disposal, "hold", held.extend)
    boxes, lines = canvas.view.boxes, canvas.view.lines
    canvas.folding.fold_all()
    qtbot.waitUntil(lambda: not canvas.is_busy)
    assert {*map(id, held)} >= {*map(id, boxes), *map(id, lines)}
    canvas.surface.grab()
    assert shown() is None, "only what there is one of for each box is still held"


def test_none_empties_the_canvas(canvas):
    canvas.show_stage(None, {})
    assert canvas.view is None
    assert canvas.selection.node is None


def test_another_stage_keeps_what_is_the_same_in_place(canvas, qtbot):
    canvas.viewport.zoom_to(1.5)
    canvas.selection.select("view")
    before = canvas.viewport.camera.to_screen(canvas.scene.rect("view").topLeft())
    with qtbot.waitSignal(canvas.laid_out):
        canvas.show_stage(CONVERTED, {})
    after = canvas.viewport.camera.to_screen(canvas.scene.rect("view").topLeft())
    assert canvas.viewport.camera.scale == 1.5
    assert (after - before).manhattanLength() < 1e-6


def test_panes_travel_alike(canvas, qtbot):
    with qtbot.waitSignal(canvas.viewport.travelled) as told:
        canvas.viewport.zoom_by(2.0)
    other = GraphCanvas()
    qtbot.addWidget(other.surface)
    other.viewport.travel(*told.args)
    assert other.viewport.camera.scale == 2.0


def test_a_canvas_may_go_while_its_graph_is_placed(qtbot):
    for _ in range(20):
        leaving = GraphCanvas()
        leaving.show_stage(CONVERTED, {})
        qtbot.wait(1)
        shiboken6.delete(leaving.surface)


def test_equal_layers_are_set_apart_by_enter_and_joined_again(canvas, qtbot):
    stage = made([Block()] * 4).after
    folds = Folds(groups=frozenset({"layers"}))
    with qtbot.waitSignal(canvas.laid_out):
        canvas.show_stage(stage, {}, folds)
    run = next(box for box in canvas.view.boxes if box.alike)
    canvas.selection.choose(run)
    with qtbot.waitSignals([canvas.folds_changed, canvas.laid_out]):
        qtbot.keyClick(canvas.surface, Qt.Key.Key_Return)
    assert {f"group:layers.{number}" for number in range(4)} <= set(canvas.scene.box)
    assert canvas.selection.box.id == "group:layers.0"
    with qtbot.waitSignals([canvas.folds_changed, canvas.laid_out]):
        canvas.folding.fold_parent()
    assert canvas.scene.find("layers.2").alike
    with qtbot.waitSignals([canvas.folds_changed, canvas.laid_out]):
        canvas.folding.uncover("l2")
    assert canvas.scene.box["group:layers.2"].is_open
    assert canvas.selection.box.id == "l2"


def test_larger_texts_enlarge_boxes_and_what_is_fitted_stays_so(canvas, qtbot):
    canvas.readable.is_opening = False
    canvas.viewport.fit()
    usual = canvas.surface.grab().toImage()
    canvas.viewport.enlarge(1.5)
    assert canvas.surface.grab().toImage() != usual
    size = canvas.viewport.size
    assert (size.width(), size.height()) == pytest.approx((500 / 1.5, 700 / 1.5))
    assert canvas.viewport.sight.contains(canvas.scene.bounds)
    at = canvas.viewport.on_widget(QPointF(middle(canvas, "conv"))).toPoint()
    qtbot.mouseClick(canvas.surface, Qt.MouseButton.LeftButton, pos=at)
    assert canvas.selection.node == "conv"
    spoken = QAccessible.queryAccessibleInterface(canvas.surface).childAt(
        canvas.surface.mapToGlobal(at).x(), canvas.surface.mapToGlobal(at).y()
    )
    assert "conv" in spoken.text(QAccessible.Text.Name)
    assert spoken.rect().contains(canvas.surface.mapToGlobal(at))


def test_a_drag_follows_the_pointer_whatever_the_size_of_texts(canvas, qtbot):
    canvas.viewport.enlarge(1.6)
    place = canvas.viewport.at(QPointF(10, 10))
    under = canvas.viewport.camera.to_canvas(place)
    qtbot.mousePress(canvas.surface, Qt.MouseButton.LeftButton, pos=QPoint(10, 10))
    qtbot.mouseMove(canvas.surface, QPoint(90, 42))
    qtbot.mouseRelease(canvas.surface, Qt.MouseButton.LeftButton, pos=QPoint(90, 42))
    now = canvas.viewport.camera.to_canvas(canvas.viewport.at(QPointF(90, 42)))
    assert (now - under).manhattanLength() < 1e-6


def test_branches_that_are_too_wide_get_narrow_boxes_with_whole_names(canvas, qtbot):
    heads = [node(f"attention_{number}", "x", type="MultiheadAttention") for number in range(4)]
    joined = node("cat", *(each.id for each in heads), target="aten.cat.default")
    wide = Stage("captured", graph(node("x", kind="input"), *heads, joined, node("output", "cat", kind="output")), "")
    with qtbot.waitSignal(canvas.laid_out):
        canvas.show_stage(wide, {})
    assert canvas.scene.is_narrow
    scale = canvas.viewport.camera.scale
    assert scale >= LEAST_NARROW
    assert canvas.viewport.sight.contains(canvas.scene.bounds)
    for box in canvas.view.boxes:
        rect = canvas.scene.rect(box.id)
        said = writing(box, QSizeF(rect.width() * scale, rect.height() * scale))
        assert said.rows[0].text == box.title, "nothing is cut"
    with qtbot.waitSignal(canvas.laid_out):
        canvas.folding.fold_all()
    assert canvas.scene.is_narrow, "and stays so when something opens or closes"


def test_what_is_uncovered_comes_into_view_at_the_scale_that_was_read(canvas, qtbot):
    nodes, last = [node("x", kind="input")], "x"
    for number in range(15):
        path = f"list.{number // 5}"
        names = [f"branch_with_a_name_{number}_{at}" for at in range(6)]
        nodes += [node(each, last, path=path, target=f"aten.op{number}.default") for each in names]
        nodes.append(node(f"cat{number}", *names, path=path, target="aten.cat.default"))
        last = nodes[-1].id
    groups = {f"list.{number}": f"Part{number}" for number in range(3)}
    wide = Stage("captured", graph(*nodes, node("output", last, kind="output"), groups=groups), "")
    with qtbot.waitSignal(canvas.laid_out):
        canvas.show_stage(wide, {})
    scale = canvas.viewport.camera.scale
    with qtbot.waitSignal(canvas.laid_out):
        canvas.folding.uncover("cat7")
    assert canvas.viewport.camera.scale == scale
    assert canvas.viewport.sight.contains(canvas.scene.rect("cat7"))


def test_page_keys_go_up_and_down_as_far_as_the_graph_reaches(canvas, qtbot):
    canvas.viewport.zoom_to(4.0)
    view, keys = canvas.viewport, Qt.Key
    bounds = canvas.scene.bounds
    assert view.sight.height() < bounds.height()
    qtbot.keyClick(canvas.surface, keys.Key_End)
    assert bounds.bottom() < view.sight.bottom() < bounds.bottom() + view.sight.height() / 2
    lowest = view.sight.top()
    qtbot.keyClick(canvas.surface, keys.Key_PageDown)
    assert view.sight.top() == lowest
    qtbot.keyClick(canvas.surface, keys.Key_PageUp)
    assert lowest - view.sight.height() < view.sight.top() < lowest
    qtbot.keyClick(canvas.surface, keys.Key_Home)
    assert bounds.top() - view.sight.height() / 2 < view.sight.top() < bounds.top()


def test_those_who_use_keys_see_which_graph_has_them(canvas, qtbot):
    surface, accent = canvas.surface, theme("light").color("accent")

    def is_marked():
        return surface.grab().toImage().pixelColor(surface.width() // 2, 0) == accent

    surface.setFocus(Qt.FocusReason.MouseFocusReason)
    qtbot.mouseClick(surface, Qt.MouseButton.LeftButton)
    assert not is_marked()
    qtbot.keyClick(surface, Qt.Key.Key_Down)
    assert is_marked()
    qtbot.mouseClick(surface, Qt.MouseButton.LeftButton)
    assert not is_marked()
    surface.clearFocus()
    surface.setFocus(Qt.FocusReason.TabFocusReason)
    assert is_marked()


def test_keys_zoom_around_the_selection_while_it_is_in_sight(canvas):
    last = canvas.scene.view.boxes[-1]
    canvas.selection.choose(last)
    canvas.viewport.set_camera(Camera(1.0).centred(canvas.scene.rect(last.id), 500, 300))
    before = canvas.viewport.camera.to_screen(canvas.scene.rect(last.id).center())
    QTest.keyClick(canvas.surface, Qt.Key.Key_Plus)
    after = canvas.viewport.camera.to_screen(canvas.scene.rect(last.id).center())
    assert (after - before).manhattanLength() < 1e-6
    canvas.viewport.set_camera(Camera(1.0, 9000.0, 9000.0))
    QTest.keyClick(canvas.surface, Qt.Key.Key_Plus)
    middle = canvas.viewport.camera.to_canvas(QPointF(250, 350))
    assert (middle - QPointF(9250, 9350)).manhattanLength() < 1e-6


def test_the_picture_of_another_model_is_not_shown_under_the_name_of_the_next(canvas, monkeypatch):
    painted: list[str] = []
    monkeypatch.setattr(canvas.surface, "_paint_words", lambda _painter: painted.append("words"))
    monkeypatch.setattr(canvas.surface, "_paint_scene", lambda _painter, _scene: painted.append("scene"))
    canvas.show_stage(CONVERTED, {})
    canvas.surface.grab()
    canvas.surface.begin_another()
    canvas.surface.grab()
    assert painted == ["scene", "words"]
