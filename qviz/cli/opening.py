"""Opens the window, or says why it cannot; imports nothing that an empty window does not need."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qviz.errors import QvizError
from qviz.ui.shell.display import HEADLESS, display_fault
from qviz.words import tr

if TYPE_CHECKING:
    from qviz.document.plan import Plan


def open_window(
    source: str | None,
    plan: Plan | None = None,
    is_consented: bool = True,
    typed: frozenset[str] | None = None,
    restores: bool = True,
) -> int:
    """Show the window until it is closed; return the exit code; it asks about code that was not `typed`.

    Without `restores`, runs of earlier starts do not come back.

    Raises:
        QvizError: There is no display, or Qt lacks a library.
    """
    if fault := display_fault():
        raise QvizError(fault, tr(HEADLESS))
    try:
        from qviz.ui.shell.app import run
    except ImportError as error:
        if not (error.name or "").startswith(("PySide6", "shiboken6")):
            raise
        raise QvizError(
            tr("Qt could not be loaded: {error}", error=error), tr("qviz doctor lists the missing libraries.")
        ) from error
    return run(source, plan, is_consented, typed, restores)
