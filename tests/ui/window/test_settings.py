"""What can be chosen about qviz itself is on one page, holds at once, and is remembered."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from PySide6.QtCore import Qt, QUrl
from PySide6.QtWidgets import QLabel, QPushButton
from pytestqt.qtbot import QtBot

from qviz.document.plan import Plan
from qviz.session.sides import Side
from qviz.ui.canvas.motion import wants_less_motion
from qviz.ui.panels.allowed_code import AllowedCode
from qviz.ui.panels.documentation import PAGES, Documentation, page_text
from qviz.ui.panels.settings_form import SettingsForm
from qviz.ui.panels.shortcuts import Palette
from qviz.ui.settings import LESS_MOTION, NO_RESTORE, OPEN_CASTS, Settings
from qviz.ui.shell.app import take_language, tell_ignored
from qviz.ui.shell.engine_limits import take_stored_limits
from qviz.ui.shell.main_window import MainWindow
from qviz.wire.memory import limit
from qviz.words.language import VARIABLE, language, use
from tests.ui.widgets import found
from tests.ui.window.conftest import Asked
from tests.ui.window.test_sizes import opened


def form_of(window: MainWindow) -> SettingsForm:
    window.actions_of["settings"].trigger()
    return found(window, SettingsForm)


def choose(choice, value: object) -> None:
    choice.setCurrentIndex(choice.findData(value))
    choice.activated.emit(choice.currentIndex())


def test_the_looks_change_while_the_page_is_open(window: MainWindow):
    form = form_of(window)
    choose(form.theme, "dark")
    assert window.appearance.theme.is_dark
    choose(form.text_size, 130)
    assert window.appearance.text_scale == 1.3
    choose(form.theme, "light")
    assert not window.appearance.theme.is_dark
    assert (Settings().theme, Settings().text_size) == ("light", 130)
    choose(form.theme, "system")
    assert Settings().theme == "system"


def test_what_was_chosen_before_is_shown(window: MainWindow):
    settings = Settings()
    settings.theme, settings.text_size, settings.language, settings.editor = "dark", 150, "zh_CN", "code {file}"
    settings.turn(LESS_MOTION, True)
    settings.set_open("bottom", False)
    form = form_of(window)
    shown = form.theme.currentData(), form.text_size.currentData(), form.language.currentData(), form.editor.text()
    assert shown == ("dark", 150, "zh_CN", "code {file}")
    assert (form.less_motion.isChecked(), form.bottom.isChecked()) == (True, False)


def test_motion_can_be_reduced(window: MainWindow, asked: Asked, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("qviz.ui.canvas.motion._is_reduced", [False])
    opened(window, qtbot, 1600, 1000)
    before = wants_less_motion()
    form = form_of(window)
    form.less_motion.setChecked(True)
    assert wants_less_motion()
    form.less_motion.setChecked(False)
    assert wants_less_motion() is before


def test_casts_stand_in_rows_of_their_own_where_the_user_wants_that(window: MainWindow, asked: Asked, qtbot: QtBot):
    opened(window, qtbot, 1600, 1000)
    panes = window.desk.work.panes if window.desk is not None else None
    assert panes is not None
    before = panes.panes[Side.RIGHT].canvas.family
    form_of(window).open_casts.setChecked(True)
    assert Settings().is_on(OPEN_CASTS)
    assert panes.panes[Side.RIGHT].canvas.family is not before


def test_an_editor_command_without_a_file_is_not_taken(window: MainWindow, qtbot: QtBot):
    form = form_of(window)
    form.editor.setText("code")
    form.editor.editingFinished.emit()
    assert "needs {file}" in form.note.text()
    assert Settings().editor == ""
    form.editor.setText("code -g {file}:{line}")
    form.editor.editingFinished.emit()
    assert Settings().editor == "code -g {file}:{line}"
    assert form.note.text() == ""


def test_what_was_allowed_is_counted_and_forgotten(window: MainWindow, qtbot: QtBot, tmp_path: Path):
    file = tmp_path / "net.py"
    file.touch()
    consent, plan = window.settings.consent, Plan(f"{file}:Net")
    consent.allow(consent.listing(plan))
    assert consent.listing(plan).asked == ()
    consent.grants(plan)
    form = form_of(window)
    assert form.trust.text() == "1 answer"
    [show] = [each for each in form.findChildren(QPushButton) if each.text() == "Show…"]
    show.click()
    listed = found(form, AllowedCode)
    row = listed.rows.topLevelItem(0)
    assert row is not None
    assert row.text(0) == f"{file}:Net"
    inside = [each for place in range(row.childCount()) if (each := row.child(place)) is not None]
    assert [each.text(0) for each in inside] == [str(file), f"Run of {plan.source}"]
    assert row.text(2) == "1 time"
    listed.rows.setCurrentItem(inside[0])
    listed.revoke.click()
    assert listed.rows.topLevelItemCount() == 0
    listed.accept()
    assert form.trust.text() == "none"
    assert len(consent.listing(plan).asked) == 1


def test_the_engine_gets_its_limits_from_the_next_run_on(window: MainWindow, monkeypatch: pytest.MonkeyPatch):
    for name in ("QVIZ_MEMORY", "QVIZ_NETWORK"):
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    outdated = []
    monkeypatch.setattr(window.engines, "outdate", lambda: outdated.append(1))
    form = form_of(window)
    assert form.memory.text() == "80 % of the machine's"
    form.memory.setValue(1.5)
    assert os.environ["QVIZ_MEMORY"] == "1.5"
    assert limit() == 3 << 29
    choose(form.network, "0")
    assert os.environ["QVIZ_NETWORK"] == "0"
    assert len(outdated) == 2
    form.memory.setValue(0)
    choose(form.network, "")
    assert not {"QVIZ_MEMORY", "QVIZ_NETWORK"} & set(os.environ)
    assert (Settings().memory, Settings().network) == ("", "")


def test_limits_that_were_named_at_the_start_are_kept(monkeypatch: pytest.MonkeyPatch, window: MainWindow):
    settings = Settings()
    settings.memory, settings.network = "4", "1"
    monkeypatch.setenv("QVIZ_MEMORY", "2")
    monkeypatch.setenv("QVIZ_NETWORK", "")
    monkeypatch.delenv("QVIZ_NETWORK")
    take_stored_limits(settings)
    assert (os.environ["QVIZ_MEMORY"], os.environ["QVIZ_NETWORK"]) == ("2", "1")


def test_limits_do_not_reach_another_machine(monkeypatch: pytest.MonkeyPatch, window: MainWindow):
    settings = Settings()
    settings.memory, settings.engine = "4", "ssh host python -m qviz.engine"
    monkeypatch.setenv("QVIZ_ENGINE", settings.engine)
    monkeypatch.setenv("QVIZ_MEMORY", "")
    monkeypatch.delenv("QVIZ_MEMORY")
    take_stored_limits(settings)
    assert "QVIZ_MEMORY" not in os.environ
    form = form_of(window)
    assert not form.memory.isEnabled()
    assert not form.network.isEnabled()
    settings.engine = ""


BAD = {"text_size": "big", "theme": "mauve", "editor": 'code "{file}', "memory": "-2", "network": "maybe"}


@pytest.mark.parametrize("name", BAD)
def test_a_stored_setting_that_means_nothing_is_ignored_and_told(window: MainWindow, name: str):
    settings = window.settings
    settings.store.setValue(name, BAD[name])
    assert [each[:2] for each in settings.ignored()] == [(name, BAD[name])]
    tell_ignored(window)
    told = window.pages.notice
    assert told.message.text() == f"A setting is ignored: {name} = {BAD[name]}"
    assert told.hint.text().startswith(f"{name} takes ")
    shown = settings.text_size, settings.theme, settings.editor, settings.memory, settings.network
    assert shown == (100, "system", "", "", "")
    form_of(window)


def test_settings_that_are_sound_are_not_told(window: MainWindow):
    settings = window.settings
    settings.theme, settings.text_size, settings.memory, settings.network = "dark", 150, "1.5", "0"
    settings.editor = "code -g {file}:{line}"
    settings.store.setValue("saved_in", ["a", "b"])
    assert settings.ignored() == ()
    tell_ignored(window)
    assert "notice" not in vars(window.pages)


def test_a_text_with_commas_is_one_text(window: MainWindow):
    window.settings.store.setValue("editor", ["edit {file}", "{line}"])
    assert window.settings.editor == "edit {file}, {line}"


@pytest.fixture
def english_after(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(os.environ, VARIABLE, "")
    yield
    use("en")


def test_the_language_that_was_chosen_is_used_from_the_next_start_on(
    window: MainWindow, english_after: None, qtbot: QtBot
):
    window.actions_of["language"].trigger()
    chooser = found(window, Palette)
    qtbot.keyClicks(chooser.typed, "zh")
    qtbot.keyClick(chooser.typed, Qt.Key.Key_Return)
    assert language().name == "en"
    take_language(Settings())
    assert language().name == "zh_CN"
    assert os.environ[VARIABLE] == "zh_CN"  # the engine says it, too


def test_a_language_that_was_named_at_the_start_is_kept(english_after: None, window: MainWindow):
    Settings().language = "zh_CN"
    os.environ[VARIABLE] = "en"
    take_language(Settings())
    assert language().name == "en"


def test_the_pages_of_the_documentation_lead_to_each_other(window: MainWindow):
    window.actions_of["documentation"].trigger()
    sheet = found(window, Documentation)
    assert sheet.pages.count() == len(PAGES)
    assert sheet.text.toPlainText().startswith("The graph")
    sheet.text.anchorClicked.emit(QUrl("measure.md"))
    assert sheet.text.toPlainText().startswith("Measuring")
    sheet.text.anchorClicked.emit(QUrl("https://pytorch.org/docs"))
    assert sheet.text.toPlainText().startswith("Measuring")
    assert "https://pytorch.org/docs" in [each.text() for each in sheet.findChildren(QLabel)]


def test_every_page_is_in_the_wheel_and_without_pictures():
    packaged = Path("pyproject.toml").read_text(encoding="utf-8")
    for page in PAGES:
        assert f'"docs/{page}.md" = "qviz/resources/docs/{page}.md"' in packaged
        assert "![" not in page_text(page)


def test_runs_are_kept_or_not(window: MainWindow, qtbot: QtBot):
    form = form_of(window)
    assert form.runs.isChecked()
    form.runs.setChecked(False)
    assert Settings().is_on(NO_RESTORE)
    asked = []
    window.pages.forget_requested.disconnect()
    window.pages.forget_requested.connect(lambda: asked.append(1))
    next(each for each in form.findChildren(QPushButton) if each.text() == "Forget all…").click()
    window.actions_of["forget_runs"].trigger()
    assert asked == [1, 1]
