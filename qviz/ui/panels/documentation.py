"""The documentation of qviz, as it lies beside the program: a page for each subject."""

from __future__ import annotations

import re
from functools import cache

from PySide6.QtCore import QUrl
from PySide6.QtGui import QTextCharFormat, QTextCursor
from PySide6.QtWidgets import QDialog, QHBoxLayout, QListWidget, QListWidgetItem, QTextBrowser, QVBoxLayout, QWidget

from qviz.assets import asset
from qviz.ui.panels.widgets import label
from qviz.ui.theme import Theme
from qviz.words import tr

PAGES = (
    "canvas",
    "runs",
    "search",
    "findings",
    "measure",
    "configuration",
    "flows",
    "flows-and-models",
    "compare",
    "diff",
    "check",
    "export",
    "commands",
    "errors",
    "document",
    "contract",
    "install",
)
"""The files of docs/, in the order in which a reader wants them; torch's API has its own page."""
_AROUND = 24
"""Pixels beside the titles."""
_PICTURE = re.compile(r"^!\[[^\]]*\]\([^)]*\)\s*$", re.MULTILINE)
"""The pictures do not come with the program."""
_TITLE = re.compile(r"^# (.+)$", re.MULTILINE)


@cache
def page_text(name: str) -> str:
    """Return a page as Markdown, without its pictures."""
    return _PICTURE.sub("", asset(f"docs/{name}.md").read_text(encoding="utf-8"))


def page_title(name: str) -> str:
    """Return the heading of a page."""
    found = _TITLE.search(page_text(name))
    return found[1] if found is not None else name


class Documentation(QDialog):
    """The pages at the left, the one that is read at the right; a link between them turns the page."""

    def __init__(self, parent: QWidget, theme: Theme, name: str = PAGES[0]) -> None:
        super().__init__(parent)
        self._theme = theme
        self.setWindowTitle(tr("Documentation"))
        room = parent.window().size()
        self.resize(min(980, room.width() - 40), min(680, room.height() - 40))
        self.pages, self.text = QListWidget(), QTextBrowser()
        self.pages.setAccessibleName(tr("Pages"))
        self.text.setAccessibleName(tr("Documentation"))
        self.text.setOpenLinks(False)
        self.text.anchorClicked.connect(self.on_text_anchor_clicked)
        for each in PAGES:
            self.pages.addItem(QListWidgetItem(page_title(each)))
        self.pages.currentRowChanged.connect(self.on_pages_row_changed)
        self.pages.setMinimumWidth(min(self.pages.sizeHintForColumn(0) + _AROUND, room.width() // 3))
        self._link = label("", "muted")
        right = QVBoxLayout()
        right.addWidget(self.text, 1)
        right.addWidget(self._link)
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 16, 16, 12)
        row.setSpacing(14)
        row.addWidget(self.pages, 1)
        row.addLayout(right, 4)
        self.pages.setCurrentRow(PAGES.index(name))

    def on_pages_row_changed(self, row: int) -> None:
        """Show a page from its beginning."""
        self.text.setMarkdown(page_text(PAGES[row]))
        self._dress()
        self.text.verticalScrollBar().setValue(0)
        self._link.hide()

    def _dress(self) -> None:
        """Give code the size of the text, and links the color of the theme: Markdown knows neither."""
        self.text.ensurePolished()
        size, place = self.text.fontInfo().pointSizeF(), self.text.document().begin()
        cursor = QTextCursor(self.text.document())
        while place.isValid():
            parts = place.begin()
            while not parts.atEnd():
                part = parts.fragment()
                form = QTextCharFormat()
                if part.charFormat().fontFixedPitch():
                    form.setFontPointSize(size)
                if part.charFormat().isAnchor():
                    form.setForeground(self._theme.color("accent"))
                if form.propertyCount():
                    cursor.setPosition(part.position())
                    cursor.setPosition(part.position() + part.length(), QTextCursor.MoveMode.KeepAnchor)
                    cursor.mergeCharFormat(form)
                parts += 1
            place = place.next()

    def on_text_anchor_clicked(self, link: QUrl) -> None:
        """Turn to a page, or to a heading; name the address of what lies elsewhere, which qviz does not open."""
        name = link.path().removesuffix(".md")
        if link.isRelative() and name in PAGES:
            self.pages.setCurrentRow(PAGES.index(name))
        if link.isRelative() and link.hasFragment():
            self.text.scrollToAnchor(link.fragment())
        elif name not in PAGES:
            self._link.setText(link.toString())
            self._link.show()
