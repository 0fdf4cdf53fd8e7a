"""The line of the user's model, and the function of torch, that an exception came through."""

from __future__ import annotations

import linecache
import os
import re
import sysconfig
import traceback
from pathlib import Path
from types import FrameType

import torch
import typing_extensions
from torch.fx import GraphModule, Node

from qviz.document.graph import SourceLine
from qviz.engine.failures.chain import chain
from qviz.engine.nodes.source_lines import source_line

_TORCH = f"{Path(torch.__file__).parent}{os.sep}"  # torchvision's begins like it
_OURS = (
    _TORCH,
    f"{Path(torch.__file__).parents[1] / 'torchao'}{os.sep}",  # quantizes, as torch.ao does
    f"{Path(__file__).parents[1]}{os.sep}",
    f"{Path(__file__).parents[2] / 'sources'}{os.sep}",  # calls what a source names
    typing_extensions.__file__,  # wraps torch's deprecated functions
    "<frozen",
    "<string",
    "??",
    "<eval_with_key>",
)
_STANDARD, _PACKAGES = (sysconfig.get_paths()[each] for each in ("stdlib", "purelib"))
_IN_TEXT = re.compile(r'File "(?P<file>[^"]+)", line (?P<line>\d+)')
_ASSIGNED = re.compile(r"\s*(\w+)\b[^=]*=")
_COMPILED = (".c", ".cc", ".cpp", ".cxx", ".h", ".hpp")
_GENERATED = "<eval_with_key>"
_WRAPPERS = re.compile(r"_?(wrapped_)?call_impl|__call__|wrapper|inner|decorate_context|_fn")
"""Functions of torch that only call another one."""


def line_of(error: BaseException) -> SourceLine | None:
    """Return the innermost line of the user's code that the error came through, if any."""
    for each in reversed(chain(error)):
        for match in reversed(list(_IN_TEXT.finditer(str(each)))):  # dynamo writes its frames into the message
            if is_users(match["file"]):
                return _line(match["file"], int(match["line"]))
        for frame, number in reversed(list(traceback.walk_tb(each.__traceback__))):
            file = frame.f_code.co_filename
            if file.startswith(_GENERATED) and (found := _behind_generated(frame, number)):
                return found
            if is_users(file):
                return _line(file, number or frame.f_code.co_firstlineno)  # a traceback may have lost the line
    return None


def torch_function(error: BaseException) -> str | None:
    """Return the function of torch that raised an exception, with its module; None where it was raised elsewhere."""
    frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__)]
    while frames and _is_torch(frames[-1]) and _WRAPPERS.fullmatch(frames[-1].f_code.co_name):
        frames.pop()
    if not frames or not _is_torch(frames[-1]):
        return None
    return f"{frames[-1].f_globals.get('__name__', 'torch')}.{frames[-1].f_code.co_name}"


def raises_itself(error: BaseException) -> bool:
    """Tell whether an exception was raised by the user's own code, not by a function that it called."""
    frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__)]
    return bool(frames) and is_users(frames[-1].f_code.co_filename)


def _is_torch(frame: FrameType) -> bool:
    return frame.f_code.co_filename.startswith(_TORCH)


def generated_node(frame: FrameType, number: int | None) -> Node | None:
    """Return the node for which a line of a GraphModule's generated forward was written; None of other code."""
    if not frame.f_code.co_filename.startswith(_GENERATED) or number is None:
        return None
    module = frame.f_locals.get("self")
    assigned = _ASSIGNED.match(linecache.getline(frame.f_code.co_filename, number))
    graph = getattr(module, "graph", None) if isinstance(module, GraphModule) else None
    if graph is None or assigned is None:
        return None
    return next((each for each in graph.nodes if each.name == assigned[1]), None)


def _behind_generated(frame: FrameType, number: int) -> SourceLine | None:
    """Return the model's line from which a line of a GraphModule's generated forward was traced."""
    node = generated_node(frame, number)
    return source_line(node.meta.get("stack_trace")) if node is not None else None


def is_users(file: str) -> bool:
    """Tell whether a file is the user's: neither torch's, nor Python's, nor part of qviz."""
    if Path(file).suffix in _COMPILED:  # export writes its frames of C++ into the message
        return False
    if file.startswith(_STANDARD) and not file.startswith(_PACKAGES):
        return False
    return not file.startswith(_OURS) and "importlib" not in file


def _line(file: str, number: int) -> SourceLine:
    return SourceLine(file, number, linecache.getline(file, number).strip())
