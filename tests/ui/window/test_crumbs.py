"""The crumbs name the result that is shown; what they offer changes the next run."""

from __future__ import annotations

from pathlib import Path

from pytestqt.qtbot import QtBot

from qviz.document.plan import Plan
from qviz.ui.shell.crumbs import Crumb
from qviz.ui.shell.main_window import MainWindow
from tests.ui.window.conftest import Asked
from tests.ui.window.test_window import CAPTURED, finished, hear, reached


def texts(window: MainWindow) -> list[str]:
    crumbs = window.bar.crumbs
    return [each.text() for each in (crumbs.model, crumbs.flow, crumbs.option) if not each.isHidden()]


def choose(crumb: Crumb, title: str) -> None:
    menu = crumb.menu()
    menu.aboutToShow.emit()
    next(each for each in menu.actions() if each.text() == title).trigger()


def test_a_choice_changes_the_next_run_and_not_the_name_of_what_is_shown(
    window: MainWindow, asked: Asked, qtbot: QtBot
):
    window.resize(1600, 900)
    window.opener.open_model("sample:conv-bn-relu")
    hear(window, reached(CAPTURED), finished())
    assert texts(window) == ["sample:conv-bn-relu", "FX static", "x86"]
    choose(window.bar.crumbs.flow, "PT2E static")
    assert window.desk is not None
    assert window.desk.project is not None
    assert window.desk.project.plan.flow == "pt2e-static"
    assert texts(window) == ["sample:conv-bn-relu", "FX static", "x86"]
    assert "The next run uses PT2E static." in window.desk.work.notice.message.text()
    assert window.desk.work.setup.pending.isVisible()
    window.actions_of["undo"].trigger()
    assert window.desk.project.plan.flow == "fx-static"
    assert not window.desk.work.setup.pending.isVisible()
    choose(window.bar.crumbs.flow, "PT2E static")
    window.actions_of["run"].trigger()
    assert asked.plans[-1].flow == "pt2e-static"
    assert texts(window)[1:] == ["PT2E static", "XNNPACK"]


def test_the_last_crumb_names_the_run_and_leads_to_the_others(window: MainWindow, asked: Asked):
    window.resize(1600, 900)
    window.opener.open_model("sample:conv-bn-relu")
    hear(window, reached(CAPTURED), finished())
    assert window.desk is not None
    assert window.bar.crumbs.run.text() == "Run 1"
    choose(window.bar.crumbs.flow, "PT2E static")
    window.actions_of["run"].trigger()
    hear(window, reached(CAPTURED), finished())
    assert window.bar.crumbs.run.text() == "Run 2"
    choose(window.bar.crumbs.run, "Run 1 · FX static")
    assert window.bar.crumbs.run.text() == "Run 1"
    assert texts(window)[1] == "FX static"


def test_the_first_crumb_lists_what_was_open_lately(window: MainWindow, asked: Asked):
    window.opener.open_model("sample:conv-bn-relu")
    hear(window, reached(CAPTURED), finished())
    choose(window.bar.crumbs.model, "sample:conv-bn-relu")
    assert len(asked.plans) == 2


def test_the_model_crumb_offers_the_other_models_of_its_file(window: MainWindow, asked: Asked, tmp_path: Path):
    file = tmp_path / "net.py"
    file.write_text(
        "from torch import nn\n\nclass A(nn.Module):\n    pass\n\nclass B(nn.Module):\n    pass\n\n"
        "class C(nn.Module):\n    def __init__(self, wide):\n        super().__init__()\n"
    )
    window.opener.open_plan(Plan(source=f"{file}:A", flow="fx-static", inputs=("1x3",)))
    hear(window, reached(CAPTURED), finished())
    menu = window.bar.crumbs.model.menu()
    menu.aboutToShow.emit()
    listed = [(each.text(), each.isChecked()) for each in menu.actions() if each.isCheckable()]
    assert listed == [("net.py:A", True), ("net.py:B", False)], "what needs arguments is on the inputs page"
    choose(window.bar.crumbs.model, "net.py:B")
    assert window.desk is not None
    assert window.desk.project is not None
    assert (window.desk.project.plan.source, window.desk.project.plan.inputs) == (f"{file}:B", ())
