"""The fenced blocks of README and docs, and the commands in them.

The word behind a block's language says why nobody runs it: ``installs`` changes the machine, ``window`` opens one,
``cluster`` needs one, ``usage`` is a synopsis, ``excerpt`` shows a model that the page leaves out; a path is that of
the test that runs the block. A block without such a word is run.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
PAGES = (
    ROOT / "README.md",
    ROOT / "SECURITY.md",
    ROOT / "CONTRIBUTING.md",
    *(each for each in sorted((ROOT / "docs").rglob("*.md")) if each.name != "api.md"),  # its examples have their test
)
EXCUSES = frozenset({"installs", "window", "cluster", "usage", "excerpt"})
_BLOCK = re.compile(r"^```(\w*)(?: ([^\n]*))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_PROGRAM = ("qviz", "./scripts/qviz")


class Block(NamedTuple):
    """One fenced block: its page and line there, language, the word behind that, and what it holds."""

    page: Path
    line: int
    language: str
    excuse: str
    text: str

    @property
    def place(self) -> str:
        """Where it stands, for messages."""
        return f"{self.page.relative_to(ROOT)}:{self.line}"


def blocks(page: Path) -> Iterator[Block]:
    """Yield the blocks of a page in their order."""
    text = page.read_text(encoding="utf-8")
    for found in _BLOCK.finditer(text):
        line = text.count("\n", 0, found.start()) + 1
        yield Block(page, line, found[1], found[2] or "", found[3])


def commands(block: Block) -> list[list[str]]:
    """Return the words of each command of a block, without the name of qviz.

    Raises:
        ValueError: A line of a shell block calls something else.
    """
    lines = block.text.replace("\\\n", " ").splitlines()
    if block.language == "console":
        lines = [each[2:] for each in lines if each.startswith("$ ")]
    elif block.language != "sh":
        return []
    found = [words for each in lines if (words := shlex.split(each, comments=True))]
    if strange := [words for words in found if words[0] not in _PROGRAM]:
        raise ValueError(f"{block.place}: {strange[0]} is not qviz; say why it is not run behind the block's language")
    return [words[1:] for words in found]


def is_quick(words: list[str]) -> bool:
    """Tell whether a command starts no engine: it reads results alone."""
    return words[0] in ("flows", "samples") or (words[0] in ("render", "check", "diff") and words[1].endswith(".qviz"))
