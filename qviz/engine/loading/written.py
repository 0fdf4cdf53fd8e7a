"""A value together with the Python that makes it, so that a run and its script have one source."""

from __future__ import annotations

from functools import partial
from typing import Any, NamedTuple

from qviz.engine.loading.importing import import_name, import_of
from qviz.engine.loading.inputs import call_users
from qviz.sources.text import Name, read_name


class Written(NamedTuple):
    """One object of a run.

    Attributes:
        value: What the run uses.
        python: The expression that makes it.
        imports: The statements that the expression needs.
    """

    value: Any
    python: str
    imports: frozenset[str] = frozenset()


def users_own(text: str, source: str | None = None, is_called: bool = True) -> Written:
    """Return what ``mod:callable`` gives, or is.

    Args:
        text: ``mod:callable``; a bare name is looked up in the source's file.
        source: Where the model comes from; without it only ``mod:callable`` is taken.
        is_called: Whether to call what can be called; False for a class that is meant itself.

    Raises:
        QvizError: It is not there, or it fails.
    """
    if source is None or ":" in text:
        return _made(text, read_name(text), False, is_called)
    return _made(
        text, read_name(source)._replace(attribute=text, arguments=None), source.startswith("sample:"), is_called
    )


def beside(attribute: str, found: Any, source: str) -> Written:
    """Return a function that stands beside the model: the grant of the model is for the file that holds both.

    Args:
        attribute: What it is called.
        found: The function.
        source: Where the model comes from.
    """
    name = read_name(source)
    imports = frozenset() if source.startswith("sample:") else frozenset({import_of(name, attribute)})
    return Written(found, attribute, imports)


def _made(text: str, name: Name, is_written_out: bool, is_called: bool) -> Written:
    """Import and call; the script of a sample holds its whole file, and imports nothing of it."""
    _, found = import_name(name, "function")
    is_called = is_called and callable(found)
    value = call_users(text, partial(name.call, found)) if is_called else found
    imports = frozenset() if is_written_out else frozenset({import_of(name, name.attribute.split(".")[0])})
    return Written(value, f"{name.attribute}({name.written_arguments})" if is_called else name.attribute, imports)
