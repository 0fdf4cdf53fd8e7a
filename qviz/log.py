"""The log file: in the platform's usual place, kept small, shared by all processes of qviz."""

from __future__ import annotations

import contextlib
import logging
from logging.handlers import RotatingFileHandler
from pathlib import Path

MAX_BYTES = 1 << 20
_FORM = "%(asctime)s %(process)d %(levelname)s %(name)s: %(message)s"


def log_path() -> Path:
    """Return where the log file is, or will be."""
    from platformdirs import user_log_path

    return user_log_path("qviz", appauthor=False) / "qviz.log"


def start_log() -> None:
    """Write the records of this process to the log file from now on; without one if it cannot be written."""
    logger = logging.getLogger("qviz")
    if any(isinstance(handler, RotatingFileHandler) for handler in logger.handlers):
        return
    path = log_path()
    with contextlib.suppress(OSError):  # a read-only home is no reason not to work
        path.parent.mkdir(parents=True, exist_ok=True)
        handler = RotatingFileHandler(path, maxBytes=MAX_BYTES, backupCount=2, encoding="utf-8", delay=False)
        handler.setFormatter(logging.Formatter(_FORM))
        logger.addHandler(handler)
        logger.setLevel(logging.INFO)
