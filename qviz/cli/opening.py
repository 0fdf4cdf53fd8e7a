"""Opens the window, or says why it cannot; imports nothing that an empty window does not need."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from qviz.errors import QvizError

if TYPE_CHECKING:
    from qviz.document.plan import Plan

HEADLESS = "Without one there are: qviz run, render, flows, samples, doctor."


def open_window(source: str | None, plan: Plan | None = None) -> int:
    """Show the window until it is closed; return the exit code.

    Raises:
        QvizError: There is no display, or Qt lacks a library.
    """
    if fault := display_fault():
        raise QvizError(fault, HEADLESS)
    try:
        from qviz.ui.app import run
    except ImportError as error:
        if not (error.name or "").startswith(("PySide6", "shiboken6")):
            raise
        raise QvizError(f"Qt could not be loaded: {error}", "qviz doctor lists the missing libraries.") from error
    return run(source, plan)


def display_fault() -> str | None:
    """Return why no window can be shown here, or None."""
    if sys.platform in ("darwin", "win32") or os.environ.get("QT_QPA_PLATFORM") or os.environ.get("WAYLAND_DISPLAY"):
        return None
    display = os.environ.get("DISPLAY")
    if not display:
        return "there is no display to show the window on (DISPLAY is not set)"
    return f"the display {display} does not answer" if _x_server_refuses() else None


def _x_server_refuses() -> bool:
    """Ask the X server as Qt would, for Qt aborts the process where there is none."""
    import ctypes

    try:
        xcb = ctypes.CDLL("libxcb.so.1")
    except OSError:
        return False  # then Qt says what it lacks
    xcb.xcb_connect.restype = ctypes.c_void_p
    xcb.xcb_connection_has_error.argtypes = xcb.xcb_disconnect.argtypes = [ctypes.c_void_p]
    connection = xcb.xcb_connect(None, None)
    refused = bool(xcb.xcb_connection_has_error(connection))
    xcb.xcb_disconnect(connection)
    return refused
