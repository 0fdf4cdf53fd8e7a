"""Qt's own texts in the language in use: buttons of its dialogs, menus of text fields, arrows of tabs."""

from __future__ import annotations

from PySide6.QtCore import QLibraryInfo, QObject, QTranslator

from qviz.words import language

_NO_TEXTS = frozenset({"QGuiApplication", "QApplication", "QShortcut"})
"""Contexts of a setting (left to right) and of keys, which have the same names everywhere."""


class QtTexts(QTranslator):
    """Takes the texts of the catalog, then those that Qt brings for the language; Qt's English elsewhere.

    Args:
        parent: What keeps it while it is installed.
    """

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.load(f"qtbase_{language().name}", QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath))

    def isEmpty(self) -> bool:
        """Tell Qt that there are texts, also where Qt brings no file for the language."""
        return False

    def translate(self, context: str, source: str, disambiguation: str | None = None, n: int = -1) -> str | None:
        """Return the text in the language in use; None leaves it as it is."""
        if context in _NO_TEXTS or not source or "+" in source:  # keys, such as Alt+Left
            return None
        here = language()
        known = here.texts.get(source) or super().translate(context, source, disambiguation, n)
        return here.finished(known or source)
