"""Imports what the PT2E flows need while an engine has nothing else to do, in steps between which it looks up."""

from __future__ import annotations

import contextlib
import gc
import importlib
import warnings
from collections import deque

_STEPS = (
    "sympy",
    "torch.fx.experimental.symbolic_shapes",
    "triton.compiler.compiler",
    "networkx",
    "torch.onnx.ops",
    "torch._dynamo",
    "torch._inductor.decomposition",
    "torch._functorch.aot_autograd",
    "qviz.engine.flows.pt2e",
)
"""Each brings a part of what the last one imports; a request that comes meanwhile waits for one of them at most."""


def steps() -> deque[str]:
    """Return the modules that are to be imported, one after the other."""
    return deque(_STEPS)


def import_next(left: deque[str]) -> None:
    """Import one module; what cannot be imported is told by the run that needs it."""
    with warnings.catch_warnings(), contextlib.suppress(Exception):  # triton is not on every system; torch is foreign
        warnings.simplefilter("ignore")
        importlib.import_module(left.popleft())
    if not left:
        gc.freeze()  # as after the engine's own imports
