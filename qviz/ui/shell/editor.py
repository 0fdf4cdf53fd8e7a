"""Opens a line of the user's source in the user's editor."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from pathlib import Path

from PySide6.QtCore import QProcess

from qviz.errors import QvizError
from qviz.words import tr

_KNOWN = {
    "code": "{editor} -g {file}:{line}",
    "codium": "{editor} -g {file}:{line}",
    "cursor": "{editor} -g {file}:{line}",
    "subl": "{editor} {file}:{line}",
    "zed": "{editor} {file}:{line}",
    "pycharm": "{editor} --line {line} {file}",
    "kate": "{editor} --line {line} {file}",
    "gedit": "{editor} {file} +{line}",
    "gvim": "{editor} +{line} {file}",
    "emacsclient": "{editor} -n +{line} {file}",
}
"""Editors with a window of their own, and how each is told the line."""
_OF_THE_SYSTEM = {
    "darwin": ("/usr/bin/open", "-t", "{file}"),
    "win32": (r"{root}\System32\notepad.exe", "{file}"),
}
"""What shows any file as text. What a desktop opens a Python file with may be Python, which runs it."""


def editor_command(file: str, line: int, setting: str = "") -> list[str] | None:
    """Return the command that opens a file at a line: the user's setting, $VISUAL, $EDITOR, or what is installed.

    Last comes the system's own editor, which takes no line; None where it has none.
    """
    if setting:
        return [word.format(file=file, line=line) for word in shlex.split(setting)]
    wished = [os.environ.get(name, "") for name in ("VISUAL", "EDITOR")]
    for editor in (*filter(None, wished), *_KNOWN):
        program = shlex.split(editor)[0]
        form = _KNOWN.get(os.path.basename(program))
        if form is not None and shutil.which(program):
            return [word.format(editor=program, file=file, line=line) for word in form.split()]
    own = _OF_THE_SYSTEM.get(sys.platform)
    root = os.environ.get("SYSTEMROOT", r"C:\Windows")
    return None if own is None else [word.format(root=root, file=file) for word in own]


def open_in_editor(file: str, line: int, setting: str = "") -> None:
    """Open a file at a line, in an editor and in nothing else.

    Raises:
        QvizError: It is no Python file of this machine, or nothing opens it.
    """
    _check(file)
    command = editor_command(file, line, setting)
    if command is None or not QProcess.startDetached(command[0], command[1:])[0]:
        raise QvizError(
            tr("No editor was found for {file}:{line}", file=file, line=line),
            tr("Name one in Settings, or set VISUAL or EDITOR to an editor with a window."),
        )


def _check(file: str) -> None:
    """Let only a Python file through: a result may come from a stranger, and editors take options that run commands."""
    path = Path(file)
    if not path.is_absolute() or path.suffix != ".py" or not path.is_file():
        raise QvizError(
            tr("{file} is not a Python file on this machine", file=file),
            tr("Open the file on the machine where the result was made."),
        )
