"""Opening, saving, exporting: every dialog that asks for a file, and the question of trust."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QInputDialog, QMessageBox, QWidget

from qviz.document import codec, plan_file
from qviz.document.model_files import MODEL_FILES
from qviz.document.snapshot import Snapshot
from qviz.sources.kinds import kind_of
from qviz.sources.own_rules import listed_rules
from qviz.ui.panels.widgets import file_filter
from qviz.ui.settings import Settings
from qviz.wire import interpreter
from qviz.words import mark, tr

_MODELS = (".py", *MODEL_FILES, ".qviz", ".json", plan_file.SUFFIX)
_QUESTION = mark("Path of a Python with torch 2.8 and msgspec. Leave it empty to use the Python of qviz.")
_CHUNK_BYTES = 1 << 22


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
    typed, is_given = QInputDialog.getText(parent, tr("Choose interpreter"), tr(_QUESTION), text=settings.python)
    path = interpreter.check(typed.strip()) if is_given and typed.strip() else ""
    if not is_given or path == settings.python:
        return False
    settings.python = path
    os.environ[interpreter.VARIABLE] = path  # every engine that starts from now on reads it
    return True


def is_trusted(source: str, settings: Settings) -> bool:
    """Tell whether the code of a source may run without a question; what names no file was named by the user."""
    key = _key_of(source)
    return key is None or settings.is_trusted(key)


def _key_of(source: str) -> str | None:
    """Return what an answer is remembered by; None for a source that names no file."""
    kind = kind_of(source)
    file = kind.code_file(source)
    if file is None:
        return None
    path = Path(file).expanduser().absolute()
    rules = _rules_of(source)
    return "\n".join([_content_of(path) if kind.is_whole else str(path), *([rules] if rules else [])])


def _rules_of(source: str) -> str:
    listed = listed_rules(source)
    return f"{listed.file}: {', '.join(listed.targets)}" if listed is not None and listed.targets else ""


def is_allowed(parent: QWidget, source: str, settings: Settings, is_foreign: bool = False) -> bool:
    """Ask once whether the code of a file may run.

    The answer yes is remembered by the file's path, of a ``.pt`` or ``.pt2`` by its content; where the project lists
    finding rules, whose code runs too, by those as well.

    Args:
        parent: What the question stands before.
        source: What would run.
        settings: Where the answer is remembered.
        is_foreign: The source was read from a result, so that even an importable name is nobody's wish here.
    """
    key, rules = _key_of(source), _rules_of(source)
    if key is None:
        return not is_foreign or kind_of(source).is_shipped or _says_yes(parent, _with_rules(source, rules))
    if settings.is_trusted(key):
        return True
    path = Path(kind_of(source).code_file(source) or "").expanduser().absolute()
    if not _says_yes(parent, _with_rules(str(path), rules)):
        return False
    settings.trust(key)
    return True


def _with_rules(what: str, rules: str) -> str:
    return tr("{what} and the finding rules of {rules}", what=what, rules=rules) if rules else what


def _content_of(path: Path) -> str:
    """Return what a file holds as a hash: another file in its place is asked for again."""
    try:
        digest = hashlib.sha256()
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK_BYTES):
                digest.update(chunk)
        return f"sha256:{digest.hexdigest()}"
    except OSError:
        return str(path)  # the engine says that it is not there


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


def _says_yes(parent: QWidget, what: str) -> bool:
    question = QMessageBox(parent)
    question.setTextFormat(Qt.TextFormat.PlainText)
    question.setWindowTitle(tr("Run this model's code?"))
    question.setText(tr("This runs the code of {source}.", source=what))
    question.setInformativeText(
        tr("The code runs in a separate process with your permissions. Run only code you trust.")
    )
    run = question.addButton(tr("Run"), QMessageBox.ButtonRole.AcceptRole)
    question.addButton(tr("Cancel"), QMessageBox.ButtonRole.RejectRole)
    question.exec()
    return question.clickedButton() is run


def save_result(parent: QWidget, snapshot: Snapshot) -> str | None:
    """Ask where to, and save; return the path, or None.

    Raises:
        QvizError: The disk does not take it; what was there before is untouched.
    """
    path, chosen = QFileDialog.getSaveFileName(parent, tr("Save result"), "review.qviz", _results())
    if not path:
        return None
    if not path.endswith(codec.SUFFIXES):
        path += ".json" if "*.json" in chosen else ".qviz"
    codec.save(snapshot, path)
    return path


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
