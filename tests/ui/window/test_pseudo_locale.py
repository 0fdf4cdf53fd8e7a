"""Every text of the window goes through words: in a language that puts brackets around them, none stands without.

What may stand without brackets are names and numbers: ids of nodes, module paths, types, files, code, keys.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from PySide6.QtWidgets import (
    QApplication,
    QFileDialog,
    QInputDialog,
    QLineEdit,
    QMessageBox,
    QPlainTextEdit,
    QPushButton,
    QTextBrowser,
    QWidget,
)
from pytestqt.qtbot import QtBot

from qviz.analysis.verdicts.support import OPERATORS
from qviz.document import codec
from qviz.document.api_entries import load_entries
from qviz.document.comparison import FlowRow, ModelSize, died
from qviz.document.configuration import QConfig, Rule
from qviz.document.flows import FLOWS
from qviz.document.graph import SourceLine
from qviz.document.plan import BACKENDS, Plan
from qviz.document.said import Said
from qviz.document.snapshot import Level, RunError, Snapshot
from qviz.errors import QvizError
from qviz.ui.canvas import wording
from qviz.ui.canvas.accessible import neighbours
from qviz.ui.export import legend
from qviz.ui.panels.api_help import ApiHelp
from qviz.ui.panels.comparison import ComparisonSheet
from qviz.ui.panels.plan_text import PlanDialog
from qviz.ui.panels.rules import QCONFIGS, RuleDialog
from qviz.ui.panels.setup import Setup
from qviz.ui.panels.shortcuts import Palette, ShortcutSheet, rows_of
from qviz.ui.panels.welcome import Welcome
from qviz.ui.process.comparison import Comparing
from qviz.ui.settings import Settings
from qviz.ui.shell.app import report_bug
from qviz.ui.shell.files import ask_for_python, ask_for_result, ask_for_source, ask_where_to_save, may_run
from qviz.ui.shell.main_window import MainWindow
from qviz.ui.shell.qt_texts import QtTexts
from qviz.ui.theme import theme
from qviz.wire.messages import ModelLoaded
from qviz.words.language import ENGLISH, SIMPLIFIED_CHINESE, Language, using
from tests.ui.widgets import open_folds
from tests.ui.window.visible_texts import offences, option_names, outside_brackets, strange

RESULT = Path("tests/document/version_1/fx-static.json").resolve()
PSEUDO = Language("pseudo", ENGLISH.modules, finish=lambda text: f"[{text}]")
TOKEN = re.compile(r"[^\W\d][\w.]*")

TELLING = (
    "back",
    "forward",
    "hide_dimmed",
    "changes",
    "focus_neighbours",
    "focus_upstream",
    "focus_downstream",
    "focus_paths",
    "copy_python",
    "bookmark",
)
"""Commands that tell what they did, or why they did nothing."""
ROWS = (
    FlowRow("fx-static", "done", low=("conv",), size=ModelSize(4_000, 1_000), sqnr_db=40.0, findings={"warning": 1}),
    FlowRow("eager-static", "done", low=("conv",), sqnr_db="inf", broken="RuntimeError"),
    died("pt2e-static", "calibrating", Said("stop.engine.signal", {}, {"signal": "SIGKILL"})),
)


@pytest.fixture(autouse=True)
def _pseudo(qapp: QApplication) -> Iterator[None]:
    with using(PSEUDO):
        own = QtTexts(qapp)
        qapp.installTranslator(own)
        yield
        qapp.removeTranslator(own)


@pytest.fixture
def owner(qtbot: QtBot) -> QWidget:
    made = QWidget()
    qtbot.addWidget(made)
    return made


@pytest.fixture(scope="module")
def snapshot() -> Snapshot:
    return codec.load(str(RESULT))


@pytest.fixture(scope="module")
def known(snapshot: Snapshot) -> frozenset[str]:
    return names(snapshot)


def names(snapshot: Snapshot) -> frozenset[str]:
    """Return the names that a result brings along, and their parts: all texts of its nodes but reasons."""
    found: set[str] = set()

    def take(value: object) -> None:
        if isinstance(value, str):
            found.add(value)
            found.update(TOKEN.findall(value))
        elif isinstance(value, dict):
            for key, each in value.items():
                if key not in ("why", "kind"):
                    take(key)
                    take(each)
        elif isinstance(value, (list, tuple)):
            for each in value:
                take(each)

    take([msgspec.to_builtins(stage.graph) for stage in snapshot.stages])
    return frozenset(each.removeprefix("torch.") for each in found) | found | {"f32", "i64"}


def test_the_first_page(window: MainWindow):
    assert offences(window) == []


def test_what_was_open_lately(qtbot: QtBot):
    page = Welcome(theme("light"), [("models/net.py:Net", "[FX static · 3 findings]")])
    qtbot.addWidget(page)
    assert offences(page, frozenset({"net.py", "Net", "models", "net.py:Net", "models/net.py:Net"})) == []


@pytest.fixture
def open_result(window: MainWindow, qtbot: QtBot) -> MainWindow:
    window.opener.open_source(str(RESULT), is_consented=True)
    qtbot.waitUntil(lambda: window.desk is not None and window.desk.project is not None)
    assert window.desk is not None
    panes = window.desk.work.panes.panes
    qtbot.waitUntil(lambda: all(pane.canvas.view is not None for pane in panes.values()))
    return window


def test_a_result_and_each_of_its_nodes(open_result: MainWindow, snapshot: Snapshot, known: frozenset[str]):
    desk = open_result.desk
    assert desk is not None
    known |= {RESULT.name, RESULT.stem, str(RESULT), snapshot.run.source, "conv-bn-relu", *TOKEN.findall(str(RESULT))}
    known |= {*TOKEN.findall(snapshot.run.source), *TOKEN.findall("conv bn relu fx static json"), *BACKENDS}
    assert offences(open_result, known) == []
    for stage in snapshot.stages:
        for each in stage.graph.nodes:
            desk.selection.choose(stage.name, each.id)
            open_folds(desk.work.inspector)
            assert offences(desk.work.inspector, known) == [], f"{stage.name}: {each.id}"


def test_the_canvas_its_tooltips_and_the_legend(open_result: MainWindow, known: frozenset[str]):
    assert open_result.desk is not None
    for pane in open_result.desk.work.panes.panes.values():
        canvas = pane.canvas
        assert canvas.view is not None
        assert canvas.scene is not None
        assert canvas.stage is not None
        texts = [canvas.surface.words]
        for box in canvas.view.boxes:
            texts += [box.title, box.subtitle, wording.spoken(box), wording.tooltip(box, canvas.stage.graph)]
            texts.append(neighbours(canvas.scene, box))
        texts += [entry.words for entry in legend.entries([canvas.view])]
        dtypes = {box.precision for box in canvas.view.boxes if box.kind is not None}  # names of torch
        assert [text for text in texts if text and strange(text, known | dtypes)] == []


def test_the_setup_of_every_flow(owner: QWidget):
    setup = Setup()
    setup.setParent(owner)
    setup.show_model(ModelLoaded(1, "Net", 3, 1_200_000, 4_800_000, ("x: 1×3×8×8",)))
    rules = (
        Rule("global", qconfig=QConfig("default")),
        Rule("module_name", "fc"),
        Rule("module_name_regex", "fc.*"),
        Rule("object_type", "Linear"),
    )
    for flow in FLOWS:
        setup.show_plan(Plan("net.py:Net", flow.id, rules=rules))
        setup.set_backends(("x86",))
        setup.show_result({"rules": [{"matched": 3}, {"matched": 0}], "fuse_list": [["conv", "bn"]]}, rules)
        data = {*TOKEN.findall(" ".join(flow.calls)), "default", "fc"}
        assert offences(setup, frozenset(data)) == [], flow.id


@pytest.mark.parametrize("flow", [each.id for each in FLOWS])
def test_the_dialogs_of_the_setup(owner: QWidget, flow: str):
    qconfigs = frozenset(QCONFIGS)
    assert offences(RuleDialog(owner, ()), qconfigs) == []
    dialog = PlanDialog(owner, Plan("net.py:Net", flow))
    dialog.text.setPlainText("")  # TOML is data
    assert offences(dialog, option_names()) == []


def test_the_sheet_of_keys_and_the_palette(window: MainWindow):
    commands = window.actions_of.commands
    sheet, palette = ShortcutSheet(window, commands), Palette(window, rows_of(commands))
    keys = (
        frozenset(
            [
                "Ctrl",
                "Shift",
                "Alt",
                "Esc",
                "Enter",
                "Backspace",
                "Space",
                "Home",
                "Return",
                "Left",
                "Right",
                "Up",
                "Down",
            ]
        )
        | frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
        | {f"F{number}" for number in range(13)}
    )
    assert offences(sheet, keys) == []
    assert offences(palette, keys) == []


def test_api_help_but_for_its_texts(owner: QWidget):
    shown = ApiHelp(owner, theme("light"))
    entries = load_entries()
    documentation = frozenset(
        word for each in entries for word in TOKEN.findall(f"{each.short} {each.name} {each.group.upper()}")
    )
    shown.text.setPlainText("")
    assert offences(shown, documentation) == []
    shown.typed.setText("no such name")
    assert offences(shown) == []


def test_the_comparison_of_flows(owner: QWidget, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(Comparing, "start", lambda _: None)
    flows = ("fx-static", "eager-static", "pt2e-static")
    sheet = ComparisonSheet(Plan("net.py:Net"), flows, theme("light"), owner)
    known = frozenset({"net.py:Net", "net.py", "Net", *(each.name for each in OPERATORS)})
    assert offences(sheet, known) == []
    for row in ROWS:
        sheet.comparing._rows.append(row)
        sheet.refresh()
        assert offences(sheet, known) == []
    sheet.on_comparing_rejected(QvizError("[Nothing there]", "[Choose another.]"))
    assert offences(sheet, known) == []


def test_notices_and_what_is_told(open_result: MainWindow, known: frozenset[str]):
    desk = open_result.desk
    assert desk is not None
    for level in Level:
        desk.work.notice.tell(level.value, "[It happened]", "[Do this.]", (("[Run again]", lambda: None),))
        assert offences(desk.work.notice) == []
    known |= {"conv", "fx", "static", "json", "relu", "bn", *TOKEN.findall(str(RESULT)), str(RESULT)}
    told: list[str] = []
    for action in [open_result.actions_of[each.id] for each in open_result.actions_of.commands if each.id in TELLING]:
        action.setEnabled(True)
        action.trigger()
        told.append(desk.work.notice.message.text())
        assert offences(desk.work.notice, known) == [], action.text()
    assert len(set(told)) > 4


def test_a_run_that_stopped(
    window: MainWindow, qtbot: QtBot, snapshot: Snapshot, known: frozenset[str], tmp_path: Path
):
    line = SourceLine("net.py", 3, "if x.sum() > 0:")
    error = RunError("calibrating", "EngineDied", "stop.engine.signal", {}, {"signal": "SIGKILL"}, source=line)
    run = msgspec.structs.replace(snapshot.run, status="failed", error=error)
    stopped = msgspec.structs.replace(snapshot, run=run, stages=snapshot.stages[:2], links=(), facts={})
    codec.save(stopped, tmp_path / "a.json")
    window.opener.open_source(str(tmp_path / "a.json"), is_consented=True)
    qtbot.waitUntil(lambda: window.desk is not None and window.desk.project is not None)
    path = str(tmp_path / "a.json")
    known |= {
        "a.json",
        "a",
        path,
        *TOKEN.findall(path),
        "net.py",
        snapshot.run.source,
        *TOKEN.findall(snapshot.run.source),
    }
    known |= {*TOKEN.findall(f"conv bn relu fx static {line.code}"), *BACKENDS, "SIGKILL", "EngineDied"}
    assert offences(window, known) == []
    assert window.desk is not None
    assert window.desk.work.notice.message.text().count("["), "the notice tells what stopped it"


@pytest.mark.logs
def test_a_fault_and_the_question_of_trust(window: MainWindow, monkeypatch: pytest.MonkeyPatch):
    report_bug(window, ValueError, ValueError("3"), None)
    [box] = window.findChildren(QMessageBox)
    traceback = frozenset(TOKEN.findall(box.detailedText()))
    assert offences(box, traceback) == []
    details = next(each for each in box.buttons() if box.buttonRole(each) is QMessageBox.ButtonRole.ActionRole)
    before = details.text()
    details.click()
    assert details.text() != before
    assert offences(box, traceback) == []
    asked: list[list[str]] = []
    monkeypatch.setattr(QMessageBox, "exec", lambda box: asked.append(offences(box, frozenset({"pack", "age", "net"}))))
    may_run(window, Plan("pack.age:net"), Settings().consent)
    assert asked == [[]]


def test_what_files_are_asked_for(window: MainWindow, monkeypatch: pytest.MonkeyPatch, snapshot: Snapshot):
    asked: list[str] = []

    def answer(_parent: QWidget, title: str, name: str = "", filters: str = "") -> tuple[str, str]:
        asked.extend([title, re.sub(r"\([^)]*\)", "", filters)])
        return "", ""

    def question(_parent: QWidget, title: str, asks: str, **_: object) -> tuple[str, bool]:
        asked.extend([title, asks])
        return "", False

    monkeypatch.setattr(QFileDialog, "getOpenFileName", answer)
    monkeypatch.setattr(QFileDialog, "getSaveFileName", answer)
    ask_for_source(window)
    ask_for_result(window)
    ask_where_to_save(window)
    PlanDialog(window, Plan("net.py:Net")).on_open_clicked()
    PlanDialog(window, Plan("net.py:Net")).on_save_clicked()
    monkeypatch.setattr(QInputDialog, "getText", question)
    ask_for_python(window, Settings())
    assert len(asked) == 12
    assert [text for text in asked if outside_brackets(text)] == []


def test_the_question_for_an_interpreter(window: MainWindow, monkeypatch: pytest.MonkeyPatch):
    asked: list[str] = []

    def answer(_parent: QWidget, title: str, question: str, text: str) -> tuple[str, bool]:
        asked.extend([title, question])
        return text, False

    monkeypatch.setattr(QInputDialog, "getText", answer)
    ask_for_python(window, Settings())
    assert len(asked) == 2
    assert [text for text in asked if outside_brackets(text)] == []
    dialog = QInputDialog(window)
    dialog.sizeHint()  # makes the buttons
    assert len(dialog.findChildren(QPushButton)) == 2
    assert offences(dialog) == []


def test_the_menus_of_text_fields_and_the_dialog_of_files_are_no_longer_english(owner: QWidget):
    for field in (QLineEdit(owner), QPlainTextEdit(owner), QTextBrowser(owner)):
        menu = field.createStandardContextMenu()
        texts = [action.text().partition("\t")[0] for action in menu.actions() if not action.isSeparator()]
        assert len(texts) > 2
        assert [text for text in texts if outside_brackets(text)] == []
    dialog = QFileDialog(owner, "", "", "(*.py)")
    dialog.setOption(QFileDialog.Option.DontUseNativeDialog)
    buttons = [each.text() for each in dialog.findChildren(QPushButton) if each.text()]
    assert buttons
    assert [text for text in buttons if outside_brackets(text)] == []


def test_a_real_language_takes_the_texts_that_qt_brings(owner: QWidget, qapp: QApplication):
    with using(SIMPLIFIED_CHINESE):
        own = QtTexts(owner)
        qapp.installTranslator(own)
        menu = QLineEdit(owner).createStandardContextMenu()
        qapp.removeTranslator(own)
    assert any("复制" in each.text() for each in menu.actions())
