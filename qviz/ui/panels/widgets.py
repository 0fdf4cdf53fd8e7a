"""Small widgets that several panels are made of.

The first page is made of some: what it has no use for is imported where it is used, as PySide6 makes a class of Qt's
when it is imported first.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, TypeVar

from PySide6.QtWidgets import QFrame, QLabel, QPushButton, QSizePolicy

from qviz.words import tr
from qviz.words.visible import visible

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from PySide6.QtCore import QObject
    from PySide6.QtGui import QColor, QFont, QIcon
    from PySide6.QtWidgets import QDialog, QDialogButtonBox, QDoubleSpinBox, QLayout, QSpinBox, QWidget

    from qviz.errors import QvizError

D = TypeVar("D", bound="QDialog")

_JOINT = r"(?<=[\w\])'])(?!(?<=\d)\.\d)([._/\[(])(?=[\w'])"
"""Where a long name may break; the point of a number is no joint."""
_ZERO_WIDTH_SPACE = "\u200b"
_BREAK = _ZERO_WIDTH_SPACE + r"(?=[._/\[(])"
"""What `breakable` makes; any other space without width is another's."""
_LONGEST_WORD = 18
"""Letters that any line of a side panel has room for."""
_UNIT = r"(?<=\d) (?=(%|dB|[kMGT]?B|bytes?|ms|s|px|k|M|G)(?!\w))"
_INDENT = 8
"""Pixels before a number."""
_NO_BREAK = "\u202f"
"""Narrow, before units."""


def choose(made: QObject, **values: str) -> None:
    """Set Qt's own properties to values called by their names, as in ``alignment="AlignCenter"``.

    Like this the first page needs no name of the namespace `Qt`: the first use of one makes
    all its ninety enums, a tenth of the time until the window is there.
    """
    for name, value in values.items():
        if not made.setProperty(name, value):
            raise ValueError(f"{type(made).__name__} has no property {name} that can be {value}")


class PlainLabel(QLabel):
    """A label that shows what a text hides; places where a name may break are kept."""

    def __init__(self, text: str) -> None:
        super().__init__(_shown(text))

    def setText(self, text: str) -> None:
        """Show another text."""
        super().setText(_shown(text))


def label(text: str = "", role: str = "", wraps: bool = False) -> QLabel:
    """Return a label; `role` chooses its look in the style sheet."""
    made = PlainLabel(text)
    choose(made, textFormat="PlainText")
    if role:
        made.setProperty("role", role)
    if wraps:
        made.setWordWrap(True)
        made.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
    return made


def section(title: str) -> QLabel:
    """Return the small heading of a part of a side panel."""
    return label(title, "section")


def mono() -> QFont:
    """Return the platform's font of fixed width."""
    from PySide6.QtGui import QFontDatabase

    font = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
    font.setPixelSize(12)
    return font


def button(text: str, role: str = "", on_click: Callable[[], object] | None = None) -> QPushButton:
    """Return a button; `role` chooses its look in the style sheet."""
    made = QPushButton(text)
    if role:
        made.setProperty("role", role)
    if on_click is not None:
        made.clicked.connect(lambda _checked: on_click())
    return made


def join_segments(buttons: Sequence[QWidget]) -> None:
    """Let buttons that stand side by side share their borders; only the outer corners of those in sight are round."""
    from PySide6.QtCore import Qt

    told = Qt.WidgetAttribute.WA_WState_ExplicitShowHide  # without it a button waits for its place, and is not hidden
    shown = [each for each in buttons if not (each.isHidden() and each.testAttribute(told))]
    last = len(shown) - 1
    for place, each in enumerate(shown):
        at = "only" if not last else "first" if not place else "last" if place == last else "inside"
        if each.property("at") != at:
            each.setProperty("at", at)
            restyle(each)


def indent(field: QSpinBox | QDoubleSpinBox) -> None:
    """Let a number begin where other fields' texts do; style sheets have no say in that."""
    field.lineEdit().setTextMargins(_INDENT, 0, 0, 0)


def answers(accepted: str) -> QDialogButtonBox:
    """Return the two buttons at the foot of a dialog: what accepts it, first, and Cancel."""
    from PySide6.QtWidgets import QDialogButtonBox

    made = QDialogButtonBox()
    made.addButton(accepted, QDialogButtonBox.ButtonRole.AcceptRole)
    made.addButton(tr("Cancel"), QDialogButtonBox.ButtonRole.RejectRole)
    return made


def explained(error: QvizError) -> str:
    """Return an error and what to do about it, as sentences in one line."""
    from qviz.words.formats import sentence

    return " ".join(sentence(text) for text in (error.message, error.hint) if text)


def file_filter(title: str, *suffixes: str) -> str:
    """Return a kind of files as Qt's file dialogs take it: ``Plans (*.toml)``."""
    return f"{title} ({' '.join(f'*{suffix}' for suffix in suffixes)})"


def breakable(text: str) -> str:
    """Let a name too long for a line break at its joints; a shorter one stays whole, and a number with its unit.

    For reading only, since a copy holds the odd spaces too.
    """
    words = (
        re.sub(_JOINT, _ZERO_WIDTH_SPACE + r"\1", word) if len(word) > _LONGEST_WORD else word
        for word in text.split(" ")
    )
    return re.sub(_UNIT, _NO_BREAK, " ".join(words))


def _shown(text: str) -> str:
    return _ZERO_WIDTH_SPACE.join(map(visible, re.split(_BREAK, text)))


def line() -> QFrame:
    """Return a thin horizontal line."""
    made = QFrame()
    made.setProperty("role", "line")
    return made


def empty(layout: QLayout) -> None:
    """Take everything out of a layout."""
    while (item := layout.takeAt(0)) is not None:
        if (widget := item.widget()) is not None:
            widget.hide()
            widget.deleteLater()
        elif (inner := item.layout()) is not None:
            empty(inner)


def dot(color: QColor) -> QIcon:
    """Return a small patch of a colour, as for the role of a node."""
    return _dot(color.rgba())


@lru_cache(maxsize=64)
def _dot(color: int) -> QIcon:  # the same again: Qt keeps what it draws of each icon
    from PySide6.QtGui import QColor, QIcon, QPainter, QPen, QPixmap

    pixmap = QPixmap(18, 18)
    pixmap.fill(QColor(0, 0, 0, 0))
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setBrush(QColor.fromRgba(color))
    painter.setPen(QPen(QColor(0, 0, 0, 0)))
    painter.drawRoundedRect(1, 1, 16, 16, 5, 5)
    painter.end()
    return QIcon(pixmap)


def passing(dialog: D) -> D:
    """Return a dialog that goes once it is closed; one that is opened, not executed, stays as long as its window."""
    dialog.finished.connect(dialog.deleteLater)
    return dialog


def restyle(widget: QWidget) -> None:
    """Apply the style sheet again after a property changed."""
    widget.style().unpolish(widget)
    widget.style().polish(widget)
