"""Where a model stops that does not run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch.fx import GraphModule, Interpreter, Node
from torch.nn import Module

from qviz.engine.loading.forward import Arguments


class _StoppingRun(Interpreter):
    """Runs a graph and remembers the node at work."""

    at = ""

    def run_node(self, n: Node) -> Any:
        self.at = n.name
        return super().run_node(n)


def stops_at(model: Module, batches: Sequence[Arguments]) -> str | None:
    """Return the node of a graph at which one of the batches stops; None where none does, or there is no graph."""
    if not isinstance(model, GraphModule):
        return None
    for batch in batches:
        steps = _StoppingRun(model)
        try:
            with torch.no_grad():
                steps.run(*batch.cloned().of_graph(model), enable_io_processing=False)
        except Exception:  # this is what it is asked for
            return steps.at or None
    return None
