"""The Qt face of an engine process: reports arrive as signals."""

from __future__ import annotations

import logging
from functools import partial

from PySide6.QtCore import QObject, QProcess, QProcessEnvironment, Signal

from qviz.document.said import Said, StoppedError
from qviz.ui.process.decoding import Decoding
from qviz.wire import elsewhere
from qviz.wire.client import (
    IS_OWNED,
    PATIENCE_S,
    end_all_below,
    engine_command,
    engine_environment,
    outcome,
    owned,
    owned_link,
)
from qviz.wire.framing import LARGE_BYTES, FrameCutter, ReportReader, WireError, pack
from qviz.wire.messages import EngineHello, EngineReady, Report, Request, Speak
from qviz.wire.template import template_for
from qviz.words import language

_LAST_WORDS_CHARACTERS = 65536

_log = logging.getLogger(__name__)


class EngineProcess(QObject):
    """One engine; it starts at once.

    Attributes:
        ready: What the engine said of itself, once torch is imported.
        is_warm: Whether it was asked to import the rest of torch too.
        link: The command of the user's that holds the engine; "" for one of this machine.
        hello: How an engine at the end of a link introduced itself.

    Signals:
        report_received: A report, as it arrives.
        printed: Text that the engine or the model wrote.
        died: A `Said`, when the process ended without being asked to.
    """

    report_received = Signal(object)
    printed = Signal(str)
    died = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.ready: EngineReady | None = None
        self.is_warm = False
        self.link = elsewhere.chosen()
        self.hello: EngineHello | None = None
        self._cutter, self._reader = FrameCutter(), ReportReader()
        self._decoding = Decoding(self)
        self._words = ""
        self._ending = False
        self._process = QProcess(self)
        environment = QProcessEnvironment()
        for key, value in engine_environment().items():
            environment.insert(key, value)
        self._process.setProcessEnvironment(environment)
        self._process.readyReadStandardOutput.connect(self.on_process_output)
        self._process.readyReadStandardError.connect(self.on_process_error_output)
        self._process.finished.connect(self.on_process_finished)
        self._process.errorOccurred.connect(self.on_process_error)
        command = engine_command()
        program, *arguments = owned_link(command) if self.link else owned(command, template_for(command))
        self._process.start(program, arguments)
        if self.link:
            self.send(Speak(language().name))

    def send(self, request: Request) -> None:
        """Send a request; it waits in the pipe until torch is imported."""
        self._process.write(pack(request))

    def kill(self) -> None:
        """End the process now, with all that it started, in silence."""
        self._ending = True
        self._decoding.forget()
        if IS_OWNED:
            self._process.terminate()
            if self._process.waitForFinished(int(PATIENCE_S * 1000)):
                return
            if self.process_id:
                end_all_below(self.process_id)
        self._process.kill()
        self._process.waitForFinished(1000)

    @property
    def process_id(self) -> int:
        """The process id; 0 when it does not run."""
        return int(self._process.processId())

    def on_process_output(self) -> None:
        """Turn bytes into reports."""
        data = bytes(self._process.readAllStandardOutput().data())
        try:
            for body in self._cutter.feed(data):
                is_large = len(body) >= LARGE_BYTES
                self._decoding.take(partial(self._reader.read, body), self._tell, self._refuse, is_large=is_large)
        except WireError as error:
            self._refuse(error, data)

    def _tell(self, report: Report) -> None:
        if self.link and self.hello is None:
            try:
                self.hello = elsewhere.met(report, self.link)
            except StoppedError as error:
                self._give_up(error.said)
            return
        if isinstance(report, EngineReady):
            self.ready = report
        self.report_received.emit(report)

    def _refuse(self, error: Exception, data: bytes = b"") -> None:
        _log.warning("the engine sent something unreadable: %s", error)
        if self.link and self.hello is None:
            self._give_up(elsewhere.no_engine(self.link, data).said)
        else:
            self._give_up(Said("stop.engine.unreadable", {}, {"cause": str(error)}))

    def _give_up(self, said: Said) -> None:
        self.kill()
        self.died.emit(said)

    def on_process_error_output(self) -> None:
        """Keep the end of what was printed, for the log and the engine's obituary."""
        text = bytes(self._process.readAllStandardError().data()).decode(errors="replace")
        self._words = (self._words + text)[-_LAST_WORDS_CHARACTERS:]
        self.printed.emit(text)

    def on_process_finished(self, code: int, status: QProcess.ExitStatus) -> None:
        """Say how it ended, unless it was asked to."""
        if self._ending:
            return
        self._ending = True
        self.on_process_error_output()
        signalled = status == QProcess.ExitStatus.CrashExit
        how = outcome(-code if signalled else code, self._words, self.link)
        _log.warning("%s\n%s", how.message, self._words)
        self._decoding.take(lambda: how, self.died.emit, self._refuse)  # after what it said before

    def on_process_error(self, error: QProcess.ProcessError) -> None:
        """Say that the process did not even start."""
        if error == QProcess.ProcessError.FailedToStart and not self._ending:
            self._ending = True
            self.died.emit(Said("stop.engine.not_started", {}, {"cause": self._process.errorString()}))
