"""A link whose long name is cut in its middle; its tooltip has all of it."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QPaintEvent
from PySide6.QtWidgets import QPushButton, QSizePolicy, QStyle, QStyleOptionButton, QStylePainter

from qviz.words.untrusted import plain_tip
from qviz.words.visible import one_line


class ElidedLink(QPushButton):
    """A link in a narrow column.

    Args:
        text: All of it.
        on_click: What it does; None names what is shown already.
    """

    def __init__(self, text: str, on_click: Callable[[], object] | None) -> None:
        super().__init__(one_line(text))
        self.setProperty("role", "here" if on_click is None else "link")
        self.setToolTip(plain_tip(text))
        self.setAccessibleName(one_line(text))
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        if on_click is None:
            self.setEnabled(False)
        else:
            self.clicked.connect(lambda _checked: on_click())

    def minimumSizeHint(self) -> QSize:
        """Return a size that a narrow column has room for."""
        return QSize(24, super().minimumSizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the text, cut where it does not fit."""
        option = QStyleOptionButton()
        self.initStyleOption(option)
        told = self.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideMiddle, self.width())
        option.text = told
        painter = QStylePainter(self)
        painter.drawControl(QStyle.ControlElement.CE_PushButton, option)
        painter.end()
