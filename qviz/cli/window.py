"""`qviz [SOURCE]`: opens the window, or says why it cannot."""

from __future__ import annotations

import ctypes
import os
import sys
from pathlib import Path

import click

from qviz.cli.options import debug_option, flow_option, is_snapshot, takes_plan
from qviz.document.plan import Plan
from qviz.errors import QvizError

HEADLESS = "Without one there are: qviz run, render, flows, samples, doctor."


@click.command(hidden=True)
@click.argument("source", required=False)
@flow_option(required=False, help_text="Run this flow at once.")
@takes_plan
@debug_option
def window(plan: Plan) -> int:
    """Open the window; without SOURCE the welcome page with the samples."""
    _check_source(plan.source)
    if fault := display_fault():
        raise QvizError(fault, HEADLESS)
    from qviz.log import start_log

    start_log()
    try:
        from qviz.ui.app import run
    except ImportError as error:
        if not (error.name or "").startswith(("PySide6", "shiboken6")):
            raise
        raise QvizError(
            f"Qt could not be loaded: {error}", "qviz doctor lists the libraries that are missing."
        ) from error
    return run(plan.source or None, plan if plan.source and not is_snapshot(plan.source) else None)


def _check_source(source: str) -> None:
    """Refuse what cannot be a source before a window opens: a mistyped command, most likely.

    Raises:
        QvizError: It names no file and no attribute of a module.
    """
    from qviz.cli.app import COMMANDS, SOURCE_ENDINGS

    if not source or ":" in source or Path(source).exists() or source.endswith(SOURCE_ENDINGS):
        return
    from difflib import get_close_matches

    near = get_close_matches(source, COMMANDS, n=1)
    hint = f"Did you mean qviz {near[0]}?" if near else "A model is file.py:name, package.module:name or sample:NAME."
    raise QvizError(f"{source!r} is no command of qviz and no model", hint)


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
