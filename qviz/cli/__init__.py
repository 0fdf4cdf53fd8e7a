"""The command line; every command is imported only when it is called."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from qviz.cli.speech import speaking
from qviz.errors import ExitCode, QvizError
from qviz.words import tr
from qviz.words.visible import visible

INTERRUPTED = 130


def main(argv: Sequence[str] | None = None) -> int:
    """Run the program; return its exit code (docs/contract.md, section 4)."""
    words = list(sys.argv[1:] if argv is None else argv)
    debug = "--debug" in words
    try:
        with speaking(words) as left:
            return _dispatch(left)
    except QvizError as error:
        explain(error, debug)
        return int(error.exit_code)
    except KeyboardInterrupt as interruption:
        explain(QvizError(tr("Interrupted"), *interruption.args), debug)
        return INTERRUPTED
    except BrokenPipeError:  # `qviz flows | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return int(ExitCode.DONE)


def _dispatch(words: list[str]) -> int:
    if not words:  # the way most people start it: without what parsing options costs, a third of the start-up
        from qviz.cli.opening import open_window

        return open_window(None)
    from qviz.cli.app import dispatch

    return dispatch(words)


def explain(error: QvizError, debug: bool = False) -> None:
    """Say on standard error what went wrong, and what to do."""
    if debug:
        import traceback

        print(visible(traceback.format_exc()), end="", file=sys.stderr)  # noqa: T201 - this is what the command line says
    option = f" ({error.option})" if error.option else ""
    print(visible(f"qviz: {error}{option}"), file=sys.stderr)  # noqa: T201 - this is what the command line says
