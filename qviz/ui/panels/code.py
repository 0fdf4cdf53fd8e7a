"""torch's own text of a stage's graph; a click on a line selects its node, and back."""

from __future__ import annotations

import re

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import (
    QColor,
    QMouseEvent,
    QShowEvent,
    QSyntaxHighlighter,
    QTextBlock,
    QTextCharFormat,
    QTextCursor,
    QTextDocument,
)
from PySide6.QtWidgets import QPlainTextEdit, QTextEdit

from qviz.document.graph import NodeId
from qviz.document.snapshot import Stage
from qviz.ui.panels.widgets import mono
from qviz.ui.theme import Theme
from qviz.words import tr
from qviz.words.visible import visible

_ASSIGNED = re.compile(r"^\s*(?P<name>\w+)(?:\s*:\s*[^=]+)?\s*=[^=]")


class GraphCode(QPlainTextEdit):
    """Signals: line_chosen with the id of the node that the clicked line makes."""

    line_chosen = Signal(str)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setReadOnly(True)
        self.setProperty("role", "text")
        self.setFont(mono())
        self.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.setAccessibleName(tr("Graph code"))
        self._theme = theme
        self._stage: Stage | None = None
        self._shown: Stage | None = None
        self._marked = ""
        self._lines: dict[str, int] = {}
        self._nodes: dict[int, str] = {}
        self._highlighter: PythonHighlighter | None = None

    def set_theme(self, theme: Theme) -> None:
        """Use other colours."""
        self._theme = theme
        if self._highlighter is not None:
            self._highlighter.set_theme(theme)

    def show_stage(self, stage: Stage | None) -> None:
        """Show the code of a stage, as soon as the panel can be seen: large code takes its time."""
        self._stage = stage
        self._marked = ""
        if self.isVisible():
            self._fill()

    def _fill(self) -> None:
        if self._stage is self._shown:
            return
        stage = self._shown = self._stage
        code = visible(stage.code) if stage and stage.code else ""
        self.show_text(code)
        self._lines, self._nodes = {}, {}
        ids = {node.id for node in stage.whole.nodes} if stage else set()
        for place, text in enumerate(code.splitlines()):
            match = _ASSIGNED.match(text)
            name = match["name"] if match else ""
            if name in ids and name not in self._lines:
                self._lines[name] = place
                self._nodes[place] = name

    def showEvent(self, event: QShowEvent) -> None:
        """Show what arrived while the panel was hidden."""
        super().showEvent(event)
        self._fill()
        self._mark()

    def show_text(self, text: str) -> None:
        """Show Python, highlighted where it is in view."""
        if self._highlighter is None:
            self._highlighter = PythonHighlighter(self.document(), self._theme)
            self.updateRequest.connect(self.on_update_request)
        self._highlighter.forget()
        self.setPlainText(visible(text))

    def show_node(self, node_id: NodeId) -> None:
        """Bring the line that makes a node into view and mark it."""
        self._marked = node_id
        if self.isVisible():
            self._mark()

    def _mark(self) -> None:
        if self._marked not in self._lines:
            self.setExtraSelections([])
            return
        cursor = QTextCursor(self.document().findBlockByNumber(self._lines[self._marked]))
        self.setTextCursor(cursor)
        self.centerCursor()
        mark = QTextEdit.ExtraSelection()
        mark.cursor = cursor
        mark.format.setBackground(self._theme.color("code.line"))
        mark.format.setProperty(QTextCharFormat.Property.FullWidthSelection, True)
        self.setExtraSelections([mark])

    def on_update_request(self) -> None:
        """Colour the lines that came into view."""
        assert self._highlighter is not None
        if self._highlighter.is_at_work:
            return  # it is its own colours that are to be painted
        bottom = self.viewport().height()
        block = self.firstVisibleBlock()
        while block.isValid() and self.blockBoundingGeometry(block).translated(self.contentOffset()).top() < bottom:
            self._highlighter.colour(block)
            block = block.next()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Select the node of the clicked line."""
        super().mouseReleaseEvent(event)
        if event.button() == Qt.MouseButton.LeftButton and not self.textCursor().hasSelection():
            place = self.cursorForPosition(event.position().toPoint()).blockNumber()
            if place in self._nodes:
                self.line_chosen.emit(self._nodes[place])


class PythonHighlighter(QSyntaxHighlighter):
    """Colours Python with pygments, only the lines it is asked for: 50,000 would take seconds.

    Attributes:
        is_at_work: Whether a line is being coloured.
    """

    def __init__(self, document: QTextDocument, theme: Theme) -> None:
        super().__init__(document)
        from pygments.lexers.python import PythonLexer

        self._lexer = PythonLexer(stripnl=False, ensurenl=False)
        self._formats: dict[str, QTextCharFormat] = {}
        self.is_at_work = False
        self._coloured: set[int] = set()
        self.set_theme(theme)

    def forget(self) -> None:
        """Know that all lines are new."""
        self._coloured.clear()

    def colour(self, block: QTextBlock) -> None:
        """Colour one line, unless it has its colours."""
        if block.blockNumber() not in self._coloured:  # not the block's state: a change of it runs on to the end
            self._coloured.add(block.blockNumber())
            self.is_at_work = True
            self.rehighlightBlock(block)
            self.is_at_work = False

    def set_theme(self, theme: Theme) -> None:
        """Use other colours."""
        names = ("keyword", "string", "comment", "number", "name")
        self._formats = {name: _format(theme.color(f"code.{name}")) for name in names}
        self._coloured.clear()
        self.rehighlight()

    def highlightBlock(self, text: str) -> None:
        """Colour one line, if it was asked for."""
        if not self.is_at_work:
            return
        for start, token, value in self._lexer.get_tokens_unprocessed(text):
            look = self._formats.get(_look(str(token)))
            if look is not None:
                self.setFormat(start, len(value), look)


def _look(token: str) -> str:
    if ".Function" in token or ".Class" in token or ".Decorator" in token:
        return "name"
    for name in ("Keyword", "String", "Comment", "Number"):
        if f".{name}" in token:
            return name.lower()
    return ""


def _format(color: QColor) -> QTextCharFormat:
    made = QTextCharFormat()
    made.setForeground(color)
    return made
