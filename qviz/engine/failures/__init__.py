"""What a failing step of a run leaves in the document: the cause, the line of the model, the traceback."""

from __future__ import annotations

import traceback

from qviz.document.graph import Json
from qviz.document.snapshot import RunError
from qviz.engine.failures.causes import cause_of
from qviz.engine.failures.lines import line_of, torch_function

__all__ = ["line_of", "run_error", "traceback_text"]

_TEXT_LIMIT = 2000


def run_error(step: str, error: BaseException) -> RunError:
    """Return what a failing step leaves in the document."""
    args: dict[str, Json] = {"text": _first_sentence(str(error).strip() or type(error).__name__)}
    if (function := torch_function(error)) is not None:
        args["function"] = function
    return RunError(
        step=step,
        type=type(error).__name__,
        code=cause_of(step, error),
        args=args,
        source=line_of(error),
        traceback=traceback_text(error)[-20 * _TEXT_LIMIT :],
    )


def traceback_text(error: BaseException) -> str:
    """Return the traceback as Python prints it; without its source lines where Python stumbles over a frame.

    torch.fx runs functions whose byte code it has patched, and CPython then looks for the columns of an
    instruction that their table of positions does not have (RuntimeError: generator raised StopIteration).
    """
    try:
        return "".join(traceback.format_exception(error))
    except RuntimeError:
        frames = (
            f'  File "{frame.f_code.co_filename}", line {number or frame.f_code.co_firstlineno}, '
            f"in {frame.f_code.co_name}\n"
            for frame, number in traceback.walk_tb(error.__traceback__)
        )
        return "".join(["Traceback (most recent call last):\n", *frames, f"{type(error).__name__}: {error}\n"])


def _first_sentence(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[0][:_TEXT_LIMIT] if lines else ""
