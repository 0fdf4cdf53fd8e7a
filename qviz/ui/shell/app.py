"""Starts the window: shown first, everything heavy after."""

from __future__ import annotations

import importlib
import logging
import os
import sys
import threading
from types import TracebackType
from typing import TYPE_CHECKING

from PySide6 import QtCore
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QApplication, QWidget

from qviz.ui.canvas.fonts import family
from qviz.ui.process import garbage as cycles
from qviz.ui.process.first_paint import AfterFirstPaint
from qviz.ui.settings import Settings
from qviz.ui.shell.main_window import MainWindow
from qviz.words import tr
from qviz.words.language import ENGLISH, VARIABLE, language, use_environment

if TYPE_CHECKING:
    from qviz.document.plan import Plan

TURN = 0.0002
"""Seconds after which a layout at work lets the window paint; Python's own 5 ms add up, a turn at each call of Qt's."""
_FAULT = "fault"
_LATER = (
    "qviz.ui.shell.desk",
    "qviz.analysis.views.projection",
    "qviz.analysis.searching.search",
    "qviz.layout.choice",
    "qviz.layout.graphlay_engine",
    "pygments.lexers.python",
)
"""What the first opened model needs; importing it takes a tenth of a second and more."""

_log = logging.getLogger(__name__)


def run(
    source: str | None = None,
    plan: Plan | None = None,
    is_consented: bool = True,
    typed: frozenset[str] | None = None,
    restores: bool = True,
) -> int:
    """Show the window until it is closed; return the exit code.

    Args:
        source: What to open: a result, or the model that `plan` is for.
        plan: What to run at once; None for a result or the welcome page.
        is_consented: Whether what the user did not name herself may run without a question.
        typed: What she named herself; None for all of the plan.
        restores: Whether runs of earlier starts come back.
    """
    tune()
    application = QApplication(sys.argv[:1])
    application.setApplicationName("qviz")
    application.setFont(QFont(family()))
    settings = Settings()
    take_language(settings)
    if language() is not ENGLISH:
        from qviz.ui.shell.qt_texts import QtTexts

        application.installTranslator(QtTexts(application))
    window = MainWindow(settings)
    sys.excepthook = lambda kind, error, trace: report_bug(window, kind, error, trace)
    AfterFirstPaint(window, lambda: start(window, source, plan, is_consented, typed, restores))
    window.show()
    return int(application.exec())


def take_language(settings: Settings) -> None:
    """Use the language of the settings, in the engines too; that of command line or environment goes before."""
    if settings.language and not os.environ.get(VARIABLE):
        os.environ[VARIABLE] = settings.language
        use_environment()


def tune() -> None:
    """Let Python serve a window that shows large graphs: short searches for cycles, quick turns between threads."""
    cycles.look_shortly()
    sys.setswitchinterval(TURN)


def start(
    window: MainWindow,
    source: str | None,
    plan: Plan | None,
    is_consented: bool = True,
    typed: frozenset[str] | None = None,
    restores: bool = True,
) -> None:
    """Warm an engine up and open what was asked for, now that the window is there."""
    from qviz.log import start_log
    from qviz.ui.process.code_listing import CodeLists
    from qviz.ui.shell.engine_limits import take_stored_limits
    from qviz.wire import elsewhere, interpreter

    start_log()
    if window.settings.python and interpreter.VARIABLE not in os.environ:
        os.environ[interpreter.VARIABLE] = window.settings.python
    if window.settings.engine and elsewhere.VARIABLE not in os.environ:
        os.environ[elsewhere.VARIABLE] = window.settings.engine
    take_stored_limits(window.settings)
    window.settings.consent.lists = CodeLists()
    window.engines.warm_up()
    threading.Thread(target=import_the_rest, name="imports", daemon=True).start()
    folders = window.settings.saved_in
    threading.Thread(target=clear_up, args=(folders,), name="clearing", daemon=True).start()
    window.keep_runs(restores)
    if plan is not None:
        window.opener.open_plan(plan, is_consented, typed)
    elif source is not None:
        window.opener.open_source(source, is_consented=True)
    elif window.restoring is not None:
        window.restoring.restore()
    tell_ignored(window)


def tell_ignored(window: MainWindow) -> None:
    """Tell which stored settings mean nothing, and what would; all else goes on with the defaults."""
    ignored = window.settings.ignored()
    if not ignored:
        return
    from qviz.words import trn
    from qviz.words.formats import clauses
    from qviz.words.visible import one_line

    window.pages.warn(
        trn(
            len(ignored),
            "A setting is ignored: {settings}",
            "{count} settings are ignored: {settings}",
            settings=clauses(one_line(f"{each.name} = {each.text}") for each in ignored),
        ),
        clauses(tr("{setting} takes {values}", setting=each.name, values=tr(each.takes)) for each in ignored),
        ((tr("Settings…"), window.actions_of["settings"].trigger),),
    )


def clear_up(folders: list[str]) -> None:
    """Remove what saves that ended half-way left in folders."""
    from pathlib import Path

    from qviz.document.writing import remove_leftovers

    for each in folders:
        remove_leftovers(Path(each))


def import_the_rest() -> None:
    """Import what the first opened model needs, its words too, while the user still reads."""
    from qviz.extensions import load_extensions

    load_extensions()
    for name in _LATER:
        importlib.import_module(name)
    len(language().statements)  # 22 modules of words: a first look at them in the window's thread would block it


def report_bug(window: QWidget, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """Log a fault of qviz and report it; the program keeps running."""
    import traceback

    from PySide6.QtWidgets import QMessageBox

    from qviz.log import log_path

    details = "".join(traceback.format_exception(kind, error, trace))
    _log.error("a fault in the window\n%s", details)
    if issubclass(kind, KeyboardInterrupt):
        window.close()
        return
    if window.findChild(QMessageBox, _FAULT) is not None:
        return  # a fault in painting comes with every frame; one dialog says enough
    box = QMessageBox(window)
    box.setObjectName(_FAULT)
    box.setAttribute(QtCore.Qt.WidgetAttribute.WA_DeleteOnClose)
    box.setTextFormat(QtCore.Qt.TextFormat.PlainText)
    box.setWindowTitle(tr("Error in qviz"))
    box.setText(tr("{type}: {message}", type=kind.__name__, message=error))
    box.setInformativeText(tr("You can keep working. The details are in {file}.", file=log_path()))
    box.addButton(tr("OK"), QMessageBox.ButtonRole.AcceptRole)
    box.setDetailedText(details)
    box.open()
