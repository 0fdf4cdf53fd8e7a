"""The export dialog: it starts from what is on screen, shows what it will write, and writes that."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec
import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QGuiApplication, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QFileDialog
from pytestqt.qtbot import QtBot

from qviz.document import codec
from qviz.session.laid_over import OverlayChoice
from qviz.session.sides import Side
from qviz.ui.canvas.view import GraphCanvas
from qviz.ui.export.choice import choice_of, picture_of
from qviz.ui.export.formats import PICTURE_FORMATS
from qviz.ui.export.png import image
from qviz.ui.shell.export_sheet import ExportSheet
from qviz.ui.shell.main_window import MainWindow
from qviz.ui.shell.on_screen import on_screen
from qviz.words.language import ENGLISH, Language, using
from tests.factories import small_links, small_stages, snapshot
from tests.measured import ledger, measured
from tests.ui.widgets import found
from tests.ui.window.visible_texts import offences

Opened = Callable[..., ExportSheet]


@pytest.fixture
def opened(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> Opened:
    """Return what opens a result, and the dialog on it."""

    def open_(
        is_measured: bool = False, act: Callable[[], None] = lambda: None, command: str = "export"
    ) -> ExportSheet:
        run = snapshot(*small_stages(), links=small_links())
        if is_measured:
            run = msgspec.structs.replace(run, measurements=measured(ledger=ledger()))
        codec.save(run, tmp_path / "a.qviz")
        window.opener.open_source(str(tmp_path / "a.qviz"), is_consented=True)
        qtbot.waitUntil(lambda: window.desk is not None and window.desk.project is not None)
        assert window.desk is not None
        panes = window.desk.work.panes.panes
        qtbot.waitUntil(lambda: all(is_settled(pane.canvas) for pane in panes.values()))
        act()
        qtbot.waitUntil(lambda: not any(pane.canvas.is_busy for pane in panes.values()))
        window.actions_of[command].trigger()
        sheet = found(window, ExportSheet)
        drawn(qtbot, sheet)
        return sheet

    return open_


def is_settled(canvas: GraphCanvas) -> bool:
    return canvas.scene is not None and not canvas.is_busy and not canvas.readable.is_waiting


def drawn(qtbot: QtBot, sheet: ExportSheet) -> None:
    qtbot.waitUntil(lambda: sheet.ready is not None, timeout=10_000)


def press(qtbot: QtBot, sheet: ExportSheet, button: QAbstractButton) -> None:
    button.click()
    qtbot.waitUntil(lambda: sheet.ready is None)
    drawn(qtbot, sheet)


def of(buttons: Mapping[QAbstractButton, object], value: object) -> QAbstractButton:
    return next(each for each, stands_for in buttons.items() if stands_for == value)


def test_it_starts_with_what_is_on_screen(opened: Opened, window: MainWindow):
    sheet = opened()
    choice = sheet.form.choice()
    assert (choice.area, choice.stages, choice.ending) == ("screen", ("captured", "converted"), ".png")
    assert window.desk is not None
    picture = sheet.drafts.picture
    assert picture is not None
    for side, pane in zip(Side, picture.panes, strict=True):
        scene = window.desk.work.panes.panes[side].canvas.scene
        assert scene is not None
        assert pane.scene.places is scene.places
        assert [box.id for box in pane.scene.view.boxes] == [box.id for box in scene.view.boxes]


def test_the_foot_tells_pixels_and_bytes_of_what_is_written(
    opened: Opened, window: MainWindow, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    sheet = opened()
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "out"), ""))
    with qtbot.waitSignal(sheet.saved) as told:
        sheet.save.click()
    assert told.args == [str(tmp_path / "out.png")]
    assert window.desk is not None
    assert told.args[0] in window.desk.work.notice.message.text()
    made = QImage(str(tmp_path / "out.png"))
    about = sheet.facts.text()
    assert about.startswith(f"PNG · {made.width():,} × {made.height():,} px · ")
    kilobytes = (tmp_path / "out.png").stat().st_size / 1000
    assert about.endswith(f"{kilobytes:.3g} kB")


@pytest.mark.parametrize(("ending", "files"), [(".svg", 1), (".pdf", 1), (".dot", 1), (".md", 2)])
def test_every_format_is_written(
    opened: Opened, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ending: str, files: int
):
    sheet = opened()
    press(qtbot, sheet, sheet.form.formats_of(ending))
    folder = tmp_path / "out"
    folder.mkdir()
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(folder / f"mine{ending}"), ""))
    sheet.save.click()
    assert len([*folder.iterdir()]) == files
    if files > 1:
        assert "mine-graph.svg" in (folder / "mine.md").read_text(encoding="utf-8")


def test_copy_is_the_picture_in_the_preview(opened: Opened, qtbot: QtBot, window: MainWindow):
    sheet = opened()
    sheet.copy.click()
    copied = QGuiApplication.clipboard().image()
    assert window.desk is not None
    assert window.desk.project is not None
    screen = on_screen(window.desk.project, window.desk.work)
    wanted = image(picture_of(choice_of(screen, window.desk.theme.name), screen))
    assert copied.convertToFormat(wanted.format()) == wanted
    assert copied.size().width() == 2 * round(wanted.width() / 2)
    QGuiApplication.clipboard().clear()
    window.desk.exports.copy_picture(window.desk.theme)
    assert QGuiApplication.clipboard().image().convertToFormat(wanted.format()) == wanted


def test_the_whole_graph_can_be_wrapped(opened: Opened, qtbot: QtBot):
    sheet = opened()
    press(qtbot, sheet, of(sheet.form.areas, "whole"))
    before = sheet.drafts.picture
    press(qtbot, sheet, of(sheet.form.wraps, True))
    after = sheet.drafts.picture
    assert before is not None
    assert after is not None
    assert {box.id for pane in before.panes for box in pane.scene.view.boxes} >= {"conv", "bn", "relu_1"}
    assert after.size.width() > before.size.width()
    assert after.size.height() < before.size.height()
    assert any(pane.joins for pane in after.panes)


def test_around_the_selection_needs_one(opened: Opened, qtbot: QtBot, window: MainWindow):
    assert not of(opened().form.areas, "around").isEnabled()


def test_around_the_selection_is_drawn_in_both_stages(opened: Opened, qtbot: QtBot, window: MainWindow):
    def select() -> None:
        assert window.desk is not None
        window.desk.selection.choose("converted", "view")

    sheet = opened(act=select)
    press(qtbot, sheet, of(sheet.form.areas, "around"))
    picture = sheet.drafts.picture
    assert picture is not None
    shown = [{node.id for node in part.stage.whole.nodes} for part in picture.parts]
    assert shown == [{"fc", "relu", "view", "conv", "bn"}, {"quantize_per_tensor", "fc", "view", "conv", "dequantize"}]
    assert sheet.form.counts["around"].text() == "10 nodes"


def test_the_selection_is_exported_by_its_own_command(opened: Opened, window: MainWindow):
    def select() -> None:
        assert window.desk is not None
        window.desk.selection.choose("converted", "view")

    sheet = opened(act=select, command="export_selection")
    assert of(sheet.form.areas, "around").isChecked()
    assert sheet.form.counts["around"].text() == "10 nodes"


def test_changes_and_numbers_show_their_legends(opened: Opened, qtbot: QtBot):
    sheet = opened(is_measured=True)
    press(qtbot, sheet, of(sheet.form.shows, OverlayChoice.CHANGES))
    picture = sheet.drafts.picture
    assert picture is not None
    assert {"added", "replaced"} <= {row.words for row in picture.legend}
    press(qtbot, sheet, of(sheet.form.shows, OverlayChoice.NUMBERS))
    assert sheet.form.choice().show is OverlayChoice.NUMBERS


def test_what_is_laid_over_the_panes_is_laid_over_the_picture(opened: Opened, window: MainWindow):
    def lay_over() -> None:
        assert window.desk is not None
        window.desk.dimming.lay_over(OverlayChoice.CHANGES)

    sheet = opened(act=lay_over)
    picture = sheet.drafts.picture
    assert picture is not None
    assert sheet.form.choice().show is OverlayChoice.CHANGES
    assert window.desk is not None
    for side, pane in zip(Side, picture.panes, strict=True):
        scene = window.desk.work.panes.panes[side].canvas.scene
        assert scene is not None
        on_screen_ = next(each for each in scene.overlays.shown if each.overlay.name == "changes")
        in_picture = next(each for each in pane.scene.overlays.shown if each.overlay.name == "changes")
        assert in_picture.boxes == on_screen_.boxes


def test_numbers_that_were_not_measured_cannot_be_shown(opened: Opened):
    assert not of(opened().form.shows, OverlayChoice.NUMBERS).isEnabled()


def test_the_name_and_the_format_follow_each_other(
    opened: Opened, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    sheet = opened()
    name = sheet.form.name
    assert name.text() == "small-conv-captured-converted.png"
    press(qtbot, sheet, sheet.form.stages["captured"])
    assert name.text() == "small-conv-converted.png"
    name.clear()
    qtbot.keyClicks(name, "mine.svg")
    name.editingFinished.emit()
    qtbot.waitUntil(lambda: sheet.ready is None)
    drawn(qtbot, sheet)
    assert sheet.form.choice().ending == ".svg"
    asked: list[str] = []

    def answer(_parent: object, _title: str, suggested: str, _filters: str) -> tuple[str, str]:
        asked.append(suggested)
        return "", ""

    monkeypatch.setattr(QFileDialog, "getSaveFileName", answer)
    sheet.save.click()
    assert asked == ["mine.svg"]
    sheet.save.setFocus()
    press(qtbot, sheet, sheet.form.formats_of(".pdf"))
    assert name.text() == "mine.pdf"


def test_one_stage_always_stays(opened: Opened, qtbot: QtBot):
    sheet = opened()
    press(qtbot, sheet, sheet.form.stages["captured"])
    assert not sheet.form.stages["converted"].isEnabled()
    assert sheet.form.choice().stages == ("converted",)


def test_the_lens_shows_what_the_pointer_is_at_in_full_size(opened: Opened, qtbot: QtBot):
    page = opened().preview.page
    QTest.mouseMove(page, page.rect().center())
    page.look_at(QPointF(1e6, -5.0))
    assert page.looks_at.y() == 0.0
    before = page.looks_at
    QTest.keyClick(page, Qt.Key.Key_Left)
    QTest.keyClick(page, Qt.Key.Key_Down)
    assert (before.x() - page.looks_at.x(), page.looks_at.y()) == (24.0, 24.0)


def test_at_100_percent_a_unit_is_a_pixel_and_the_page_scrolls(opened: Opened, qtbot: QtBot):
    sheet = opened()
    sheet.full.click()
    picture = sheet.drafts.picture
    assert picture is not None
    assert sheet.preview.page.height() >= picture.size.height()
    sheet.fit.click()
    qtbot.waitUntil(lambda: sheet.preview.page.height() == sheet.preview.viewport().height())


def test_a_file_that_cannot_be_written_is_told(opened: Opened, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    sheet = opened()
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "no" / "a.png"), ""))
    sheet.save.click()
    assert "could not be written" in sheet.hint.text()
    assert sheet.isVisible()


def test_a_picture_too_large_is_told_and_not_saved(opened: Opened, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch):
    sheet = opened()
    monkeypatch.setattr("qviz.ui.export.png.LONGEST", 1000)
    of(sheet.form.scales, 4).click()
    qtbot.waitUntil(lambda: "pixels" in sheet.hint.text(), timeout=10_000)
    assert not sheet.save.isEnabled()


def test_every_text_goes_through_words(opened: Opened, qtbot: QtBot):
    pseudo = Language("pseudo", ENGLISH.modules, finish=lambda text: f"[{text}]")
    known = frozenset({"1×", "2×", "3×", "4×", "sample:small-conv", "sample", "small", "conv", "small-conv"})
    with using(pseudo):
        sheet = opened()
        assert offences(sheet, known) == []
        for ending in PICTURE_FORMATS:
            if not sheet.form.formats_of(ending).isChecked():
                press(qtbot, sheet, sheet.form.formats_of(ending))
            assert offences(sheet, known) == []


def test_a_large_picture_is_made_when_it_is_saved(
    opened: Opened, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("qviz.ui.export.drafts.MOST", 5)
    sheet = opened()
    assert sheet.ready == {}
    assert sheet.facts.text().endswith(" px")
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "a.png"), ""))
    sheet.save.click()
    assert not QImage(str(tmp_path / "a.png")).isNull()


@pytest.mark.parametrize("percent", [100, 150])
def test_it_fits_small_windows_and_large_texts(opened: Opened, window: MainWindow, percent: int):
    window.resize(1024, 640)
    window.appearance.scale_text(0)
    while round(window.appearance.text_scale * 100) < percent:
        window.appearance.scale_text(1)
    sheet = opened()
    assert sheet.width() <= window.width()
    assert sheet.height() <= window.height()
    assert sheet.form.width() >= sheet.form.minimumSizeHint().width()
    rows = (sheet.form.scales, sheet.form.themes, sheet.form.shows)
    assert len({next(iter(each)).x() for each in rows}) == 1, "what stands behind titles begins at one line"
    for each in (sheet.cancel, sheet.copy, sheet.save):
        assert sheet.rect().contains(each.geometry())
        assert each.width() >= each.sizeHint().width()
    window.appearance.scale_text(0)
