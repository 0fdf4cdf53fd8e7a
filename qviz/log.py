"""The log file: in the platform's usual place, kept small, shared by all processes of qviz."""

from __future__ import annotations

import contextlib
import logging
import os
from pathlib import Path

MAX_BYTES = 1 << 20
_FORM = "%(asctime)s %(process)d %(levelname)s %(name)s: %(message)s"


def log_path() -> Path:
    """Return where the log file is, or will be."""
    from platformdirs import user_log_path

    return user_log_path("qviz", appauthor=False) / "qviz.log"


def start_log() -> None:
    """Write the records of this process to the log file from now on; to none if it cannot be written.

    A large file is put aside at the start only: several processes write it at once, and none
    of them may take it away from the others later.
    """
    logger = logging.getLogger("qviz")
    if any(isinstance(handler, logging.FileHandler) for handler in logger.handlers):
        return
    path = log_path()
    with contextlib.suppress(OSError):  # qviz also works with a read-only home
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists() and path.stat().st_size > MAX_BYTES:
            os.replace(path, path.with_suffix(".old.log"))
        handler = logging.FileHandler(path, encoding="utf-8")
        handler.setFormatter(logging.Formatter(_FORM))
        logger.addHandler(handler)
        logger.setLevel(logging.INFO)
