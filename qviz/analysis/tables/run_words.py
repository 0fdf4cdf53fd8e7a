"""The words of a search that a run gives to its nodes: precision, noise, bytes, and what a node has."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from qviz.analysis.tables.node_figures import NodeFigures
from qviz.document.graph import Node, NodeId

_PERCENT = 100
_HAS = ("bytes", "macs", "noise", "quantizer")


class RunWords:
    """What stands behind ``precision:``, ``has:``, ``share:``, ``sqnr:`` and ``bytes:`` in a search.

    Attributes:
        keys: The words before the colon.
    """

    keys = ("precision", "has", "share", "sqnr", "bytes")

    def __init__(self, figures: NodeFigures) -> None:
        self._figures = figures

    def texts(self, key: str) -> Mapping[NodeId, tuple[str, ...]]:
        """Return the texts of nodes for a word; none for one whose values are numbers."""
        if key == "precision":
            return self._figures.precision
        return {node.id: found for node in self._figures.nodes if (found := self._has(node))} if key == "has" else {}

    def numbers(self, key: str) -> Mapping[NodeId, float]:
        """Return the numbers of nodes for a word: a share in percent, SQNR in dB; none for one that has texts."""
        figures = self._figures
        told: dict[str, Callable[[Node], float | None]] = {
            "share": lambda node: None if (share := figures.share(node)) is None else _PERCENT * share,
            "sqnr": figures.level,
            "bytes": figures.bytes,
        }
        if key not in told:
            return {}
        return {node.id: value for node in figures.nodes if (value := told[key](node)) is not None}

    def _has(self, node: Node) -> tuple[str, ...]:
        return tuple(self._held(node))

    def _held(self, node: Node) -> Iterator[str]:
        figures = self._figures
        facts = (figures.bytes(node), figures.macs(node), figures.share(node), node.id in figures.owning or None)
        yield from (word for word, fact in zip(_HAS, facts, strict=True) if fact is not None)
