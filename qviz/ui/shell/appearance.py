"""Light or dark, as the user chose or as the system is; and the size of the text."""

from __future__ import annotations

from PySide6 import QtCore
from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QGuiApplication, QPalette

from qviz.ui.settings import Settings
from qviz.ui.theme import theme as theme_of

TEXT_STEP = 10
"""Percent."""


class Appearance(QObject):
    """The theme and the size of the text in use.

    Attributes:
        theme: The `Theme`.

    Signals:
        changed: There is another theme, or another size.
    """

    changed = Signal()

    def __init__(self, parent: QObject, settings: Settings) -> None:
        super().__init__(parent)
        self._settings = settings
        self.theme = theme_of(self._name(_is_system_dark()))
        QGuiApplication.styleHints().colorSchemeChanged.connect(self.on_system_scheme_changed)

    def switch(self) -> None:
        """Change between light and dark, and remember it."""
        self.use("light" if self.theme.is_dark else "dark")
        self._settings.theme = self.theme.name

    def choose(self, name: str) -> None:
        """Use ``light`` or ``dark``, or follow the ``system``, and remember it."""
        self._settings.theme = name
        self.use(self._name(_is_system_dark()))

    def use(self, name: str) -> None:
        """Use a theme everywhere."""
        self.theme = theme_of(name)
        self.changed.emit()

    @property
    def text_scale(self) -> float:
        """The size of all text; 1 is usual."""
        return self._settings.text_size / 100

    def scale_text(self, step: int) -> None:
        """Take the next larger text (1), the next smaller (-1), or the usual size again (0)."""
        self.take_text_size(self._settings.text_size + TEXT_STEP * step if step else 100)

    def take_text_size(self, percent: int) -> None:
        """Show all text in this size, in percent of the usual one."""
        self._settings.text_size = percent
        self.changed.emit()

    def take_language(self, name: str) -> None:
        """Remember the language, which the next start uses."""
        self._settings.language = name

    def _name(self, is_system_dark: bool) -> str:
        if self._settings.theme in ("light", "dark"):
            return self._settings.theme
        return "dark" if is_system_dark else "light"

    def on_system_scheme_changed(self, system: QtCore.Qt.ColorScheme) -> None:
        """Follow the system from light to dark and back, unless the user chose."""
        self.use(self._name(system == QtCore.Qt.ColorScheme.Dark))


def _is_system_dark() -> bool:
    """Tell by the palette; the first name of the namespace `Qt`, as of a colour scheme, is dear (`widgets.choose`)."""
    palette = QGuiApplication.palette()
    return palette.color(QPalette.ColorRole.Window).lightness() < palette.color(QPalette.ColorRole.Text).lightness()
