"""Tells the graphs of torch.export from those of torch.fx."""

from __future__ import annotations

from torch.fx import GraphModule
from torch.nn import Module


def is_program(module: Module) -> bool:
    """Tell whether a module is an exported program's, which is a graph already and has no mode to switch."""
    return isinstance(module, GraphModule) and "_in_spec" in module.__dict__  # torch.export's mark; torch.fx has none
