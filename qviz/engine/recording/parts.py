"""Lists the parts of a module that replaces several, and numbers the objects that nodes share."""

from __future__ import annotations

from collections import Counter

from torch import nn
from torch.fx import GraphModule

from qviz.document.graph import Part
from qviz.engine.nodes.kinds import module_kind
from qviz.engine.nodes.module_roles import LOW, OBSERVING, Role, is_qat, role_of
from qviz.engine.nodes.observers import observers_inside
from qviz.engine.nodes.qparams import of_module


class Objects:
    """Small numbers for observers, and for modules that several nodes call, in graph order.

    Attributes:
        drawn: The paths of the modules that nodes of the outer graph call.
    """

    def __init__(self, module: GraphModule) -> None:
        called = [
            each.get_submodule(str(node.target))
            for each in module.modules()
            if isinstance(each, GraphModule)
            for node in each.graph.nodes
            if node.op == "call_module"
        ]
        calls = Counter(id(child) for child in called)
        self.drawn = frozenset(str(node.target) for node in module.graph.nodes if node.op == "call_module")
        self._numbers: dict[int, int] = {}
        for child in called:
            if role_of(child) in OBSERVING or calls[id(child)] > 1:
                self._add(child)
            if role_of(child) not in (*OBSERVING, Role.GRAPH):
                for inner in observers_inside(child).values():
                    self._add(inner)

    def _add(self, child: nn.Module) -> None:
        self._numbers.setdefault(id(child), len(self._numbers) + 1)

    def number(self, child: nn.Module) -> int | None:
        """Return the number of an object, or None for one that nothing shares."""
        return self._numbers.get(id(child))


def insides(child: nn.Module) -> dict[str, nn.Module]:
    """Return by path the modules inside a fused or QAT module; of any other observers and what is in low precision."""
    role = role_of(child)
    if role is Role.GRAPH or role in OBSERVING:
        return {}
    stands_for_several = role is Role.SEVERAL or (role is Role.REFERENCE and isinstance(child, nn.Sequential))
    direct = dict(child.named_children()) if stands_for_several or is_qat(child) else {}
    return direct | observers_inside(child) | ({} if role in LOW else _low_inside(child))


def _low_inside(child: nn.Module) -> dict[str, nn.Module]:
    """Return the modules in low precision inside a module that is drawn whole, the outermost ones."""
    low = {path: each for path, each in child.named_modules() if path and role_of(each) in LOW}
    return {path: each for path, each in low.items() if path.rpartition(".")[0] not in low}


def parts(child: nn.Module, path: str, objects: Objects) -> tuple[Part, ...] | None:
    """Return what lives inside the module at `path`, or None where there is nothing to tell."""
    found = tuple(
        Part(f"{path}.{name}", type(inner).__name__, module_kind(inner), of_module(inner), objects.number(inner))
        for name, inner in insides(child).items()
        if f"{path}.{name}" not in objects.drawn  # the observer behind an eager module has its own node
    )
    return found or None
