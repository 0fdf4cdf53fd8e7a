"""English: steps and failures of runs. Parts of an entry: text, message, hint."""

from __future__ import annotations

from qviz.words.language import Entry

STATEMENTS: dict[str, Entry] = {}
