"""Lets Qt draw without a window and without a display."""

from __future__ import annotations

import os
import sys

from PySide6.QtGui import QGuiApplication

_kept: list[QGuiApplication] = []


def ensure_application() -> None:
    """Make the application that fonts need, unless there is one."""
    if QGuiApplication.instance() is not None:
        return
    # Nothing is shown, so the display is not asked for: it may be missing or refuse us.
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    _kept.append(QGuiApplication(sys.argv[:1] or ["qviz"]))
