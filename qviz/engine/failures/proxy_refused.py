"""Finds what refused a Proxy: while torch.fx traces, it stands for a tensor, which not all code takes for one."""

from __future__ import annotations

import itertools
import traceback
from collections.abc import Sequence
from pathlib import Path
from types import FrameType, FunctionType

from torch.fx import Proxy
from torch.nn import Module

from qviz.engine.failures.causes import KnownCause
from qviz.engine.failures.chain import root
from qviz.engine.failures.lines import raises_itself

_OF_PROXIES = ("stop.trace_proxy", "stop.trace_refused")


def refused_proxy(error: BaseException, known: KnownCause | None) -> KnownCause | None:
    """Return the cause of a stop at code that does not take a Proxy; else what was known.

    A function of another package that forward() calls by its name can be recorded as one call. Code of the user's own
    may have tested the type of an argument, or compared what a Proxy answers to any question.
    """
    first = root(error)
    frames = [frame for frame, _ in traceback.walk_tb(first.__traceback__)]
    if known is None and raises_itself(first) and (name := _proxy_in(frames[-1])):
        known = KnownCause("stop.trace_refused", {"argument": name})
    if known is None or known.code not in _OF_PROXIES or (called := _called_by_name(frames)) is None:
        return known
    caller, function = called
    return KnownCause("stop.trace_wrap", {"function": function, "where": Path(caller.f_code.co_filename).name})


def _called_by_name(frames: Sequence[FrameType]) -> tuple[FrameType, str] | None:
    """Return the innermost frame of a module that calls a function of another package with a Proxy, and its name."""
    for caller, called in reversed([*itertools.pairwise(frames)]):
        if not isinstance(caller.f_locals.get("self"), Module):
            continue
        name = called.f_code.co_name
        function = caller.f_globals.get(name)
        is_it = isinstance(function, FunctionType) and function.__code__ is called.f_code
        return (caller, name) if is_it and _package(caller) != _package(called) and _proxy_in(called) else None
    return None


def _package(frame: FrameType) -> str:
    return str(frame.f_globals.get("__name__", "")).partition(".")[0]


def _proxy_in(frame: FrameType) -> str:
    """Return the name of a variable that holds a Proxy; "" where none does."""
    return next((name for name, value in frame.f_locals.items() if isinstance(value, Proxy)), "")
