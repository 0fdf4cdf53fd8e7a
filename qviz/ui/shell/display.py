"""Says whether a window can be shown here, without Qt, which aborts where it cannot."""

from __future__ import annotations

import os
import sys

from qviz.words import mark, tr

HEADLESS = mark(
    "Commands that need no display: qviz run, render, check, measure, repair, inputs, compare, diff, flows, samples, "
    "doctor."
)


def display_fault() -> str | None:
    """Return why no window can be shown here, or None."""
    if sys.platform in ("darwin", "win32") or os.environ.get("QT_QPA_PLATFORM") or os.environ.get("WAYLAND_DISPLAY"):
        return None
    display = os.environ.get("DISPLAY")
    if not display:
        return tr("No display to show the window on: DISPLAY is not set")
    return tr("The display {display} does not answer", display=display) if _x_server_refuses() else None


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
