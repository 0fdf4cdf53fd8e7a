"""Finds the widgets that tests look at."""

from __future__ import annotations

from typing import TypeVar

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QToolButton

_T = TypeVar("_T", bound=QObject)


def found(parent: QObject, type_: type[_T]) -> _T:
    """Return the child of a type; there has to be one."""
    child = parent.findChild(type_)
    assert child is not None
    return child


def open_folds(parent: QObject) -> None:
    """Open every part of a page that begins closed: what it holds is made then."""
    for each in parent.findChildren(QToolButton):
        if each.property("role") == "fold":
            each.setChecked(True)
