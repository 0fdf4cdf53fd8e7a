"""Finds the module that each node of a graph belongs to, and the modules that hold nodes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import NamedTuple

from torch import nn
from torch.fx import GraphModule, Node

from qviz.document import graph as document
from qviz.document.graph import COMPUTING, Graph, Group, Kind
from qviz.engine.nodes.module_paths import ModulePlace, module_stack, own_place
from qviz.engine.nodes.source_lines import source_line
from qviz.engine.nodes.targets import bare_name

_NOWHERE = ModulePlace("", "")


class _FileLine(NamedTuple):
    file: str
    line: int


class ModuleOwners:
    """The modules of one graph's nodes.

    torch.export writes the module stack on every node of the model. FX does so only inside
    submodules, so that no stack means the model itself; and FX's lowering drops the stack of
    functions like add: these are found by their source line among the nodes of the stage before.
    """

    def __init__(self, module: GraphModule, kinds: dict[str, Kind], earlier: Graph | None) -> None:
        self.module, self.kinds = module, kinds
        self.before = {node.id: node for node in earlier.nodes} if earlier else {}
        self.types = {group.path: group.type for group in earlier.groups} if earlier else {}
        stacks = [module_stack(node) for node in module.graph.nodes]
        self.is_exported = any(stack and stack[0].path == "" for stack in stacks)
        for stack in stacks:
            self.types |= dict(stack)
        self.by_origin = self._erased_by_origin()

    def of(self, node: Node) -> ModulePlace:
        """Return a node's own module; both parts empty where torch gives none."""
        own = own_place(self.module, node)
        if own is not None:
            return own if own.type else own._replace(type=self.types.get(own.path, ""))
        if self.kinds[node.name] not in COMPUTING:
            return _NOWHERE
        survivor = self.before.get(node.name)
        if survivor is not None and survivor.kind in COMPUTING:
            return ModulePlace(survivor.module_path, survivor.module_type)
        if origin := self._take_origin(node):
            return ModulePlace(origin.module_path, origin.module_type)
        if self.before or self.is_exported or self.kinds[node.name] is Kind.QUANTIZED_OP:
            return _NOWHERE
        return ModulePlace("", type(self.module).__name__)

    def _erased_by_origin(self) -> dict[tuple[_FileLine, str], list[document.Node]]:
        here = {node.name for node in self.module.graph.nodes}
        found: defaultdict[tuple[_FileLine, str], list[document.Node]] = defaultdict(list)
        for node in self.before.values():
            if node.id not in here and node.op == "call_function" and node.source and node.kind in COMPUTING:
                found[_FileLine(node.source.file, node.source.line), _word(node.target)].append(node)
        return found

    def _take_origin(self, node: Node) -> document.Node | None:
        """Return the next erased function of the node's line: the k-th new one stands for the k-th."""
        line = source_line(node.meta.get("stack_trace"))
        if line is None:
            return None
        candidates = self.by_origin.get((_FileLine(line.file, line.line), _word(bare_name(node.target))), [])
        return candidates.pop(0) if candidates else None

    def groups(self, nodes: Iterable[document.Node]) -> tuple[Group, ...]:
        """Return every module that holds nodes, and those around it, the outer ones first."""
        for node in nodes:
            if node.op == "call_module" and node.kind in COMPUTING:
                self.types[node.module_path] = node.module_type
        paths: dict[str, None] = {}
        for node in nodes:
            parts = node.place.split(".") if node.place else []
            paths.update(dict.fromkeys(".".join(parts[: end + 1]) for end in range(len(parts))))
        return tuple(Group(path, self.types.get(path) or self._container_type(path)) for path in paths)

    def _container_type(self, path: str) -> str:
        """Return the class of a module that nothing calls, such as a ModuleList; "" where torch replaced it."""
        try:
            child = self.module.get_submodule(path)
        except AttributeError:
            return ""
        return "" if type(child) is nn.Module else type(child).__name__


def _word(target: str) -> str:
    """Return the function that comes first in a name: ``quantized.add_relu`` and ``_operator.iadd`` are add."""
    name = target.rsplit(".", 1)[-1].strip("_")
    name = name[1:] if name in ("iadd", "imul", "isub") else name
    return name.split("_")[0]
