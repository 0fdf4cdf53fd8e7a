"""Makes text of others safe to show: what a terminal or a reader's eye would obey is written out."""

from __future__ import annotations

import re
import unicodedata

_KEPT = frozenset("\n\t\u200c\u200d")
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})
"""Control characters, formats (bidi overrides and isolates, zero widths), surrogates, private use, line separators."""
_BLANK = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u2800\u3164\uffa0")
"""What has no shape of its own, though Unicode calls it a letter, a mark or a symbol."""
_SELECTORS = (range(0xFE00, 0xFE10), range(0xE0100, 0xE01F0))
_NO_CHARACTERS = range(0xFDD0, 0xFDF0)
_LAST_OF_PLANE = 0xFFFE
_LONE_JOINER = re.compile("(?<![^\x00-\x7f])[\u200c\u200d]|[\u200c\u200d](?![^\x00-\x7f])")
"""A joiner that stands between letters which it does not join, as those of ASCII."""
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_PLAIN = re.compile("[ -~·×−→…]*").fullmatch
"""Tells texts that hide nothing, with the signs that qviz itself writes: one for every box of a large graph."""
_WIDE = 0xFFFF
LONGEST_NAME = 160
"""Letters; names are a few dozen."""


class _WrittenOut(dict[int, str]):
    """What each character is shown as, by its number, for `str.translate`; worked out when it is first met."""

    def __missing__(self, code: int) -> str:
        character = chr(code)
        self[code] = shown = written(character) if _is_hidden(character) else character
        return shown


class _Escaped(dict[int, str]):
    """What each character is in JSON, by its number; for programs it stays what it is."""

    def __missing__(self, code: int) -> str:
        character = chr(code)
        self[code] = shown = _utf_16(character) if _is_hidden(character) else character
        return shown


_SHOWN, _ESCAPED = _WrittenOut(), _Escaped()


def visible(text: str) -> str:
    r"""Return a text in which every control, bidi and invisible character stands as ``\x1b`` or ``\u202e``.

    Line feeds and tabs stay; use `one_line` where one line is meant.

    >>> visible("conv\u202e1 \x1b[2J")
    'conv\\u202e1 \\x1b[2J'
    """
    if (text.isascii() and text.isprintable()) or _PLAIN(text):
        return text
    return _LONE_JOINER.sub(lambda found: written(found[0]), text.translate(_SHOWN))


def one_line(text: str) -> str:
    """Return a text like `visible`, with its line feeds and tabs written out, too."""
    if (text.isascii() and text.isprintable()) or _PLAIN(text):
        return text
    shown = visible(text)
    return shown.replace("\n", "\\n").replace("\t", "\\t")


def escaped_json(text: str) -> str:
    r"""Return JSON, or other text for programs, whose hidden characters are the escapes of JSON: it means the same.

    >>> escaped_json('{"name": "conv\u009b2J"}')
    '{"name": "conv\\u009b2J"}'
    """
    return text if text.isascii() and "\x7f" not in text else text.translate(_ESCAPED)


def short_name(text: str, most: int = LONGEST_NAME) -> str:
    """Return a name in one line, shortened in its middle if it has more letters than any name that is meant well."""
    if len(text) <= most:
        return text if text.isascii() and text.isprintable() else one_line(text)
    return one_line(f"{text[: most // 2]}…{text[-most // 2 :]}")


def well_formed(xml: str) -> str:
    """Return XML in which characters that XML cannot hold, which Qt lets through, are written out."""
    return _NOT_XML.sub(lambda found: written(found[0]), xml)


def written(character: str) -> str:
    """Return a character as Python escapes it."""
    code = ord(character)
    if code > _WIDE:
        return f"\\U{code:08x}"
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


def _utf_16(character: str) -> str:
    units = character.encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{units[place : place + 4]}" for place in range(0, len(units), 4))


def _is_hidden(character: str) -> bool:
    if character in _KEPT:
        return False
    code = ord(character)
    is_none = code & _LAST_OF_PLANE == _LAST_OF_PLANE or code in _NO_CHARACTERS
    is_blank = character in _BLANK or any(code in each for each in _SELECTORS)
    return is_none or is_blank or unicodedata.category(character) in _HIDDEN
