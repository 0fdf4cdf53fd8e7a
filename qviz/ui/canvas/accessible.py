"""Tells screen readers what is on the canvas: one child for each box, with its role and neighbours."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QPoint, QRect
from PySide6.QtGui import QAccessible, QAccessibleEvent, QAccessibleInterface
from PySide6.QtWidgets import QAccessibleWidget, QWidget

from qviz.ui.canvas import wording

if TYPE_CHECKING:
    from qviz.analysis.view import Box
    from qviz.ui.canvas.view import GraphCanvas


def install() -> None:
    """Let Qt ask for the canvas's description; more than once does nothing more."""


def tell_focus(canvas: GraphCanvas) -> None:
    """Say that another box is selected."""


def tell_changed(canvas: GraphCanvas) -> None:
    """Say that other boxes are shown."""
