"""The one door to the user's code and files in the engine: nothing passes without a grant for what it is."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from qviz.assets import asset
from qviz.document.regular_files import OpenedFile, open_once
from qviz.errors import QvizError
from qviz.sources.text import Name
from qviz.trust.grants import NOTHING, OWN, Grant, Permission, refuse_standard_library
from qviz.trust.model_looks import look
from qviz.trust.references import NamedBy, target_of_name
from qviz.words import tr
from qviz.words.visible import one_line

_SAMPLES = asset("samples")
_current = [OWN]
"""What may run now. A process that is no engine is the user's own program, and names what it wants itself."""


def at_work() -> Permission:
    """Return what may run now."""
    return _current[-1]


def refuse_all() -> None:
    """Let nothing run from now on but what `permitting` allows: this process is an engine."""
    _current[:] = [NOTHING]


@contextmanager
def permitting(permission: Permission) -> Iterator[None]:
    """Let a request run what the user allowed for it; requests come one at a time."""
    _current.append(permission)
    try:
        yield
    finally:
        _current.pop()


def is_sample(name: Name) -> bool:
    """Tell whether something is in a file of qviz's own samples."""
    return name.is_file and Path(name.place).parent == _SAMPLES


def granted(name: Name) -> Grant:
    """Return the grant of something that is to be imported.

    Raises:
        QvizError: There is none, or nothing named like this may ever run.
    """
    if is_sample(name):
        return Grant(target_of_name(name), NamedBy.TYPED)  # they are part of qviz
    found = at_work().need(target_of_name(name))
    if found.origin is not NamedBy.TYPED:
        refuse_standard_library(found.target, name)
    return found


def check_module(grant: Grant, name: Name, found: Path | None) -> None:
    """Refuse a module that is another than the one that was allowed.

    Args:
        grant: What was allowed, with its files.
        name: What is to be imported.
        found: Its file, where Python looks for it now.

    Raises:
        QvizError: It is.
    """
    file = os.path.realpath(found or "")
    granted_file = next((each for each in grant.files if os.path.realpath(each) == file), None)
    if granted_file is None:
        raise QvizError(
            tr("{place} is a different file here than the one that you allowed", place=name.place),
            tr("Name the file itself, as in file.py:name."),
        )
    at_work().verify(granted_file, open_once(Path(file)).digest)


def opened_model(path: Path) -> OpenedFile:
    """Open a file that holds a model; loading it runs what it names.

    Raises:
        QvizError: It was not allowed, or it has changed since.
    """
    at_work().need(str(path))
    return _verified(path)


def opened_data(path: Path) -> OpenedFile:
    """Open a file of tensors; a pickle that may be more than that needs a grant.

    Raises:
        QvizError: It may be more, and was not allowed; or it has changed since it was.
    """
    content = _verified(path)
    if path.suffix == ".pt" and not look(content).is_tensors:
        _need_for_data(path)
    return content


def _need_for_data(path: Path) -> None:
    try:
        at_work().need(str(path))
    except QvizError as error:
        raise QvizError(
            tr("{path} may hold more than tensors, and opening it was not allowed", path=one_line(str(path))),
            tr("Save tensors only, or allow it if you trust its author."),
            option="--trust",
        ) from error


def _verified(path: Path) -> OpenedFile:
    content = open_once(path)
    at_work().verify(str(path), content.digest)
    return content
