"""English: findings. Parts of an entry: message, reason, hint."""

from __future__ import annotations

from qviz.words.language import Entry

STATEMENTS: dict[str, Entry] = {}
