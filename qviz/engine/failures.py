"""Says at which line of the user's model something failed, and what to try."""

from __future__ import annotations

import linecache
import re
import traceback
from pathlib import Path
from types import FrameType

import torch
import typing_extensions
from torch.fx import GraphModule

from qviz.document.graph import SourceLine
from qviz.document.kept import kept_error
from qviz.document.snapshot import RunError
from qviz.engine.nodes.source_lines import source_line

_OURS = (
    str(Path(torch.__file__).parent),
    str(Path(__file__).parent),
    typing_extensions.__file__,  # wraps torch's deprecated functions
    "<frozen",
    "<string",
    "<eval_with_key>",
)
_IN_TEXT = re.compile(r'File "(?P<file>[^"]+)", line (?P<line>\d+)')
_ASSIGNED = re.compile(r"\s*(\w+)\b[^=]*=")
_TEXT_LIMIT = 2000

_DEFAULT_HINT = "The result keeps the whole traceback."
_GENERATED = "<eval_with_key>"

_STEP_HINTS = {
    "calibrating": "Check that every batch fits the model; PT2E flows keep the shapes that the example inputs have.",
    "capturing": "Try the other way to capture: the flow fx-static or pt2e-static.",
}

_HINTS: tuple[tuple[str, str], ...] = (
    ("TraceError", "torch.fx cannot follow this line; try the flow pt2e-static, or move the branch out of forward."),
    ("Proxy", "torch.fx cannot follow this line; try the flow pt2e-static, or move it out of forward."),
    ("GuardOnDataDependent", "The graph depends on the values of a tensor here; use torch.where or torch.cond."),
    ("Unsupported", "torch.export cannot follow this line; try --no-strict, or the flow fx-static."),
    (
        "source_fn_stack",
        "torch folds the batch norms of a trained graph only after strict capture: ask for --strict, "
        "and mend the line of the model that it stops at.",
    ),
    ("Could not guard", "The graph depends on the values of a tensor here; use torch.where or torch.cond."),
    (
        "'float' object has no attribute 'name'",
        "The onednn backend config looks for a convolution on both sides of an addition, and stops at a plain number: "
        "add a tensor instead, or take the backend config x86.",
    ),
    (
        "non-default argument follows default",
        "torch.fx makes positional arguments of keyword-only ones, and a required one may not stand behind an optional "
        "one: give it a default, too, or use a PT2E flow.",
    ),
    ("same qconfigs", "Modules that are fused need one qconfig: set it for all of them, or by name for each."),
    ("not implemented for", "This backend has no kernel for that dtype; choose another backend or quantizer."),
)


def line_of(error: BaseException) -> SourceLine | None:
    """Return the innermost line of the user's code that the error came through, if any."""
    chain: list[BaseException] = []
    link: BaseException | None = error
    while link is not None and link not in chain:
        chain.append(link)
        link = link.__cause__ or link.__context__
    for each in chain:
        for match in reversed(list(_IN_TEXT.finditer(str(each)))):  # dynamo writes its frames into the message
            if _is_users(match["file"]):
                return _line(match["file"], int(match["line"]))
        for frame, number in reversed(list(traceback.walk_tb(each.__traceback__))):
            file = frame.f_code.co_filename
            if file.startswith(_GENERATED) and (found := _behind_generated(frame, number)):
                return found
            if _is_users(file):
                return _line(file, number or frame.f_code.co_firstlineno)  # a traceback may have lost the line
    return None


def _behind_generated(frame: FrameType, number: int) -> SourceLine | None:
    """Return the model's line from which a line of a GraphModule's generated forward was traced."""
    module = frame.f_locals.get("self")
    assigned = _ASSIGNED.match(linecache.getline(frame.f_code.co_filename, number))
    if not isinstance(module, GraphModule) or assigned is None:
        return None
    node = next((each for each in module.graph.nodes if each.name == assigned[1]), None)
    return source_line(node.meta.get("stack_trace")) if node is not None else None


def _is_users(file: str) -> bool:
    return not file.startswith(_OURS) and "importlib" not in file


def _line(file: str, number: int) -> SourceLine:
    return SourceLine(file, number, linecache.getline(file, number).strip())


def run_error(step: str, error: BaseException) -> RunError:
    """Return what a failing step leaves in the document."""
    text = str(error).strip() or type(error).__name__
    named = f"{type(error).__name__} {text}"
    hint = next((hint for sign, hint in _HINTS if sign in named), _STEP_HINTS.get(step, _DEFAULT_HINT))
    return kept_error(
        step=step,
        type=type(error).__name__,
        message=_first_sentence(text),
        hint=hint,
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
