"""Starts an engine process and talks to it, without Qt: the command line's side of the wire."""

from __future__ import annotations

import contextlib
import logging
import os
import shutil
import signal
import site
import subprocess
import sys
import tempfile
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any

from qviz.document.graph import Json
from qviz.document.said import Said, StoppedError
from qviz.errors import ExitCode
from qviz.wire import elsewhere
from qviz.wire.framing import FrameReader, WireError, pack, report_reader
from qviz.wire.interpreter import chosen, foreign_boot, is_foreign
from qviz.wire.isolation import MODEL, TRUSTED
from qviz.wire.memory import EXCEEDED, GIB, descendants, limit
from qviz.wire.messages import Report, Request, Speak
from qviz.wire.system_limits import reached_in
from qviz.words import language

_BOOT = "import sys; sys.path[:1] == [''] and sys.path.pop(0); from qviz.engine.__main__ import main; main()"
"""Like ``-m qviz.engine``, but a file of the user's folder never shadows the standard library."""

_SUPERVISOR = "import sys; sys.path.append({home!r}); from qviz.wire.supervisor import main; main()"
"""For an interpreter that begins with nothing but the standard library, which takes a fiftieth of a second.

What stands beside qviz comes behind that: site-packages may hold an old ``typing.py``.
"""

IS_OWNED = sys.platform == "linux"
"""Whether a supervisor stands between this process and the engine; it ends all of them at SIGTERM."""
PATIENCE_S = 0.6
"""For a supervisor that does not end: the user's code may have stopped it, and a cancel may take a second."""
_READ_BYTES = 1 << 16
_LAST_WORDS_BYTES = 1 << 16
_LAST_LINES = 3

_log = logging.getLogger(__name__)
_log.addHandler(logging.NullHandler())  # where nobody keeps a log, the error itself says enough


def engine_command(python: str | None = None) -> list[str]:
    """Return the command line of an engine process: in `python`, else the user's command, else in her interpreter."""
    if python is None and elsewhere.chosen():
        return elsewhere.words_of(elsewhere.chosen())
    program = chosen(python)
    return [program, "-c", foreign_boot() if is_foreign(program) else _BOOT]


def is_usual(command: list[str]) -> bool:
    """Tell whether a command starts qviz's own engine in this interpreter."""
    return command == [sys.executable, "-c", _BOOT]


def owned(command: list[str], template: str = "", memory: int | None = None, role: str = MODEL) -> list[str]:
    """Return a command that runs an engine, and leaves nothing of it behind; where the system can, which is Linux.

    Args:
        command: Starts the engine.
        template: The name of a template that forks it, if it can.
        memory: How many bytes it may hold, 0 for no limit; what `memory.limit` says if not given.
        role: What it is, for the supervisor.
    """
    program = shutil.which(command[0])
    if not IS_OWNED or program is None:  # starting it will say that it is not there
        return command
    boot = _SUPERVISOR.format(home=str(Path(__file__).resolve().parents[2]))
    most = limit() if memory is None else memory
    return [sys.executable, "-I", "-S", "-c", boot, str(most), template, role, program, *command[1:]]


def owned_link(command: list[str]) -> list[str]:
    """Return the user's own command that holds an engine elsewhere, such as ssh, with nothing of it left behind."""
    return owned(command, memory=0, role=TRUSTED)


def end_all_below(supervisor: int) -> None:
    """Kill what a supervisor owns that does not do so itself: the user's code may have stopped it."""
    for each in descendants(supervisor) if IS_OWNED else ():
        with contextlib.suppress(OSError):
            os.kill(each, signal.SIGKILL)


def end_owned(process: subprocess.Popen[Any]) -> None:
    """End what `owned` started, now, with all that it started itself."""
    if process.poll() is None:
        if IS_OWNED:
            process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(PATIENCE_S)
                return
            end_all_below(process.pid)
        process.kill()


def engine_environment(python: str | None = None) -> dict[str, str]:
    """Return the environment of an engine process: this one, with this qviz importable for this interpreter."""
    if python is None and elsewhere.chosen():
        return {**os.environ}
    if is_foreign(chosen(python)):
        return {**os.environ, "PYTHONUNBUFFERED": "1"}
    return {**os.environ, **with_this_qviz(), "PYTHONUNBUFFERED": "1"}


