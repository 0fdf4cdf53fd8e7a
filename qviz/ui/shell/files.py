"""Opening, saving, exporting: every dialog that asks for a file, and the question of trust."""

from __future__ import annotations

import os
from enum import Enum
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QInputDialog, QMessageBox, QWidget

from qviz.document import codec, plan_file
from qviz.document.model_files import MODEL_FILES
from qviz.document.plan import Plan
from qviz.document.writing import ChangedOnDiskError
from qviz.trust.consent import Consent
from qviz.trust.listing import Listing, lines
from qviz.trust.references import NamedBy
from qviz.ui.panels.widgets import file_filter
from qviz.ui.settings import Settings
from qviz.wire import elsewhere, interpreter
from qviz.words import mark, tr
from qviz.words.formats import sentence

_MODELS = (".py", *MODEL_FILES, ".qviz", ".json", plan_file.SUFFIX)
_QUESTION = mark("Path of a Python with torch 2.8 and msgspec. Leave it empty to use the Python of qviz.")
_COMMAND = mark(
    "Command that starts the engine elsewhere, such as: ssh HOST python -m qviz.engine\n"
    "Models and data are then files of that machine. Leave it empty to use this one."
)


def ask_for_source(parent: QWidget) -> str | None:
    """Return the file that the user chose, or None."""
    path, _ = QFileDialog.getOpenFileName(
        parent, tr("Open"), "", file_filter(tr("Models, results and plans"), *_MODELS)
    )
    return path or None


def ask_for_result(parent: QWidget) -> str | None:
    """Return the result that the user chose, or None."""
    path, _ = QFileDialog.getOpenFileName(
        parent, tr("Open second result"), "", file_filter(tr("Results"), *codec.SUFFIXES)
    )
    return path or None


def ask_for_python(parent: QWidget, settings: Settings) -> bool:
    """Ask for the interpreter of the engine, and remember it; return whether another was chosen.

    Raises:
        QvizError: It lacks what an engine needs; the one before stays.
    """
    typed, is_given = QInputDialog.getText(parent, tr("Python of the engine"), tr(_QUESTION), text=settings.python)
    path = interpreter.check(typed.strip()) if is_given and typed.strip() else ""
    if not is_given or path == settings.python:
        return False
    settings.python = path
    os.environ[interpreter.VARIABLE] = path  # every engine that starts from now on reads it
    return True


def ask_for_engine(parent: QWidget, settings: Settings) -> bool:
    """Ask for the command that starts the engine, and remember it; return whether another was chosen.

    Raises:
        QvizError: Its program is not there; the one before stays.
    """
    now = elsewhere.chosen()
    typed, is_given = QInputDialog.getText(parent, tr("Engine on another machine"), tr(_COMMAND), text=now)
    command = elsewhere.check(typed) if is_given and typed.strip() else ""
    if not is_given or command == now:
        return False
    settings.engine = command
    os.environ[elsewhere.VARIABLE] = command  # every engine that starts from now on reads it
    return True


def may_run(parent: QWidget, plan: Plan, consent: Consent, otherwise: NamedBy = NamedBy.FILE) -> bool:
    """Tell whether all that a plan names may run; asks about what the user neither named nor allowed.

    The answer yes is remembered by content: another file in its place is asked about again.

    Args:
        parent: What the question stands before.
        plan: What would run.
        consent: What the user allowed in this window, and before.
        otherwise: Who named what she did not.

    Raises:
        QvizError: A file that the plan names is not there, or what it names may never run.
    """
    listing = consent.listing(plan, otherwise)
    if not listing.asked:
        return True
    if not _says_yes(parent, listing):
        return False
    consent.allow(listing)
    return True


