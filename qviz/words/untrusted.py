"""Text that others wrote, with one way out for each place that it is shown in.

A node's name, a message of an exception, a path in a result: whoever wrote it may have meant a terminal to obey it, a
reader to misread it, or a parser to take it for markup. ``str()`` of it is what a terminal and a plain label may show.
"""

from __future__ import annotations

import re
from html import escape

from qviz.words.visible import one_line, visible

_NOT_IN_NAMES = re.compile(r'[\\/:*?"<>|\x00-\x1f\x7f]+')
_MARKUP = re.compile(r"<[A-Za-z/!?]|&\w+;")
_LONGEST_NAME = 120


class Untrusted:
    """One such text.

    Args:
        text: As it came.
    """

    def __init__(self, text: object) -> None:
        self._text = str(text)

    def __str__(self) -> str:
        return visible(self._text)

    @property
    def line(self) -> str:
        """For one line of a terminal or a list: no line feed gets through."""
        return one_line(self._text)

    @property
    def xml(self) -> str:
        """For XML and HTML; characters that XML cannot hold are written out."""
        return escape(visible(self._text))

    @property
    def plain_tip(self) -> str:
        """For what Qt itself takes for rich text if it looks like it, as tooltips; it is shown as it is."""
        shown = visible(self._text)
        if not _MARKUP.search(shown):
            return shown
        return f"<p style='white-space: pre-wrap'>{escape(shown)}</p>"

    @property
    def file_name(self) -> str:
        """For a part of a file's name: no folder, no device, nothing hidden."""
        name = _NOT_IN_NAMES.sub("_", visible(self._text)).strip(". ")
        return name[:_LONGEST_NAME] or "_"

    @property
    def python(self) -> str:
        """For Python that is generated: a literal."""
        return ascii(self._text)


def plain_tip(text: str) -> str:
    """Return a tooltip that shows a text of others as it is."""
    return Untrusted(text).plain_tip
