"""Which values of a simulated and a converted model are the same, by the links between their recorded stages."""

from __future__ import annotations

import re

from torch.fx import GraphModule, Node

from qviz.analysis.linking.index import LinkIndex
from qviz.analysis.regions import FOLLOWER, function_name
from qviz.document import graph as document
from qviz.document.graph import CASTING, COMPUTING, Kind
from qviz.document.query import Index
from qviz.document.snapshot import Stage
from qviz.engine.measure.simulated.board import Switch

_HAS_WEIGHT = re.compile(r"conv|linear")


class Pairs:
    """Which node of the converted graph stands for a value of the simulated one.

    Attributes:
        of: Candidates by the name of the simulated node, the likeliest first.
    """

    def __init__(
        self, simulated: GraphModule, converted: GraphModule, before: Stage, after: Stage, links: LinkIndex
    ) -> None:
        self.after = after
        self.index = Index(after.graph)
        names = {node.name: node for node in converted.graph.nodes}
        own, nodes = {node.name for node in simulated.graph.nodes}, Index(before.graph).nodes
        switches = {node.name for node in simulated.graph.nodes if is_switch(simulated, node)}
        self.of: dict[str, tuple[str, ...]] = {}
        for node in simulated.graph.nodes:
            if node.op in ("placeholder", "get_attr", "output"):
                continue
            linked = links.partners(before.name, after.name, [node.name])
            if node.name not in switches and not _follows(nodes.get(node.name)):
                # a link may say that an operator took in all that hangs from it; a kernel takes in a relu
                linked = tuple(each for each in linked if each == node.name or each not in own)
            same = names.get(node.name)
            if same is not None and str(same.target) == str(node.target):
                linked = (node.name, *linked)
            found = [each for each in dict.fromkeys(linked) if each in names and each in self.index.nodes]
            self.of[node.name] = tuple(sorted(found, key=self._rank))
        for node in simulated.graph.nodes:
            if "batch_norm" in str(node.target) and not self.of.get(node.name):
                self._take_from_layer(node)
        self._last = {each: name for name, partners in self.of.items() for each in partners if name not in switches}
        self.known = {each for partners in self.of.values() for each in partners}

    def _take_from_layer(self, norm: Node) -> None:
        """Let a norm that conversion folded stand for the layer before it: a layer in training has its bias apart."""
        at = norm.args[0]
        while isinstance(at, Node) and len(at.users) == 1 and at.args:
            if found := self.of.get(at.name):
                if any(_HAS_WEIGHT.search(self.index.nodes[each].target) for each in found):
                    self.of[norm.name], self.of[at.name] = found, ()
                return
            at = at.args[0]

    def ends(self, name: str) -> tuple[str, ...]:
        """Return the candidates that give what a node gives, not what others after it made of that."""
        return tuple(each for each in self.of.get(name, ()) if self._last.get(each) == name)

    def _rank(self, name: str) -> int:
        """Put the float side of a cast first: its integers alone have no scale."""
        kind = self.index.nodes[name].kind
        return 0 if kind is Kind.DEQUANTIZE else 2 if kind is Kind.QUANTIZE else 1

    def sources(self, name: str) -> set[str]:
        """Return all that a node of the converted graph is computed from."""
        found, todo = set[str](), [name]
        while todo:
            new = [each for each in self.index.producers[todo.pop()] if each not in found]
            found.update(new)
            todo += new
        return found

    def region(self, end: str, compared: set[str]) -> tuple[str, ...]:
        """Return the operators of the converted graph between the last places that were compared and this one."""
        nodes, producers = self.index.nodes, self.index.producers
        seen, todo = {end}, [end]
        while todo:
            at = todo.pop()
            for each in producers[at]:
                if each not in seen and (each not in compared or nodes[each].kind in CASTING):
                    seen.add(each)
                    if each not in compared:
                        todo.append(each)
        operators = [node.id for node in self.after.graph.nodes if node.id in seen and node.kind in COMPUTING]
        return tuple(each for each in operators if each == end or each not in compared) or (end,)


def is_switch(module: GraphModule, node: Node) -> bool:
    """Return whether a node stands where an observer stood."""
    return node.op == "call_module" and isinstance(module.get_submodule(str(node.target)), Switch)


def _follows(node: document.Node | None) -> bool:
    """Return whether a node is what backends take into the operator before it."""
    return node is not None and FOLLOWER.fullmatch(function_name(node)) is not None
