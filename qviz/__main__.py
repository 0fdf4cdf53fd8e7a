"""Starts the command line: `python -m qviz`, and the installed command `qviz`."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from types import TracebackType
from typing import NoReturn

from qviz import cli
from qviz.errors import ExitCode, QvizError
from qviz.words import tr


def main(argv: Sequence[str] | None = None) -> int:
    """Run the program; return its exit code (docs/contract.md, section 4; 70 for a bug)."""
    words = list(sys.argv[1:] if argv is None else argv)
    if "--debug" not in words:
        sys.excepthook = _on_bug
    return cli.main(words)


def _on_bug(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> NoReturn:
    """Keep the traceback of a bug in the log, and say so."""
    import logging

    from qviz.log import log_path, start_log

    start_log()
    logging.getLogger("qviz.cli").critical("bug", exc_info=(kind, error, trace))
    hint = tr("The details are in {log_path}; --debug shows them here.", log_path=log_path())
    what = "".join(str(error).splitlines()[:1])
    cli.explain(QvizError(tr("This is a bug in qviz: {type}: {what}", type=kind.__name__, what=what), hint))
    sys.stdout.flush()
    os._exit(int(ExitCode.BUG))  # the interpreter itself would say 1, which means findings


if __name__ == "__main__":
    sys.exit(main())
