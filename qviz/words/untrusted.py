"""Text that others wrote, with one way out for each place that it is shown in.

A node's name, a message of an exception, a path in a result: whoever wrote it may have meant a terminal to obey it, a
reader to misread it, or a parser to take it for markup. ``str()`` of it is what a terminal and a plain label may show.
"""

from __future__ import annotations

import re
from html import escape

from qviz.words.visible import one_line, visible

_NOT_IN_NAMES = re.compile(r'[\\/:*?"<>|\x00-\x1f\x7f]+')
_DEVICES = re.compile(r"(?i)(con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])\s*(\.|$)")
"""What Windows takes for a device, whatever ending it has."""
_MARKUP = re.compile(r"<|&lt;")
"""Qt takes ``< img src=x>`` for a tag, too: any of these is written for rich text."""
_LONGEST_NAME = 120
"""Bytes: file systems have 255, and endings come behind."""
_FORMULA = re.compile(r'[\s"]*[=+\-@＝＋－＠]|[ ]*["\t\r\n]')
"""What makes a spreadsheet compute a text; one that is pasted loses the quotes that it begins with."""
_LATER_FORMULA = re.compile(r';(?=[\s"]*[=+\-@＝＋－＠])')
"""Where lists have commas for decimals, the cells of a CSV are parted by semicolons."""
_MARKDOWN = re.compile(r"[\\`*_<>|\[\]#~$]|&(?=[\w#])|@(?=\w)|(?<=:)/(?=/)|(?<=www)\.", re.IGNORECASE)
"""Signs of markup, the start of an entity, and what makes a link or a mention of a bare word."""
_MARKDOWN_START = re.compile(r"^(?:[-+](?=\s|$)|[-=](?=[-=\s]*$)|\d+(?P<end>[.)])(?=\s|$))")
"""What at the start of a line makes a list, a rule or a heading of it."""


class Untrusted:
    r"""One such text.

    Args:
        text: As it came.

    >>> name = Untrusted("<b>conv</b>.../CON: =1")
    >>> name.xml, name.file_name, name.markdown
    ('&lt;b&gt;conv&lt;/b&gt;.../CON: =1', '_b_conv_b_..._CON_ =1', '\\<b\\>conv\\</b\\>.../CON: =1')
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
    def dot(self) -> str:
        r"""For a label of DOT, between quotes: neither ``\N`` nor an entity means anything in it."""
        shown = visible(self._text).replace("&", "&amp;").replace("\\", "\\\\")
        return shown.replace('"', '\\"').replace("\n", "\\n")

    @property
    def markdown(self) -> str:
        """For one line of Markdown, a cell of a table included: it is shown as it is, and links nowhere."""
        shown = one_line(" ".join(self._text.split()))
        return _MARKDOWN_START.sub(_escaped_start, _MARKDOWN.sub(lambda found: f"\\{found[0]}", shown))

    @property
    def sarif(self) -> str:
        """For a message of SARIF, where brackets make a link."""
        return re.sub(r"[\\\[\]]", lambda found: f"\\{found[0]}", visible(self._text))

    @property
    def cell(self) -> str:
        """For a cell of a spreadsheet: what would be computed has an apostrophe before it."""
        shown = _LATER_FORMULA.sub(";'", one_line(self._text))
        return f"'{shown}" if _FORMULA.match(self._text) else shown

    @property
    def plain_tip(self) -> str:
        """For what Qt itself takes for rich text if it looks like it, as tooltips; it is shown as it is."""
        shown = visible(self._text)
        if not _MARKUP.search(shown):
            return shown
        return f"<p style='white-space: pre-wrap'>{escape(shown)}</p>"

    @property
    def file_name(self) -> str:
        """For a part of a file's name: no folder, device, option, nothing hidden, no longer than file systems take."""
        name = _NOT_IN_NAMES.sub("_", visible(self._text)).strip(". ")
        name = name.encode()[:_LONGEST_NAME].decode(errors="ignore").rstrip(". ")
        return f"_{name}" if _DEVICES.match(name) or name.startswith("-") else name or "_"

    @property
    def python(self) -> str:
        """For Python that is generated: a literal."""
        return ascii(self._text)


def plain_tip(text: str) -> str:
    """Return a tooltip that shows a text of others as it is."""
    return Untrusted(text).plain_tip


def _escaped_start(found: re.Match[str]) -> str:
    return f"{found[0][:-1]}\\{found[0][-1]}"
