"""The line of the model that a node comes from, with the lines around it where the file still holds it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from qviz.document.graph import SourceLine

_AROUND = 1


class SourceExcerpt(NamedTuple):
    """Some lines of a file.

    Attributes:
        source: The line itself, as the run recorded it.
        lines: Numbers and texts, indented against each other as in the file.
    """

    source: SourceLine
    lines: tuple[tuple[int, str], ...]


def excerpt(source: SourceLine | None, text: Sequence[str]) -> SourceExcerpt | None:
    """Return a line with those around it; alone where the file holds another text at that line by now.

    Args:
        source: What the run recorded.
        text: The lines of the file; none where it cannot be read.
    """
    if source is None:
        return None
    at = source.line - 1
    if not (0 <= at < len(text) and text[at].strip() == source.code.strip()):
        return SourceExcerpt(source, ((source.line, source.code.strip()),))
    first, last = max(0, at - _AROUND), min(len(text), at + _AROUND + 1)
    chosen = [text[each].rstrip().expandtabs(4) for each in range(first, last)]
    margin = min((len(each) - len(each.lstrip()) for each in chosen if each.strip()), default=0)
    return SourceExcerpt(source, tuple((first + n + 1, each[margin:]) for n, each in enumerate(chosen)))
