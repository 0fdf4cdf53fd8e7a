"""An engine that a command of the user's starts, on another machine for example, and how it introduces itself."""

from __future__ import annotations

import os
import shlex
import shutil

from qviz.document.graph import Json
from qviz.document.said import Said, StoppedError
from qviz.errors import ExitCode, QvizError
from qviz.version import __version__
from qviz.wire.messages import EngineHello, EngineReady, Report
from qviz.words import tr

VARIABLE = "QVIZ_ENGINE"
WIRE = 2
"""The version of the messages: one more whenever two ends of before and after would misunderstand each other."""
_SHOWN = 200


def chosen() -> str:
    """Return the command that starts the engine; "" for one of this machine."""
    return os.environ.get(VARIABLE, "").strip()


def words_of(text: str) -> list[str]:
    """Return a command word by word, as a shell would take it.

    Raises:
        QvizError: A quote is left open.
    """
    try:
        return shlex.split(text, posix=os.name == "posix")
    except ValueError as error:
        raise QvizError(tr("{command} cannot be read: {error}", command=text, error=error)) from error


def check(text: str) -> str:
    """Return a command whose program is there; nothing is started.

    Raises:
        QvizError: It is not.
    """
    words = words_of(text)
    if not words or shutil.which(words[0]) is None:
        raise QvizError(
            tr("{program} is not a program of this machine", program=words[0] if words else '""'),
            tr('Give a command that starts an engine, such as "ssh HOST python -m qviz.engine".'),
        )
    return text.strip()


def met(first: Report, command: str) -> EngineHello:
    """Return how an engine introduces itself, if it is one that this qviz can talk to.

    Args:
        first: The first thing that it said.
        command: What started it.

    Raises:
        StoppedError: It is of another version, which the message names, or no engine for this.
    """
    if isinstance(first, EngineHello) and (first.qviz, first.wire) == (__version__, WIRE):
        return first
    versions: dict[str, Json] = {"qviz": __version__, "wire": WIRE, "command": command}
    if isinstance(first, EngineHello):
        told: dict[str, Json] = {"their_qviz": first.qviz, "their_wire": first.wire, "host": first.host}
        raise _refused(Said("stop.link.versions", {}, {**versions, **told}))
    if isinstance(first, EngineReady):
        raise _refused(Said("stop.link.older", {}, {**versions, "their_qviz": first.versions.get("qviz", "?")}))
    raise no_engine(command, b"")


def no_engine(command: str, said: bytes) -> StoppedError:
    """Return the failure of a command that says something else than an engine does.

    Args:
        command: What was started.
        said: What it said, as far as it came.
    """
    text = said[:_SHOWN].decode(errors="replace").strip()
    return _refused(Said("stop.link.no_engine", {}, {"command": command, **({"text": text} if text else {})}))


def _refused(said: Said) -> StoppedError:
    return StoppedError(said, ExitCode.ENGINE_DIED)
