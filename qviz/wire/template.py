"""The template process from the side of the window: one for all engines of this process, where the system can fork."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys

from qviz.wire.client import IS_OWNED, end_owned, engine_environment, is_usual, owned
from qviz.wire.forking import listen, of_start
from qviz.wire.isolation import TRUSTED

_BOOT = "import sys; sys.path[:1] == [''] and sys.path.pop(0); from qviz.engine.template import main; main()"

_running: list[_RunningTemplate] = []


class _RunningTemplate:
    """A template process, started at once."""

    def __init__(self, start: dict[str, str]) -> None:
        self.start = start
        self.name = f"qviz-{secrets.token_hex(16)}"
        command = owned([sys.executable, "-c", _BOOT, str(os.getpid())], memory=0, role=TRUSTED)
        null = subprocess.DEVNULL
        with listen(self.name) as listener:  # so that it is there for the first who asks
            given = listener.fileno()
            self.process = subprocess.Popen(command, stdin=given, stdout=null, stderr=null, env=engine_environment())

    def end(self) -> None:
        """End it, with all engines that it forked."""
        end_owned(self.process)
        self.process.wait()


def template_for(command: list[str]) -> str:
    """Return the name of the template that forks engines of a command; "" where none can.

    The first to ask starts it; there is another one for another environment.
    """
    if not IS_OWNED or not is_usual(command):
        return ""
    start = of_start(engine_environment())
    for each in _running:
        if each.start == start and each.process.poll() is None:
            return each.name
    _running.append(_RunningTemplate(start))
    return _running[-1].name


def end_template() -> None:
    """End the template, and with it all engines that it forked."""
    while _running:
        _running.pop().end()
