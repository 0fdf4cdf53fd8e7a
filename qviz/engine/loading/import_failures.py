"""Says why a file of the user's could not be imported, at which line, and what to do about it."""

from __future__ import annotations

import ast
import difflib
import re
import sys
import traceback
from collections.abc import Callable
from pathlib import Path

from qviz.engine.loading.missing_gpu import STAY_ON_CPU, asks_for_gpu
from qviz.errors import QvizError
from qviz.words import mark, tr

_LACKS = re.compile(r"cannot import name '(\w+)'")
_MAGICS = ("%", "!", "?")
"""What begins a line that only a notebook runs."""


def import_failure(name: str, error: BaseException, file: str | None = None) -> QvizError:
    """Return what to say of a file or module that raised an exception while it was imported.

    Args:
        name: Of it, for people.
        error: What it raised.
        file: Its path, whose lines are told before those of others.
    """
    text, where = str(error), _last_frame(error, file)
    if isinstance(error, SyntaxError):
        where, text = (error.filename or name, error.lineno), error.msg
    elif isinstance(error, SystemExit):
        text = tr("it ends the program when it is imported")
        if _parses_arguments(error):
            text = tr("it reads the command line when it is imported")
    message = tr("{name} could not be imported: {type}: {cause}", name=name, type=type(error).__name__, cause=text)
    if where:
        message = tr("{message} at {file}:{line}", message=message, file=where[0], line=where[1])
    return QvizError(message, _hint(error))


def _hint(error: BaseException) -> str:
    if isinstance(error, ModuleNotFoundError):
        return tr("Fix the import, or install {name} beside qviz.", name=error.name)
    if isinstance(error, KeyError) and _came_through(error, "<frozen os>"):
        return tr("Set the environment variable {name} before qviz starts.", name=error.args[0])
    if isinstance(error, ImportError) and (near := _near_name(error)):
        return tr("Did you mean {near}?", near=near)
    return tr(next((hint for fits, hint in _HINTS if fits(error)), mark("Fix that line.")))


def _near_name(error: ImportError) -> str | None:
    """Return the name in a module that is closest to one that it lacks."""
    wanted = _LACKS.match(str(error))
    module = sys.modules.get(error.name or "")
    near = (
        difflib.get_close_matches(wanted[1], dir(module), 1, 0.8) if wanted is not None and module is not None else []
    )
    return near[0] if near else None


def _is_of_notebook(error: BaseException) -> bool:
    if isinstance(error, SyntaxError):
        return (error.text or "").lstrip().startswith(_MAGICS)
    return isinstance(error, NameError) and error.name == "get_ipython"


def _parses_arguments(error: BaseException) -> bool:
    return isinstance(error, SystemExit) and _came_through(error, "argparse.py")


def _came_through(error: BaseException, file: str) -> bool:
    return any(Path(frame.filename).name == file for frame in traceback.extract_tb(error.__traceback__))


def _last_frame(error: BaseException, file: str | None) -> tuple[str, int | None] | None:
    """Return the innermost line of the file, or of whatever it imports, that the error came through."""
    frames = [
        (frame.filename, frame.lineno)
        for frame in traceback.extract_tb(error.__traceback__)
        if "importlib" not in frame.filename and Path(frame.filename).parent != Path(__file__).parent
    ]
    own = [frame for frame in frames if frame[0] == file]
    chosen = own or frames
    return chosen[-1] if chosen else None


_HINTS: tuple[tuple[Callable[[BaseException], bool], str], ...] = (
    (
        _parses_arguments,
        mark("Move parse_args() under: if __name__ == '__main__': or give required arguments a default."),
    ),
    (
        lambda error: isinstance(error, SystemExit),
        mark("Move what the file does as a program under: if __name__ == '__main__':"),
    ),
    (_is_of_notebook, mark("Remove the commands of the notebook there: Python alone cannot run them.")),
    (
        lambda error: isinstance(error, ImportError) and "relative import" in str(error),
        mark("Put an __init__.py beside the file, or import the other file by its own name, without the dot."),
    ),
    (
        lambda error: isinstance(error, EOFError) and "reading a line" in str(error),
        mark("Set the value in the file: nobody can answer input() while it is imported."),
    ),
    (
        lambda error: isinstance(error, FileNotFoundError),
        mark("Give the file's full path there, or one from the folder of the code: Path(__file__).parent / 'name'."),
    ),
    (asks_for_gpu, STAY_ON_CPU),
)
"""What to do, by what fits the exception; the first counts."""


def only_as_program(text: str) -> set[str]:
    """Return the names that a file gives a value only where it is run: under ``if __name__ == "__main__"``."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError):
        return set()
    return {
        each.id
        for block in tree.body
        if isinstance(block, ast.If) and "__name__" in ast.unparse(block.test)
        for each in ast.walk(block)
        if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store)
    }
