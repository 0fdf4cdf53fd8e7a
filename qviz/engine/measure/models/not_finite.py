"""Finds where nan or inf is born in a float model: the first operator that gives it and was not given it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.fx import GraphModule, Interpreter, Node
from torch.utils import _pytree as pytree

from qviz.document.measurements import BornNotFinite
from qviz.engine.loading.forward import Arguments
from qviz.engine.measure.models.measured import Measured

_Wrong = Callable[[Tensor], Tensor]


def born_not_finite(measured: Measured) -> BornNotFinite | None:
    """Return where values cease to be numbers; None where the float outputs are finite, or it does not show."""
    values = [value for batch in measured.outputs.floating for value in batch.values()]
    found = next(
        (each for each in (torch.isnan, torch.isinf) if any(bool(each(value).any()) for value in values)), None
    )
    if found is None:
        return None
    name = _first(measured.simulation.module, measured.evaluation.batches, found)
    if name is None:
        return None
    nodes = tuple(node.id for node in measured.stage.graph.nodes if name in (node.id, node.target))
    return BornNotFinite(measured.stage.name, nodes, name, "nan" if found is torch.isnan else "inf")


def _first(module: nn.Module, batches: Sequence[Arguments], wrong: _Wrong) -> str | None:
    search = _in_graph if isinstance(module, GraphModule) else _in_modules
    for batch in batches:
        with torch.no_grad():
            name = search(module, batch.cloned(), wrong)
        if name is not None:
            return name
    return None


def _has(values: Any, wrong: _Wrong) -> bool:
    tensors = (each for each in pytree.tree_leaves(values) if isinstance(each, Tensor) and each.is_floating_point())
    return any(bool(wrong(each).any()) for each in tensors)


class _Watching(Interpreter):
    """Remembers the first node that gives wrong values and was given none."""

    def __init__(self, module: GraphModule, wrong: _Wrong) -> None:
        super().__init__(module)
        self.wrong, self.found = wrong, ""
        self._bad: set[Node] = set()

    def run_node(self, n: Node) -> Any:
        """Run the node and look at its result."""
        result = super().run_node(n)
        if _has(result, self.wrong):
            if not self.found and not self._bad.intersection(n.all_input_nodes):
                self.found = n.name
            self._bad.add(n)
        return result


def _in_graph(module: nn.Module, batch: Arguments, wrong: _Wrong) -> str | None:
    assert isinstance(module, GraphModule)
    watching = _Watching(module, wrong)
    watching.run(*batch.of_graph(module), enable_io_processing=False)
    return watching.found or None


def _in_modules(module: nn.Module, batch: Arguments, wrong: _Wrong) -> str | None:
    """Look at the modules alone; what is born in a function between them does not show."""
    found: list[str] = []

    def look(path: str) -> Callable[..., None]:
        def hook(_: nn.Module, args: Any, result: Any) -> None:
            if not found and _has(result, wrong) and not _has(args, wrong):
                found.append(path)

        return hook

    leaves = [(path, each) for path, each in module.named_modules() if path and not list(each.children())]
    handles = [each.register_forward_hook(look(path)) for path, each in leaves]
    try:
        batch.call(module)
    finally:
        for each in handles:
            each.remove()
    return found[0] if found else None
