"""The sources of the program, read once: what the laws about code look at."""

from __future__ import annotations

import ast
import functools
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]


class Source(NamedTuple):
    """A file of Python: its path from the root, with slashes, and its text."""

    path: str
    text: str

    def is_in(self, *folders: str) -> bool:
        """Tell whether it stands in one of these folders, or is one of these files."""
        return any(self.path == each or self.path.startswith(f"{each}/") for each in folders)

    def nodes(self) -> Iterator[ast.AST]:
        """Yield all that it says; the trees of all files together would take hundreds of megabytes, so none is kept."""
        return ast.walk(ast.parse(self.text))


@functools.cache
def sources(*folders: str) -> tuple[Source, ...]:
    """Return the files of some folders, in their order; without one, those of the program."""
    found = (path for folder in folders or ("qviz",) for path in sorted((ROOT / folder).rglob("*.py")))
    return tuple(Source(path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8")) for path in found)
