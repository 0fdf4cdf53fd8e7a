"""Makes text of others safe to show: what a terminal or a reader's eye would obey is written out."""

from __future__ import annotations

import re
import unicodedata

_KEPT = frozenset("\n\t")
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})
"""Control characters, formats (bidi overrides and isolates, zero widths), surrogates, private use, line separators."""
_JOINERS = frozenset("\u200c\u200d")
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_WIDE = 0xFFFF


def visible(text: str) -> str:
    r"""Return a text in which every control, bidi and invisible character stands as ``\x1b`` or ``\u202e``.

    Line feeds and tabs stay; use `one_line` where one line is meant.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(each if each in _KEPT or not _is_hidden(each) else written(each) for each in text)


def one_line(text: str) -> str:
    """Return a text like `visible`, with its line feeds and tabs written out, too."""
    shown = visible(text)
    return shown.replace("\n", "\\n").replace("\t", "\\t")


def well_formed(xml: str) -> str:
    """Return XML in which characters that XML cannot hold, which Qt lets through, are written out."""
    return _NOT_XML.sub(lambda found: written(found[0]), xml)


def written(character: str) -> str:
    """Return a character as Python escapes it."""
    code = ord(character)
    if code > _WIDE:
        return f"\\U{code:08x}"
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


def _is_hidden(character: str) -> bool:
    return character not in _JOINERS and unicodedata.category(character) in _HIDDEN
