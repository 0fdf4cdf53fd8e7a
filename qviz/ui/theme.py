"""The colours: named tokens from resources/themes, one file per theme; no colour stands elsewhere."""

from __future__ import annotations

import json
from functools import cache
from typing import TYPE_CHECKING

from PySide6.QtGui import QColor

from qviz.assets import asset

if TYPE_CHECKING:
    from qviz.document.graph import Kind

THEMES = ("light", "dark", "print")


class Theme:
    """The tokens of one theme.

    Attributes:
        name: ``light``, ``dark`` or ``print``.
        is_dark: Whether light text stands on a dark ground.
        tokens: Colour by token name, as ``#rrggbb``.
    """

    def __init__(self, name: str, is_dark: bool, tokens: dict[str, str]) -> None:
        self.name = name
        self.is_dark = is_dark
        self.tokens = tokens
        self._colors = {token: QColor(value) for token, value in tokens.items()}

    def color(self, token: str) -> QColor:
        """Return the colour of a token such as ``text.muted``."""
        return self._colors[token]

    def fill(self, kind: Kind | None) -> QColor:
        """Return the ground of a role's shape; None is a module group."""
        return self._colors[f"role.{kind.value if kind else 'group'}.fill"]

    def line(self, kind: Kind | None) -> QColor:
        """Return the outline of a role's shape; None is a module group."""
        return self._colors[f"role.{kind.value if kind else 'group'}.line"]


@cache
def theme(name: str) -> Theme:
    """Return the theme of that name."""
    data = json.loads(asset(f"themes/{name}.json").read_text(encoding="utf-8"))
    return Theme(data["name"], data["dark"], data["tokens"])
