"""Puts text on the clipboard, as it is shown: who pastes it into a terminal pastes nothing that the terminal obeys."""

from __future__ import annotations

from PySide6.QtGui import QGuiApplication

from qviz.words.visible import visible


def copy_text(text: str) -> None:
    """Put a text on the clipboard; what ends a terminal's pasting, and all else that is hidden, is written out."""
    QGuiApplication.clipboard().setText(visible(text))
