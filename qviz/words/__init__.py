"""Renders words: the only room that makes sentences for people.

What qviz says of a model is data: a code, the nodes that it speaks of by role, and typed arguments. `say` renders it
from the catalog of a language. What the window, the command line and errors say about themselves has its English text
as its code, as in gettext: `tr` and `trn`. Numbers, counts and lists are formatted in `qviz.words.formats` only.
Nothing may read a rendered text back.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from qviz.words.language import LANGUAGES, language, mark, register, tr, trn, use

if TYPE_CHECKING:
    from qviz.words.statement import Statement, say, term

__all__ = ["LANGUAGES", "Statement", "language", "mark", "register", "say", "term", "tr", "trn", "use"]


def __getattr__(name: str) -> object:
    """Import what renders statements when it is asked for: the first page of the window says none."""
    if name in ("Statement", "say", "term"):
        from qviz.words import statement

        return vars(statement)[name]
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
