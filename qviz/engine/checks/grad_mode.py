"""Sees which lines of a model turn the gradient off in forward(), without capturing it."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable
from typing import Any

import torch
from torch.overrides import TorchFunctionMode

from qviz.document.graph import SourceLine
from qviz.engine.nodes.source_lines import source_line


class _GradModeWatch(TorchFunctionMode):
    """Notes where the gradient is turned off; what is run behaves as ever."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[SourceLine | None] = []

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if func is torch._C._set_grad_enabled and args and not args[0] and torch.is_grad_enabled():  # noqa: SLF001
            self.lines.append(source_line("".join(traceback.format_stack(sys._getframe(1)))))  # noqa: SLF001
        return func(*args, **(kwargs or {}))


def lines_that_turn_it_off(call: Callable[[], object]) -> tuple[SourceLine | None, ...]:
    """Return the line of the model for each time that a call of it turns the gradient off; nothing where it fails."""
    watch = _GradModeWatch()
    try:
        with torch.enable_grad(), watch:
            call()
    except (Exception, SystemExit):  # the user's forward may raise anything; the capture tells
        return ()
    return tuple(watch.lines)
