"""The side of the window that says what to do: every choice is a plan, every plan is shown."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QLabel, QLineEdit, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from qviz.document.configuration import QConfig, Quantizer, QuantizerRule, Rule
from qviz.document.flows import FLOWS, OPTIONS
from qviz.document.plan import Plan
from qviz.document.plan_file import read
from qviz.ui.panels.choice import Choice
from qviz.ui.panels.plan_fields import GROUPS
from qviz.ui.panels.plan_form import PlanForm
from qviz.ui.panels.plan_text import PlanDialog
from qviz.ui.panels.rules import RuleDialog
from qviz.ui.panels.setup import Setup
from qviz.wire.messages import ModelLoaded
from qviz.words import names


@pytest.fixture
def setup(qtbot: QtBot) -> Setup:
    made = Setup()
    qtbot.addWidget(made)
    made.show_plan(Plan("net.py:Net", "fx-static"))
    made.show()
    return made


def test_the_empty_field_says_whose_inputs_are_used(setup: Setup):
    loaded = ModelLoaded(1, "Net", 3, 10, 40, ("1×3×16×16 float32",))
    setup.show_model(loaded)
    assert setup.inputs.placeholderText() == "Inputs: those of the model"
    setup.show_model(None)
    assert setup.inputs.placeholderText() == "Inputs, such as 1x3x224x224"
    setup.show_plan(Plan("net.py:Net", "fx-static", inputs=("1x3x16x16",)))
    setup.show_model(loaded)
    assert setup.inputs.placeholderText() == "Inputs, such as 1x3x224x224", "nothing is known of the model's own"


def words(setup: Setup) -> list[str]:
    return [each.text() for each in setup.findChildren(QLabel) if each.isVisible()]


@pytest.mark.parametrize("each", FLOWS, ids=lambda each: each.id)
def test_every_flow_can_be_shown_and_chosen(each, setup: Setup, qtbot: QtBot):
    plans: list[Plan] = []
    setup.plan_changed.connect(plans.append)
    segment = next(button for button in setup.flow.modes.buttons() if button.text() == names.mode(each.mode.value))
    qtbot.mouseClick(segment, Qt.MouseButton.LeftButton)
    setup.flow.methods.setCurrentIndex(setup.flow.methods.findText(names.method(each.method.value)))
    setup.flow.methods.activated.emit(setup.flow.methods.currentIndex())
    chosen = plans[-1] if plans else Plan("net.py:Net", "fx-static")
    assert chosen.flow == each.id
    assert setup.train.isVisible() == each.is_training
    assert setup.calibrate.isVisible() == each.calibrates
    assert setup.rules.isVisible() == (each.takes("rules") or each.takes("quantizer_options"))
    assert setup.with_lowering.isVisible() == each.takes("lower")
    setup.show_plan(Plan("net.py:Net", each.id))
    assert setup.flow.chosen() == each


def test_another_mode_keeps_the_type(setup: Setup, qtbot: QtBot):
    setup.show_plan(Plan("net.py:Net", "fx-qat"))
    with qtbot.waitSignal(setup.plan_changed) as told:
        qtbot.mouseClick(setup.flow.modes.buttons()[-1], Qt.MouseButton.LeftButton)
    assert told.args[0].flow == "pt2e-qat"


def test_rules_are_shown_with_what_they_matched(setup: Setup, qtbot: QtBot):
    rules = (Rule("global", qconfig=QConfig("default")), Rule("module_name", "cnov"))
    setup.show_plan(Plan("net.py:Net", "fx-static", rules=rules))
    setup.show_result({"rules": [{"rule": "a", "matched": 3}, {"rule": "b", "matched": 0}]}, rules)
    expected = {"All modules", "cnov", "float", "3 nodes", "0 nodes"}
    qtbot.waitUntil(lambda: expected <= set(words(setup)))
    remove = [each for each in setup.findChildren(QPushButton) if each.text() == "×" and each.isVisible()]
    with qtbot.waitSignal(setup.plan_changed) as told:
        qtbot.mouseClick(remove[1], Qt.MouseButton.LeftButton)
    assert told.args[0].rules == rules[:1]
    assert "3 nodes" not in words(setup)  # counted with other rules


def test_a_rule_is_made(setup: Setup, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch):
    def fill(dialog: RuleDialog) -> int:
        dialog._kind.setCurrentIndex(dialog._kind.findData("module_name"))
        assert not dialog._ok.isEnabled()
        dialog._target.setText("fc")
        dialog._qconfig.setCurrentText("default_qconfig")
        assert dialog._ok.isEnabled()
        return QDialog.DialogCode.Accepted

    monkeypatch.setattr(RuleDialog, "exec", fill)
    with qtbot.waitSignal(setup.plan_changed) as told:
        qtbot.mouseClick(setup.rules.add, Qt.MouseButton.LeftButton)
    assert told.args[0].rules == (Rule("module_name", "fc", QConfig("default_qconfig")),)


def test_the_fuse_list_of_the_trace_is_shown(setup: Setup):
    setup.show_plan(Plan("net.py:Net", "eager-static"))
    setup.show_result({"fuse_list": [["conv", "bn"]]}, ())
    assert "Fuses conv, bn (found by tracing)" in words(setup)
    setup.show_plan(Plan("net.py:Net", "eager-static", fuse_list=(("a", "b"),)))
    assert "Fuses a, b" in words(setup)


def test_the_whole_plan_is_edited_as_text(qtbot: QtBot, tmp_path):
    parent = QWidget()
    qtbot.addWidget(parent)
    dialog = PlanDialog(parent, Plan("net.py:Net", "fx-static"))
    qtbot.addWidget(dialog)
    dialog.turn_to(1)
    dialog.text.setPlainText("version = 1\nflwo = 'fx-qat'")
    dialog.accept()
    assert dialog.result() != QDialog.DialogCode.Accepted
    assert "flwo" in dialog.fault.text()
    (tmp_path / "plan.toml").write_text("version = 1\nflow = 'fx-qat'")
    dialog.open_file(tmp_path / "plan.toml")
    assert read(dialog.text.toPlainText()) == Plan("net.py:Net", "fx-qat")
    dialog.turn_to(0)
    dialog.accept()
    assert dialog.plan == Plan("net.py:Net", "fx-qat")


@pytest.mark.parametrize("each", FLOWS, ids=lambda each: each.id)
def test_a_form_left_as_it_is_says_the_plan_it_was_made_of(each, qtbot: QtBot):
    plan = Plan(
        "net.py:Net",
        each.id,
        inputs=("1x3", "2x4"),
        batch_limit=3,
        seed=7,
        at_most=2.5,
        fuse_list=(("conv", "bn"), ("a", "b")),
        rules=(Rule("module_name", "fc"),),
        measure=False,
    )
    for known in (plan, Plan("net.py:Net", each.id)):
        form = PlanForm(known)
        qtbot.addWidget(form)
        assert form.plan() == known
        taken = {name.partition(".")[0] for name in form.fields}
        assert all(each.takes(name) for name in taken & OPTIONS)


def test_the_form_has_every_option_of_some_flow(qtbot: QtBot):
    fields = {row.field.partition(".")[0] for _, rows in GROUPS for row in rows}
    assert fields == set(Plan.__struct_fields__) - {"flow"}


def test_what_is_filled_in_stands_in_the_plan_and_in_the_text(qtbot: QtBot):
    parent = QWidget()
    qtbot.addWidget(parent)
    dialog = PlanDialog(parent, Plan("net.py:Net", "pt2e-static"))
    qtbot.addWidget(dialog)
    fields: dict[str, Any] = dialog.form.fields
    fields["quantizer_options.per_channel"].setCurrentIndex(1)
    fields["strict"].setCurrentIndex(2)
    fields["fold_quantize"].setChecked(False)
    fields["dynamic_shapes"].setText("net.py:shapes")
    fields["batch_limit"].setValue(5)
    dialog.turn_to(1)
    assert "fold_quantize = false" in dialog.text.toPlainText()
    dialog.accept()
    wanted = Plan("net.py:Net", "pt2e-static", batch_limit=5, strict=False, fold_quantize=False)
    options = Quantizer(per_channel=True)
    assert dialog.plan == msgspec.structs.replace(wanted, dynamic_shapes="net.py:shapes", quantizer_options=options)


def test_a_rule_of_a_pt2e_flow_is_one_of_its_quantizer(setup: Setup, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch):
    setup.show_plan(Plan("net.py:Net", "pt2e-static"))

    def answer(dialog: RuleDialog) -> int:
        kinds = dialog.findChildren(Choice)[0]
        kinds.setCurrentIndex(kinds.findText("Type"))
        dialog.findChildren(QLineEdit)[0].setText("torch.nn.Linear")
        settings = dialog.findChildren(Choice)[1]
        settings.setCurrentIndex(settings.findText("Per tensor"))
        return int(QDialog.DialogCode.Accepted)

    monkeypatch.setattr(RuleDialog, "exec", answer)
    with qtbot.waitSignal(setup.plan_changed) as told:
        setup.rules.ask("")
    rule = QuantizerRule("module_type", "torch.nn.Linear", per_channel=False)
    assert told.args[0].quantizer_options.rules == (rule,)
    assert told.args[0].rules == ()
    assert {"Type torch.nn.Linear", "Per tensor"} <= {each.text() for each in setup.rules.findChildren(QLabel)}
    with qtbot.waitSignal(setup.plan_changed) as told:
        setup.rules.on_remove_clicked(0)
    assert told.args[0].quantizer_options.rules == ()
