"""Finds tests of a module's type in the user's forward() that another branch follows once layers are converted."""

from __future__ import annotations

import ast
import linecache
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import CodeType, FrameType
from typing import Any, TypeAlias

import torch
from torch.nn import Module

from qviz.document.graph import Json
from qviz.document.snapshot import Finding, Level
from qviz.engine.failures.lines import is_users
from qviz.engine.loading.forward import Arguments
from qviz.engine.loading.kept_state import buffers_kept, written_weights_kept
from qviz.engine.nodes import held_state

TakenPath: TypeAlias = dict[tuple[CodeType, int], list[tuple[int, int]]]
"""Of every call of the user's functions, counted by function, what it ran: places in its code with their lines."""

_LONGEST = 200_000
"""Steps after which a run is followed no further."""
_ASKS = {"isinstance", "issubclass", "type", "hasattr"}


def path_taken(model: Module, inputs: Arguments) -> TakenPath:
    """Run a model once; return which way its own Python went, as far as it came."""
    found: TakenPath = {}
    with (
        torch.no_grad(),
        torch.random.fork_rng(devices=[]),
        held_state.unchanged(model),
        buffers_kept(model),
        written_weights_kept(model),
    ):
        given = inputs.cloned()
        try:
            with _followed(found):
                given.call(model)
        except Exception:  # the user's forward may raise anything; what it did before counts
            return found
    return found


@contextmanager
def _followed(found: TakenPath) -> Iterator[None]:
    calls, left = Counter[CodeType](), _LONGEST

    def begun(frame: FrameType, event: str, _: Any) -> Any:
        code = frame.f_code
        if event != "call" or not is_users(code.co_filename):
            return None
        calls[code] += 1
        steps = found.setdefault((code, calls[code]), [])
        frame.f_trace_opcodes = True

        def step(frame: FrameType, event: str, _: Any) -> Any:
            nonlocal left
            if event == "opcode" and left > 0:
                left -= 1
                steps.append((frame.f_lasti, frame.f_lineno))
            return step

        return step

    before = sys.gettrace()
    sys.settrace(begun)
    try:
        yield
    finally:
        sys.settrace(before)


def other_branch(before: TakenPath, after: TakenPath) -> Finding | None:
    """Return the first test of a type that another branch follows; None where no path parts at one.

    Args:
        before: What `path_taken` gave of the float model.
        after: What it gave of the converted one.
    """
    for code, line in _partings(before, after):
        if (test := _type_test(code.co_filename, line)) is None:
            continue
        text, until = test
        file = Path(code.co_filename).name
        args: dict[str, Json] = {"test": text, "file": file, "line": line, "until": until}
        return Finding("kernel_differs", Level.INFO, "converted", (), "kernel_differs.type_test", {}, args, (file,))
    return None


def _partings(before: TakenPath, after: TakenPath) -> Iterator[tuple[CodeType, int]]:
    """Yield the functions whose calls part, each with the line at which they do."""
    for key, steps in before.items():
        pairs = zip(steps, after.get(key, ()), strict=False)
        at = next((number for number, (one, other) in enumerate(pairs) if one[0] != other[0]), 0)
        if at:
            yield key[0], steps[at - 1][1]


def _type_test(file: str, line: int) -> tuple[str, int] | None:
    """Return the innermost condition on a line that asks for a type, and the last line that it decides of."""
    try:
        tree = ast.parse("".join(linecache.getlines(file)))
    except (SyntaxError, ValueError):
        return None
    choices = [
        each
        for each in ast.walk(tree)
        if isinstance(each, (ast.If, ast.IfExp, ast.While)) and each.test.lineno <= line <= (each.test.end_lineno or 0)
    ]
    asking = [each for each in choices if any(_asks(part) for part in ast.walk(each.test))]
    if not asking:
        return None
    found = max(asking, key=lambda each: (each.lineno, each.col_offset))
    return ast.unparse(found.test), found.end_lineno or line


def _asks(part: ast.AST) -> bool:
    if isinstance(part, ast.Call):
        return isinstance(part.func, ast.Name) and part.func.id in _ASKS
    return isinstance(part, ast.Attribute) and part.attr == "__class__"
