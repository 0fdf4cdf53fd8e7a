"""What the command line says where an engine ran nothing."""

from __future__ import annotations

import logging

from qviz.errors import ExitCode, QvizError
from qviz.log import log_path
from qviz.wire.messages import RunRejected
from qviz.words import tr

_log = logging.getLogger(__name__)


class EngineError(Exception):
    """An error in an engine, with its traceback: the cause that --debug prints."""


def rejection(report: RunRejected) -> QvizError:
    """Return what an engine rejected as an error of this process; the traceback of a bug is kept in the log."""
    hint = report.hint
    if report.exit_code == ExitCode.BUG:
        _log.error("the engine met a bug: %s\n%s", report.text, report.traceback)
        hint = tr("The details are in {log_path}; --debug shows them here.", log_path=log_path())
    error = QvizError(report.text, hint, ExitCode(report.exit_code), report.option)
    if report.traceback:
        error.__cause__ = EngineError(f"\n{report.traceback}")
    return error
