"""English: links between stages. Parts of an entry: evidence, reason."""

from __future__ import annotations

from qviz.words.language import Entry

STATEMENTS: dict[str, Entry] = {}
