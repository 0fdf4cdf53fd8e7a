"""Finds the argument ``*args`` of a forward() of which torch.fx makes one value, at which tracing then stops."""

from __future__ import annotations

import traceback

from torch.fx import Proxy

from qviz.engine.failures.causes import KnownCause
from qviz.engine.failures.chain import chain

_OF_PROXIES = ("stop.trace_len", "stop.trace_iteration", "stop.trace_branch")


def variadic(error: BaseException, known: KnownCause | None) -> KnownCause | None:
    """Return the cause of a stop that came from counting or unpacking all arguments, else what was known."""
    if known is None or known.code not in _OF_PROXIES:
        return known
    for each in chain(error):
        for frame, _ in traceback.walk_tb(each.__traceback__):
            for name in ("self", "obj"):
                value = frame.f_locals.get(name)
                if type(value) is Proxy and value.node.op == "placeholder" and str(value.node.target).startswith("*"):
                    return KnownCause("stop.trace_variadic", {"argument": str(value.node.target)})
    return known
