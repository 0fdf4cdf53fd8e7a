"""Buttons in one row; those that have no room are in the menu at its end."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QRect, QSize
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QMenu, QPushButton, QSizePolicy, QToolButton, QWidget

from qviz.words import tr

_BESIDE = 5


class ActionRow(QWidget):
    """One row, however narrow.

    Args:
        buttons: From the left; the first ones stay longest.
    """

    def __init__(self, buttons: Sequence[QPushButton]) -> None:
        super().__init__()
        self.buttons = tuple(buttons)
        for each in self.buttons:
            each.setParent(self)
        self.more = QToolButton(self)
        self.more.setProperty("role", "act")
        self.more.setText("⋯")
        self.more.setAccessibleName(tr("More actions"))
        self.more.setToolTip(tr("More actions"))
        self.more.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self._menu = QMenu(self.more)
        self._menu.setToolTipsVisible(True)
        self._menu.aboutToShow.connect(self.on_menu_about_to_show)
        self.more.setMenu(self._menu)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        """Return the room for all of them in a row."""
        sizes = [each.sizeHint() for each in self.buttons]
        wide = sum(each.width() for each in sizes) + _BESIDE * max(len(sizes) - 1, 0)
        return QSize(wide, max((each.height() for each in sizes), default=0))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Place what has room."""
        super().resizeEvent(event)
        self._place()

    def changeEvent(self, event: QEvent) -> None:
        """Follow a larger text."""
        super().changeEvent(event)
        if event.type() in (QEvent.Type.StyleChange, QEvent.Type.FontChange):
            self.updateGeometry()
            self._place()

    def _place(self) -> None:
        hint, more = self.sizeHint(), self.more.sizeHint().width()
        is_whole = hint.width() <= self.width()
        left, is_full = 0, False
        for each in self.buttons:
            wide = each.sizeHint().width()
            is_full = is_full or (not is_whole and left + wide + _BESIDE + more > self.width())
            each.setVisible(not is_full)
            if not is_full:
                each.setGeometry(QRect(left, 0, wide, hint.height()))
                left += wide + _BESIDE
        self.more.setVisible(not is_whole)
        self.more.setGeometry(QRect(left, 0, more, hint.height()))

    def on_menu_about_to_show(self) -> None:
        """List what has no room."""
        self._menu.clear()
        for each in self.buttons:
            if each.isHidden():
                action = self._menu.addAction(each.text(), each.click)
                action.setEnabled(each.isEnabled())
                action.setCheckable(each.isCheckable())
                action.setChecked(each.isChecked())
                action.setToolTip(each.toolTip())
