"""Simplified Chinese, as far as it goes; English stands where a code is missing."""

from __future__ import annotations

from qviz.words.language import Entry

STATEMENTS: dict[str, Entry] = {}
TEXTS: dict[str, str] = {}
