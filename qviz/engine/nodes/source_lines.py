"""Finds the line of the user's model that a node comes from."""

from __future__ import annotations

import os
import re
from pathlib import Path

import torch

from qviz.document.graph import SourceLine

_FRAME = re.compile(r'File "(?P<file>[^"\n]+)", line (?P<line>\d+)(?:, in .*)?(?:\n(?P<code>(?!\s*File ").*))?')
_NO_LINE = 2**31
"""What torch prints in place of a line is -1 as a size_t: torch.fx patches the code of functions with ``**kwargs``."""
_TORCH = str(Path(torch.__file__).parent) + os.sep
_ENGINE = str(Path(__file__).parents[1]) + os.sep


def source_line(stack_trace: str | None) -> SourceLine | None:
    """Return the innermost frame of a stack trace that is neither torch's nor the engine's; None if it has no line.

    What lies outside the engine's own frames is the program that called it, not the model.
    """
    for frame in reversed(list(_FRAME.finditer(stack_trace or ""))):
        file = frame["file"]
        if file.startswith(_ENGINE):
            return None
        if not file.startswith((_TORCH, "<")):
            line = int(frame["line"])
            return SourceLine(file, line, (frame["code"] or "").strip()) if line < _NO_LINE else None
    return None
