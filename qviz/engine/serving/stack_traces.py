"""Records the stack traces of a trace by torch.fx without importing dynamo and Inductor for it."""

from __future__ import annotations

import importlib
import inspect
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

import torch.fx.proxy
from torch.utils._traceback import CapturedTraceback

_SYMBOLIZER = "torch._inductor.codecache"
"""What torch imports to name the frames of code that Inductor generated."""

_NO_LINE = 2**64 - 1
"""How torch writes the line of code that has no line numbers: -1 without its sign."""

_NOT_OF_THE_USER = (
    "torch",
    "torch._compile",
    "torch._library.custom_ops",
    "torch._library.fake_impl",
    "torch._logging._internal",
    "torch._logging.structured",
    "torch._subclasses.fake_tensor",
    "torch._subclasses.meta_utils",
    "torch.fx.experimental.recording",
    "torch.fx.experimental.sym_node",
    "torch.fx.experimental.symbolic_shapes",
    "torch.fx.interpreter",
)
"""The modules whose files ``symbolic_shapes.uninteresting_files()`` names, without dynamo and Inductor."""


class _OwnTraceback:
    """The frames of this thread, as ``CapturedTraceback`` gives them where no frame is of generated code."""

    def __init__(self, frame: FrameType | None) -> None:
        self._frames: list[tuple[str, int, str]] = []
        while frame is not None:
            self._frames.append(
                (frame.f_code.co_filename, _NO_LINE if frame.f_lineno is None else frame.f_lineno, frame.f_code.co_name)
            )
            frame = frame.f_back

    @staticmethod
    def extract() -> Any:
        """Return the frames of the caller and of those that called it."""
        if _SYMBOLIZER in sys.modules:
            return CapturedTraceback.extract(skip=1)
        return _OwnTraceback(sys._getframe(1))  # noqa: SLF001 - inspect.currentframe() would be one call too deep

    def summary(self) -> traceback.StackSummary:
        """Return the frames, the outermost first."""
        found = traceback.StackSummary()
        found.extend(traceback.FrameSummary(*frame) for frame in reversed(self._frames))
        return found


@contextmanager
def light_stack_traces() -> Iterator[None]:
    """Let torch.fx record stack traces with Python's own traceback, as long as Inductor is not imported.

    WORKAROUND for torch 2.8: ``TracerBase.create_proxy`` calls ``CapturedTraceback.summary()``, which imports
    Inductor to ask whether a frame is of code that Inductor generated, and ``uninteresting_files()``, which
    imports dynamo to leave its files out. Both take longer than most FX flows, and where neither is imported no
    frame can be of either, so the text is the same. ``tests/engine/test_stack_traces.py`` compares it.
    """
    import torch.fx.experimental.symbolic_shapes as shapes  # brings sympy along; the tracer imports it for every node

    proxy: Any = torch.fx.proxy
    captured, files, others = proxy.CapturedTraceback, shapes.uninteresting_files, _files_besides_dynamo()
    proxy.CapturedTraceback = _OwnTraceback
    shapes.uninteresting_files = lambda: files() if "torch._dynamo" in sys.modules else others  # type: ignore[assignment]
    try:
        yield
    finally:
        proxy.CapturedTraceback = captured
        shapes.uninteresting_files = files


def _files_besides_dynamo() -> set[str]:
    """Return the files that ``uninteresting_files()`` names besides those of dynamo and Inductor."""
    return {inspect.getfile(importlib.import_module(name)) for name in _NOT_OF_THE_USER} | {"<string>"}