def with_this_qviz() -> dict[str, str]:
    """Return what of the environment makes this qviz importable for this interpreter; nothing where it is installed.

    ``PYTHONPATH`` comes before the standard library, which an old ``typing.py`` of site-packages would then hide.
    """
    home = Path(__file__).resolve().parents[2]
    if str(home) in map(os.path.realpath, (*site.getsitepackages(), site.getusersitepackages())):
        return {}
    return {"PYTHONPATH": os.pathsep.join(filter(None, (str(home), os.environ.get("PYTHONPATH"))))}


def outcome(return_code: int, last_words: str = "", link: str = "") -> Said:
    """Return how an engine ended, or the command `link` that held it."""
    lines = [each for each in last_words.splitlines() if each.strip()]
    last: dict[str, Json] = {"last_line": lines[-1]} if lines else {}
    if link:
        last = {"command": link, **({"last_lines": "; ".join(lines[-_LAST_LINES:])} if lines else {})}
    which = "link" if link else "engine"
    if return_code == -EXCEEDED:
        there: dict[str, Json] = {"command": link}  # whose limit is not that of this machine
        return Said("stop.link.memory", {}, there) if link else Said("stop.engine.memory", {}, {"gib": limit() / GIB})
    if return_code >= 0 and not link and (reached := reached_in(last_words)):
        return Said("stop.engine.address_space", {}, {"exit_code": return_code, **last, **reached})
    if return_code >= 0:
        return Said(f"stop.{which}.exit_code", {}, {"exit_code": return_code, **last})
    try:
        name = signal.Signals(-return_code).name
    except ValueError:
        name = f"signal {-return_code}"
    return Said(f"stop.{which}.signal", {}, {"signal": name, **last})


class EngineClient:
    """One engine process; use it as a context manager.

    Attributes:
        process: The child; its standard error goes to a file whose end `last_words` gives.
        link: The command of the user's that holds the engine; "" for one of this machine.
    """

    def __init__(self, python: str | None = None) -> None:
        self.link = elsewhere.chosen() if python is None else ""
        self._is_met = not self.link
        command = engine_command(python)
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the client
        self.process = subprocess.Popen(
            owned_link(command) if self.link else owned(command),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            env=engine_environment(python),
        )
        self._reader: FrameReader[Report] = report_reader()
        self._waiting: deque[Report] = deque()
        if self.link:
            assert self.process.stdin is not None
            with contextlib.suppress(OSError):  # whoever asks first is told
                self.process.stdin.write(pack(Speak(language().name)))
                self.process.stdin.flush()

    def __enter__(self) -> EngineClient:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()

    def send(self, request: Request) -> None:
        """Send one request.

        Raises:
            StoppedError: The engine is gone (exit code 4).
        """
        assert self.process.stdin is not None
        try:
            self.process.stdin.write(pack(request))
            self.process.stdin.flush()
        except OSError as error:
            raise self._death() from error

    def reports(self) -> Iterator[Report]:
        """Yield reports as they arrive, for as long as the caller asks.

        Raises:
            StoppedError: The engine died (exit code 4).
        """
        assert self.process.stdout is not None
        while True:
            while self._waiting:
                if not self._is_met:
                    elsewhere.met(self._waiting[0], self.link)
                    self._is_met = True
                yield self._waiting.popleft()
            data = os.read(self.process.stdout.fileno(), _READ_BYTES)
            if not data:
                raise self._death()
            try:
                self._waiting.extend(self._reader.feed(data))
            except WireError as error:
                if not self._is_met:
                    raise elsewhere.no_engine(self.link, data) from error
                yield from self._waiting
                how = Said("stop.engine.unreadable", {}, {"cause": str(error)})
                raise StoppedError(how, ExitCode.ENGINE_DIED) from error

    def last_words(self) -> str:
        """Return the end of what the engine wrote to standard error."""
        size = self._errors.seek(0, os.SEEK_END)
        self._errors.seek(max(0, size - _LAST_WORDS_BYTES))
        return self._errors.read().decode(errors="replace")

    def end(self) -> None:
        """End the engine now, with all processes that it started."""
        end_owned(self.process)

    def kill(self) -> None:
        """End the engine now, and let go of its pipes."""
        self.end()
        self.process.wait()
        for stream in (self.process.stdin, self.process.stdout):
            if stream is not None:
                with contextlib.suppress(OSError):  # unsent bytes of a dead engine
                    stream.close()
        self._errors.close()

    def _death(self) -> StoppedError:
        code = self.process.wait()
        if not self._is_met and code == 0:
            return elsewhere.no_engine(self.link, b"")
        how = outcome(code, self.last_words(), self.link)
        _log.warning("%s\n%s", how.message, self.last_words())
        return StoppedError(how, ExitCode.ENGINE_DIED)
