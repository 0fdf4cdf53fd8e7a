"""Finds the Proxy that the user's own code refused: while torch.fx traces, it stands for a tensor."""

from __future__ import annotations

import traceback

from torch.fx import Proxy

from qviz.engine.failures.causes import KnownCause
from qviz.engine.failures.chain import root
from qviz.engine.failures.lines import raises_itself


def refused_proxy(error: BaseException, known: KnownCause | None) -> KnownCause | None:
    """Return the cause of a stop that code raises itself, not torch, about what it is given; else what was known.

    It may have tested the type of an argument, or compared what a Proxy answers to any question.
    """
    first = root(error)
    if known is not None or not raises_itself(first):
        return known
    frames = [frame for frame, _ in traceback.walk_tb(first.__traceback__)]
    values = frames[-1].f_locals
    name = next((name for name, value in values.items() if isinstance(value, Proxy)), None)
    return known if name is None else KnownCause("stop.trace_refused", {"argument": name})
