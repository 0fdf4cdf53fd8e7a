"""English: reasons of nodes. Parts of an entry: rule, evidence."""

from __future__ import annotations

from qviz.words.language import Entry

STATEMENTS: dict[str, Entry] = {}