def may_watch(parent: QWidget, file: str) -> bool:
    """Ask whether every save of a file may run it, while the window is open."""
    question = QMessageBox(parent)
    question.setTextFormat(Qt.TextFormat.PlainText)
    question.setWindowTitle(tr("Watch the file"))
    question.setText(tr("Run {file} again whenever it is saved?", file=file))
    question.setInformativeText(
        tr(
            "Each save runs its code with your permissions, without asking again, until you turn this off, open "
            "another model or close the window."
        )
    )
    watch = question.addButton(tr("Watch"), QMessageBox.ButtonRole.AcceptRole)
    question.addButton(tr("Cancel"), QMessageBox.ButtonRole.RejectRole)
    question.exec()
    return question.clickedButton() is watch


def _says_yes(parent: QWidget, listing: Listing) -> bool:
    question = QMessageBox(parent)
    question.setTextFormat(Qt.TextFormat.PlainText)
    question.setWindowTitle(tr("Run this code?"))
    question.setText("\n".join((tr("This runs code with your permissions:"), *lines(listing))))
    question.setInformativeText(tr("It runs in a separate process. Run only code you trust."))
    run = question.addButton(tr("Run"), QMessageBox.ButtonRole.AcceptRole)
    question.addButton(tr("Cancel"), QMessageBox.ButtonRole.RejectRole)
    question.exec()
    return question.clickedButton() is run


def ask_where_to_save(parent: QWidget) -> str | None:
    """Return the file that a result is to be written into, or None."""
    path, chosen = QFileDialog.getSaveFileName(parent, tr("Save result"), "review.qviz", _results())
    if path and not path.endswith(codec.SUFFIXES):
        path += ".json" if "*.json" in chosen else ".qviz"
    return path or None


class OnChange(Enum):
    """What to do with a file that another program wrote meanwhile."""

    REPLACE = "replace"
    SAVE_AS = "save as"
    NOTHING = "nothing"


def ask_what_to_do(parent: QWidget, error: ChangedOnDiskError) -> OnChange:
    """Ask what to do with a file that another program wrote since it was read."""
    question = QMessageBox(parent)
    question.setTextFormat(Qt.TextFormat.PlainText)
    question.setWindowTitle(tr("The file has changed"))
    question.setText(sentence(error.message))
    question.setInformativeText(tr("Saving replaces what is there now."))
    replace = question.addButton(tr("Replace"), QMessageBox.ButtonRole.DestructiveRole)
    save_as = question.addButton(tr("Save as…"), QMessageBox.ButtonRole.AcceptRole)
    question.addButton(tr("Cancel"), QMessageBox.ButtonRole.RejectRole)
    question.exec()
    chosen = {replace: OnChange.REPLACE, save_as: OnChange.SAVE_AS}
    return next((each for button, each in chosen.items() if button is question.clickedButton()), OnChange.NOTHING)


def ask_for_csv(parent: QWidget, name: str) -> str | None:
    """Return the file that rows are to be written into, or None."""
    path, _ = QFileDialog.getSaveFileName(parent, tr("Save as CSV"), name, file_filter(tr("CSV"), ".csv"))
    return f"{path}.csv" if path and not Path(path).suffix else path or None


def ask_for_baseline(parent: QWidget, beside: str) -> str | None:
    """Return the file in which accepted findings are to be kept: a baseline that exists is added to.

    Args:
        parent: The window.
        beside: The folder to begin in.
    """
    path, _ = QFileDialog.getSaveFileName(
        parent,
        tr("Baseline: the file of accepted findings"),
        os.path.join(beside, "qviz-baseline.json"),
        file_filter(tr("Baseline"), ".json"),
        options=QFileDialog.Option.DontConfirmOverwrite,
    )
    return f"{path}.json" if path and not Path(path).suffix else path or None


def ask_for_plan(parent: QWidget, suggested: str = "plan.toml") -> str | None:
    """Return the file that a plan is to be written into, or None."""
    path, _ = QFileDialog.getSaveFileName(parent, tr("Save plan"), suggested, file_filter(tr("Plan"), plan_file.SUFFIX))
    return f"{path}{plan_file.SUFFIX}" if path and not Path(path).suffix else path or None


def _results() -> str:
    return ";;".join((file_filter(tr("qviz result"), ".qviz"), file_filter(tr("JSON"), ".json")))
