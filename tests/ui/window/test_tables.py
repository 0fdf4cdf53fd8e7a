"""Key figures, the table of nodes, and the filter that both have in common with the canvases."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from PySide6.QtCore import QPoint, Qt
from pytestqt.qtbot import QtBot

from qviz.analysis.tables.node_columns import COLUMNS, column_at
from qviz.analysis.verdicts.summary import summarize
from qviz.document import codec
from qviz.document.snapshot import Facts, Finding, Level, OperatorSize, Snapshot
from qviz.session.sides import Side
from qviz.ui.canvas.camera import Camera
from qviz.ui.panels.summary_strip import TileButton
from qviz.ui.shell.desk import Desk
from qviz.ui.shell.main_window import MainWindow
from tests.analysis.test_summary_tiles import islands_run
from tests.factories import small_links, small_stages, snapshot
from tests.measured import measured
from tests.ui.window.conftest import Asked
from tests.ui.window.test_window import CAPTURED, finished, hear, reached

FINDING = Finding.of("a", Level.WARNING, "converted", ["view"], message="it is odd")


def result() -> Snapshot:
    stages, facts = small_stages(), {"captured": {"fc": Facts(size=OperatorSize(3000, 100))}}
    made = snapshot(*stages, links=small_links(), facts=facts, findings=[FINDING])
    summary = summarize(stages, small_links(), facts)
    return msgspec.structs.replace(made, summary=summary, measurements=measured(total=31.2))


@pytest.fixture
def desk(window: MainWindow, asked: Asked, qtbot: QtBot, tmp_path: Path) -> Desk:
    codec.save(result(), tmp_path / "a.qviz")
    window.opener.open_source(str(tmp_path / "a.qviz"), is_consented=False)
    qtbot.waitUntil(lambda: window.desk is not None and window.desk.project is not None)
    made = window.desk
    assert made is not None
    qtbot.waitUntil(lambda: all(pane.canvas.view is not None for pane in made.work.panes.panes.values()))
    made.work.tabs.show_page(made.work.nodes)
    return made


def tile(desk: Desk, code: str) -> TileButton:
    return next(each for each in desk.work.summary.tiles if each.tile.code == code)


def listed(desk: Desk) -> list[str]:
    nodes = desk.work.nodes.nodes
    return [node.id for row in range(nodes.rowCount()) if (node := nodes.node_at(row)) is not None]


def bright(desk: Desk, side: Side = Side.RIGHT) -> frozenset[str] | None:
    return desk.work.panes.panes[side].canvas.emphasis.highlighted


def all_nodes() -> list[str]:
    return [node.id for node in small_stages()[1].graph.nodes]


def test_a_click_on_a_figure_dims_everything_else_and_lists_it(desk: Desk, qtbot: QtBot):
    desk.work.tabs.show_page(desk.work.findings_page)
    qtbot.mouseClick(tile(desk, "macs"), Qt.MouseButton.LeftButton)
    assert bright(desk) == frozenset({"fc"})
    assert bright(desk, Side.LEFT) == frozenset({"fc", "relu"})
    assert desk.work.tabs.currentWidget() is desk.work.nodes
    assert listed(desk) == ["fc"]
    assert tile(desk, "macs").isChecked()
    assert desk.work.node_filter.query == "has:macs precision:low"


def test_the_groups_around_float_islands_open_with_their_figure(window: MainWindow, qtbot: QtBot, tmp_path: Path):
    made = islands_run(inside="block")
    codec.save(msgspec.structs.replace(made, run=snapshot(*small_stages()).run), tmp_path / "a.qviz")
    window.opener.open_source(str(tmp_path / "a.qviz"), is_consented=False)
    qtbot.waitUntil(lambda: window.desk is not None and len(window.desk.work.summary.tiles) > 0)
    assert window.desk is not None
    canvas = window.desk.work.panes.canvas
    qtbot.waitUntil(lambda: canvas.view is not None)
    canvas.folding.fold_all()
    qtbot.waitUntil(lambda: canvas.view is not None and "fc" not in {box.id for box in canvas.view.boxes})
    qtbot.mouseClick(tile(window.desk, "islands"), Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: canvas.view is not None and {"softmax", "fc"} <= {box.id for box in canvas.view.boxes})


@pytest.mark.parametrize("is_moved", [False, True])
def test_what_a_figure_finds_is_brought_into_sight_until_the_user_looks_elsewhere(
    desk: Desk, qtbot: QtBot, is_moved: bool
):
    canvas = desk.work.panes.canvas
    qtbot.waitUntil(lambda: canvas.scene is not None and not canvas.is_busy)
    canvas.viewport.move(Camera(4.0, -9000.0, -9000.0))
    assert not canvas.viewport.sees_a_box()
    qtbot.mouseClick(tile(desk, "macs"), Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not canvas.is_busy and canvas.viewport.sees_a_box())
    assert canvas.scene is not None
    assert canvas.viewport.sight.contains(canvas.scene.rect(canvas.scene.view.box_of["fc"]).center())
    if is_moved:
        canvas.viewport.move(Camera(4.0, -9000.0, -9000.0))
        canvas.laid_out.emit()
        assert not canvas.viewport.sees_a_box()


def test_the_value_of_a_figure_without_room_for_its_name_begins_at_its_edge(desk: Desk):
    made = tile(desk, "macs")
    made.fit(True, 1.0)
    made.setFixedWidth(made.minimumSizeHint().width())
    image = made.grab().toImage()
    inked = [
        x
        for x in range(image.width() - 2)
        if any(image.pixelColor(x, y) != image.pixelColor(2, y) for y in range(3, image.height() - 3))
    ]
    assert inked[0] <= 14
    assert inked[-1] < image.width() - 8


@pytest.mark.parametrize("way", ["second click", "escape", "toast", "field"])
def test_a_filter_ends_everywhere_at_once(window: MainWindow, desk: Desk, qtbot: QtBot, way: str):
    qtbot.mouseClick(tile(desk, "macs"), Qt.MouseButton.LeftButton)
    if way == "second click":
        qtbot.mouseClick(tile(desk, "macs"), Qt.MouseButton.LeftButton)
    elif way == "escape":
        qtbot.keyClick(window, Qt.Key.Key_Escape)
    elif way == "toast":
        desk.work.notice.dismiss()
    else:
        desk.work.node_filter.field.clear()
    assert bright(desk) is None
    assert listed(desk) == all_nodes()
    assert not tile(desk, "macs").isChecked()
    assert desk.work.node_filter.query == ""
    assert desk.work.notice.isHidden()


def test_the_filter_speaks_the_language_of_the_search(desk: Desk, qtbot: QtBot):
    field = desk.work.node_filter
    qtbot.keyClicks(field.field, "kind:quantized_op")
    assert listed(desk) == ["fc", "conv"]
    assert bright(desk) == frozenset({"fc", "conv"})
    assert field._count.text() == "2 of 9"
    qtbot.keyClicks(field.field, " -module:fc")
    assert listed(desk) == ["conv"]
    field.field.setText("colour:red")
    assert field._count.text() == "unknown word"
    assert "There is no" not in field._count.text()
    assert "colour" in field._count.toolTip()


def test_the_search_knows_the_words_of_the_filter(window: MainWindow, desk: Desk, qtbot: QtBot):
    qtbot.keyClicks(window.bar.search, "precision:low")
    assert bright(desk) == frozenset({"fc", "conv"})
    assert listed(desk) == ["fc", "conv"]


def test_whatever_is_bright_is_listed(desk: Desk, qtbot: QtBot):
    desk.work.node_filter.field.setText("kind:quantized_op")
    desk.work.panes.active = Side.RIGHT
    desk.dimming.highlight_here(frozenset(("view",)))
    assert listed(desk) == ["view"]
    assert desk.work.node_filter.query == ""
    desk.dimming.highlight_here(None)
    assert listed(desk) == all_nodes()


def test_a_row_and_its_box_select_each_other(desk: Desk, qtbot: QtBot):
    table = desk.work.nodes
    table.on_row_chosen(table.nodes.index(5, 0))
    assert desk.project is not None
    assert desk.project.selected == (Side.RIGHT, "view")
    desk.selection.choose("converted", "conv")
    assert [table.nodes.node_at(row).id for row in table.chosen_rows()] == ["conv"]  # type: ignore[union-attr]
    desk.selection.choose("captured", "relu")
    assert [table.nodes.node_at(row).id for row in table.chosen_rows()] == ["fc"]  # type: ignore[union-attr]


def test_a_row_under_the_pointer_rings_its_box_and_moves_nothing(desk: Desk):
    canvas = desk.work.panes.panes[Side.RIGHT].canvas
    camera = canvas.viewport.camera
    desk.work.nodes.node_hovered.emit("conv")
    assert canvas.scene is not None
    assert canvas.surface.pointing.hovered == canvas.scene.find("conv").id  # type: ignore[union-attr]
    desk.work.nodes.node_hovered.emit("")
    assert canvas.surface.pointing.hovered is None
    assert canvas.viewport.camera == camera


def test_heads_sort_turn_round_and_end(desk: Desk, qtbot: QtBot):
    table, kind, name = desk.work.nodes, column_at("kind"), column_at("node")
    orders = []
    for _ in range(3):
        table.sort_by_column(name)
        qtbot.waitUntil(lambda: not table.nodes.is_busy)
        orders.append(listed(desk))
    assert orders == [sorted(all_nodes()), sorted(all_nodes(), reverse=True), all_nodes()]
    table.sort_by_column(kind)
    table.sort_by_column(name, is_second=True)
    qtbot.waitUntil(lambda: not table.nodes.is_busy)
    heads = [table.nodes.headerData(at, Qt.Orientation.Horizontal) for at in (kind, name)]
    assert heads == ["Kind ▴", "Node ▴²"]
    assert listed(desk)[:2] == ["fc_input_scale_0", "fc_input_zero_point_0"]


def test_a_click_with_shift_sorts_by_a_second_column(desk: Desk, qtbot: QtBot):
    table, kind, name = desk.work.nodes, column_at("kind"), column_at("node")
    heads = table.horizontalHeader()

    def click(column: int, keys: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
        at = QPoint(heads.sectionViewportPosition(column) + heads.sectionSize(column) // 2, heads.height() // 2)
        qtbot.mouseClick(heads.viewport(), Qt.MouseButton.LeftButton, keys, at)
        qtbot.waitUntil(lambda: not table.nodes.is_busy)

    click(kind)
    click(name, Qt.KeyboardModifier.ShiftModifier)
    assert [(key.column, key.is_descending) for key in table.nodes.sort_keys] == [(kind, False), (name, False)]
    kinds = [(node.kind.value, node.id) for row in range(table.nodes.rowCount()) if (node := table.nodes.node_at(row))]
    assert [each for _, each in kinds] == listed(desk)
    alike = [each for each in kinds if each[0] == kinds[0][0]]
    assert alike == sorted(alike)
    assert len(alike) > 1
    click(name)
    assert [key.column for key in table.nodes.sort_keys] == [name], "without Shift there is one key again"


def test_a_narrow_table_needs_no_scrolling_sideways(desk: Desk, window: MainWindow, qtbot: QtBot):
    table = desk.work.nodes
    window.resize(1024, 640)
    qtbot.waitUntil(lambda: table.viewport().width() < 1000)
    table.resize(600, 200)
    assert sum(map(table.columnWidth, range(len(COLUMNS)))) <= table.viewport().width()
    gone = {code for code in ("kind", "bytes", "dtype", "range") if table.isColumnHidden(column_at(code))}
    assert gone >= {"kind", "bytes"}
    assert not table.isColumnHidden(column_at("share"))
    chooser = next(each for each in table.horizontalHeader().actions() if each.text() == "Kind")
    chooser.trigger()
    chooser.trigger()
    assert not table.isColumnHidden(column_at("kind")), "who asks for a column gets it"
    table.resize(1400, 200)
    assert not any(table.isColumnHidden(column_at(code)) for code in gone)


def test_a_figure_that_is_missing_is_a_word(desk: Desk):
    nodes = desk.work.nodes.nodes
    told = [nodes.data(nodes.index(0, column_at(code))) for code in ("node", "module", "bytes", "share")]
    assert told == ["x", "", "none", "not measured"]


def test_columns_are_chosen_at_the_heads(desk: Desk):
    table = desk.work.nodes
    choice = next(each for each in table.horizontalHeader().actions() if each.text() == "Scale")
    wide = table.columnWidth(column_at("node"))
    choice.trigger()
    assert table.isColumnHidden(column_at("scale"))
    assert table.columnWidth(column_at("node")) >= wide
    choice.trigger()
    assert not table.isColumnHidden(column_at("scale"))


def test_other_figures_come_with_another_stage(desk: Desk):
    desk.selection.show_stage(Side.RIGHT, "captured")
    assert listed(desk) == [node.id for node in small_stages()[0].graph.nodes]
    assert desk.work.tabs.tabText(desk.work.tabs.indexOf(desk.work.nodes)) == "Nodes 8"


def test_an_unknown_figure_is_measured_by_a_click(desk: Desk, qtbot: QtBot, asked: Asked):
    assert tile(desk, "size").accessibleName() == "Size: not measured Measure"
    desk.tables.measure_requested.disconnect()
    told: list[bool] = []
    desk.tables.measure_requested.connect(lambda: told.append(True))
    qtbot.mouseClick(tile(desk, "size"), Qt.MouseButton.LeftButton)
    assert told == [True]


def test_the_output_of_a_second_run_is_compared_with_the_first(window: MainWindow, asked: Asked):
    window.opener.open_model("sample:conv-bn-relu")
    end = finished()
    for total in (30.0, 31.5):
        ended = msgspec.structs.replace(
            end, run=msgspec.structs.replace(end.run, flow="fx-static"), measurements=measured(total=total)
        )
        if total > 30:
            window.actions_of["run"].trigger()
        hear(window, reached(CAPTURED), ended)
    assert window.desk is not None
    shown = tile(window.desk, "sqnr").tile
    assert (shown.value, shown.detail) == ("31.5 dB", "+1.5 dB against Run 1")
    window.desk.shelf.view(1)
    shown = tile(window.desk, "sqnr").tile
    assert (shown.value, shown.detail) == ("30.0 dB", "")
    window.desk.shelf.view(2)
    assert tile(window.desk, "sqnr").tile.detail == "+1.5 dB against Run 1"


def test_the_strip_is_one_line_in_a_low_window(window: MainWindow, desk: Desk):
    assert desk.work.summary.height() == 47
    window.resize(1200, 690)
    assert desk.work.summary.height() == 31
