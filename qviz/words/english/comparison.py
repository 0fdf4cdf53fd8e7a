"""English: what the comparison of flows says. Parts of an entry: text."""

from __future__ import annotations

from qviz.words.language import Entry

STATEMENTS: dict[str, Entry] = {}
