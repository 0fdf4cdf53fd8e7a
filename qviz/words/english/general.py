"""English: kinds, relations, levels and other words of the document. Parts of an entry: text."""

from __future__ import annotations

from qviz.words.language import Entry

STATEMENTS: dict[str, Entry] = {}
