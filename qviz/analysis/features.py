"""Tells which outputs of a model are features: values that its own operators read on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from qviz.document.graph import Json, Kind
from qviz.document.query import Index
from qviz.document.snapshot import Stage


def read_on(stage: Stage, names: Sequence[str]) -> frozenset[str]:
    """Return the outputs that other operators read, too: the largest entry of a feature is no class.

    Args:
        stage: The model as it was captured.
        names: Of its outputs, in their order; where the graph has another number of them, nothing is known.
    """
    index = Index(stage.whole)
    given = next((node for node in index.nodes.values() if node.kind is Kind.OUTPUT), None)
    if given is None:
        return frozenset()
    leaves, end = list(_leaves(given.args)), given.id
    if len(leaves) == 1 and len(names) > 1:  # a NamedTuple is made by a call
        end = leaves[0]
        leaves = list(_leaves([index.nodes[end].args, index.nodes[end].kwargs]))
    if len(leaves) != len(names):
        return frozenset()
    read = {edge.from_id for edge in stage.whole.edges if edge.to_id != end}
    return frozenset(name for name, leaf in zip(names, leaves, strict=True) if leaf in read)


def _leaves(argument: Json) -> Iterator[str]:
    """Yield the nodes that an argument refers to, in its order."""
    if isinstance(argument, dict) and argument.keys() == {"node"}:
        yield str(argument["node"])
    elif isinstance(argument, dict | list):
        for each in argument.values() if isinstance(argument, dict) else argument:
            yield from _leaves(each)
