"""Finds out what a plan would run, here or where the engine is, while the window waits and can be told to stop.

What a file holds is not known before it is read: a checkpoint of gigabytes is hashed for many seconds.
"""

from __future__ import annotations

import time
from concurrent.futures import Future, wait
from threading import Thread

from PySide6.QtCore import QEventLoop, QObject, Qt, QTimer
from PySide6.QtWidgets import QApplication, QProgressDialog

from qviz.document.said import Said, StoppedError
from qviz.errors import ExitCode, QvizError
from qviz.trust.consent import list_code
from qviz.trust.listing import Listing
from qviz.trust.question import CodeQuestion
from qviz.ui.process.client import EngineProcess
from qviz.wire import elsewhere
from qviz.wire.far_listing import QUESTION_ID, listing_of
from qviz.wire.messages import ListCode, Report
from qviz.words import tr

_FRESH_S = 5.0
"""One click may ask the same thing twice; what has changed since, the engine refuses to run."""
_SHOWN_AFTER_MS = 400
_AT_ONCE_S = 0.2
"""So long nothing else happens meanwhile: most files are small."""
_LOOK_EVERY_MS = 20


class CodeLists:
    """Answers what plans would run, wherever the engine is; the last answer of another machine is good for a moment."""

    def __init__(self) -> None:
        self._last: tuple[CodeQuestion, Listing, float] | None = None

    def __call__(self, question: CodeQuestion) -> Listing:
        """Return what would run.

        Raises:
            QvizError: Nothing may, the link broke, or the user did not want to wait.
        """
        if not elsewhere.chosen():
            return _list_beside(question)
        if self._last is not None:
            asked, listing, at = self._last
            if asked == question and listing.place == elsewhere.chosen() and time.monotonic() - at < _FRESH_S:
                return listing
        listing = _Asking().ask(question)
        self._last = question, listing, time.monotonic()
        return listing


def _list_beside(question: CodeQuestion) -> Listing:
    """Return what would run on this machine, found out beside the window.

    Raises:
        QvizError: Nothing may, or the user did not want to wait.
    """
    found: Future[Listing] = Future()

    def work() -> None:
        try:
            found.set_result(list_code(question))
        except BaseException as error:
            found.set_exception(error)

    Thread(target=work, name="listing", daemon=True).start()
    if not wait([found], _AT_ONCE_S).done:
        loop, timer = QEventLoop(), QTimer()
        timer.timeout.connect(lambda: loop.quit() if found.done() else None)
        timer.start(_LOOK_EVERY_MS)
        waiting = _waiting_dialog(tr("Run"), tr("Reading what would run…"), loop)
        waiting.show()
        loop.exec()
        timer.stop()
        waiting.close()
        waiting.deleteLater()
        if not found.done():
            raise _unknown()
    return found.result()


def _waiting_dialog(title: str, text: str, loop: QEventLoop) -> QProgressDialog:
    waiting = QProgressDialog(QApplication.activeWindow())
    waiting.setRange(0, 0)
    waiting.setWindowModality(Qt.WindowModality.ApplicationModal)
    waiting.setWindowTitle(title)
    waiting.setLabelText(text)
    waiting.setCancelButtonText(tr("Cancel"))
    waiting.canceled.connect(loop.quit)
    return waiting


def _unknown() -> QvizError:
    return QvizError(tr("qviz could not find out what would run"), tr("Run the flow again."))


class _Asking(QObject):
    """One question, from its engine's start to its end."""

    def __init__(self) -> None:
        super().__init__()
        self._loop = QEventLoop()
        self._answer: Listing | None = None
        self._failure: QvizError | None = None

    def ask(self, question: CodeQuestion) -> Listing:
        """Return the answer; events go on meanwhile.

        Raises:
            QvizError: There is none.
        """
        waiting = _waiting_dialog(tr("Another machine"), tr("Asking what would run there…"), self._loop)
        waiting.setMinimumDuration(_SHOWN_AFTER_MS)
        engine = EngineProcess(self)
        engine.report_received.connect(self.on_engine_report_received)
        engine.died.connect(self.on_engine_died)
        engine.send(ListCode(QUESTION_ID, question))
        self._loop.exec()
        engine.blockSignals(True)
        engine.kill()
        waiting.close()
        waiting.deleteLater()
        self.deleteLater()
        if self._failure is not None:
            raise self._failure
        if self._answer is None:
            raise _unknown()
        return self._answer

    def on_engine_report_received(self, report: Report) -> None:
        """Take the answer."""
        try:
            self._answer = listing_of(report, elsewhere.chosen())
        except QvizError as error:
            self._failure = error
        if self._answer is not None or self._failure is not None:
            self._loop.quit()

    def on_engine_died(self, how: Said) -> None:
        """Take the end of the link for the answer."""
        self._failure = StoppedError(how, ExitCode.ENGINE_DIED)
        self._loop.quit()
