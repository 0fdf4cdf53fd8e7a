"""Follows nodes from stage to stage by keys planted in their meta, without qviz's linking.

A key tells of a node that torch keeps or copies with its meta. A node of another target than its
key's owner may be a helper that inherited the meta: it is not judged. Nor is one without a key.
"""

from __future__ import annotations

from typing import NamedTuple

from torch.fx import GraphModule
from torch.nn import Module

from qviz.document.snapshot import Snapshot

KEY = "tests.links.truth"


class Score(NamedTuple):
    """How many nodes of the later stages the keys tell of, and how many of their links agree."""

    judged: int
    right: int
    nodes: int


class Planted:
    """Given as `keep` to a run: reads the keys of the stage before, then plants its own."""

    def __init__(self) -> None:
        self.pairs: list[dict[str, str]] = []

    def __call__(self, module: Module) -> None:
        assert isinstance(module, GraphModule)
        pairs = {}
        for node in module.graph.nodes:
            name, target = node.meta.get(KEY, ("", None))
            if name and target == (node.op, str(node.target)):
                pairs[node.name] = name
        self.pairs.append(pairs)
        for node in module.graph.nodes:
            node.meta[KEY] = (node.name, (node.op, str(node.target)))

    def score(self, snapshot: Snapshot) -> Score:
        judged = right = nodes = 0
        for stage, pairs in zip(snapshot.stages[1:], self.pairs[1:], strict=True):
            links = [link for link in snapshot.links if link.to_stage == stage.name]
            nodes += len(stage.graph.nodes)
            for new, old in pairs.items():
                judged += 1
                right += any(new in link.to_ids and old in link.from_ids for link in links)
        return Score(judged, right, nodes)
