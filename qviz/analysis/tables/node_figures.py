"""What a table tells of the nodes of one stage, each figure worked out when it is asked for."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping
from functools import cached_property
from typing import NamedTuple

from qviz.analysis.inspecting.held_bytes import held_bytes
from qviz.analysis.inspecting.histogram_bars import covered
from qviz.analysis.inspecting.inspected_run import InspectedRun, NodePlace
from qviz.analysis.inspecting.node_noise import share_of
from qviz.analysis.inspecting.node_page import precision_of
from qviz.analysis.ledger.answer import finite
from qviz.analysis.regions import function_name
from qviz.analysis.tables.islands import float_islands
from qviz.document.graph import Kind, Node, NodeId, QParams
from qviz.document.measurements import QuantizerNoise
from qviz.document.snapshot import Stage
from qviz.words import names


class Span(NamedTuple):
    """From where to where numbers reach; the same twice for one number."""

    low: float
    high: float


class NodeFigures:
    """The figures of the nodes of a stage.

    Attributes:
        run: What has arrived of it.
        stage: The stage.
        nodes: Those of the stage, nested graphs in place, in graph order.
    """

    def __init__(self, run: InspectedRun, stage: Stage) -> None:
        self.run, self.stage = run, stage
        self.nodes: tuple[Node, ...] = stage.whole.nodes

    def kind(self, node: Node) -> str:
        """Return the function of an operator, of any other node its kind in words."""
        return function_name(node) if node.kind.computes else names.kind(node.kind.value)

    def dtype(self, node: Node) -> str:
        """Return the integers that an operator works on after all, of any other node what it gives."""
        return precision_of(self.run, NodePlace(self.stage.name, node.id), node)

    def params(self, node: Node) -> tuple[str, QParams] | None:
        """Return the tensor whose quantization is told, and that: the output's, else the weight's, else the input's."""
        quant = node.quant
        for tensor in ("output", "weight", "input") if quant is not None else ():
            found = getattr(quant, tensor)
            if isinstance(found, QParams):
                return tensor, found
        return None

    def scale(self, node: Node) -> Span | None:
        """Return the scale, of a scale for each channel the smallest and the largest."""
        told = self.params(node)
        return _span(told[1].scale) if told is not None else None

    def reach(self, node: Node) -> Span | None:
        """Return the range that an observer saw; of any other node, what its integers can tell apart."""
        fact = self.run.fact(NodePlace(self.stage.name, node.id))
        if fact is not None and fact.observer is not None:
            low, high = _span(fact.observer.min), _span(fact.observer.max)
            if low is not None and high is not None:
                return Span(low.low, high.high)
        told = self.params(node)
        ends = covered(told[1]) if told is not None else None
        return Span(*ends) if ends is not None else None

    def level(self, node: Node) -> float | None:
        """Return the worst signal-to-noise ratio of the node's quantizers on their own, in dB."""
        rows = self.quantizers.get(node.id, ())
        return min((each for row in rows if (each := finite(row.local_db)) is not None), default=None)

    def share(self, node: Node) -> float | None:
        """Return what the node's quantizers add to the noise of the outputs, as a share of all of it."""
        return share_of(self.quantizers.get(node.id, ()))

    def shares(self) -> list[float]:
        """Return all shares that are known."""
        return [each for rows in self.quantizers.values() if (each := share_of(rows)) is not None]

    def bytes(self, node: Node) -> int | None:
        """Return how much room its weights take; of a constant, its own."""
        return held_bytes(self.run, NodePlace(self.stage.name, node.id))

    def macs(self, node: Node) -> int | None:
        """Return the multiply-accumulates of the float operators that it comes from."""
        if not node.kind.computes:
            return None
        first = self.run.parts.first
        ids = self.run.become(self.stage.name, (node.id,), first)
        known = (self.run.fact(NodePlace(first, each)) for each in ids)
        return sum(fact.size.macs or 0 for fact in known if fact is not None and fact.size is not None) or None

    @cached_property
    def quantizers(self) -> Mapping[NodeId, tuple[QuantizerNoise, ...]]:
        """The quantizers of each node: of who gives an activation or uses a weight, and of observers and casts."""
        found: defaultdict[NodeId, list[QuantizerNoise]] = defaultdict(list)
        for row in self.run.ledger.quantizers if self.run.ledger is not None else ():
            if row.id not in self.run.owners:
                continue
            index = self.run.index(row.stage)
            observers = [each for each in row.nodes if each in index.nodes and index.nodes[each].kind.watches]
            for each in self.run.become(row.stage, (self.run.owners[row.id].node, *observers), self.stage.name):
                found[each].append(row)
        return {node_id: tuple(rows) for node_id, rows in found.items()}

    @cached_property
    def precision(self) -> Mapping[NodeId, tuple[str, ...]]:
        """Whether operators run in low precision: ``low``, ``float``, and ``island`` of those between low ones."""
        run, stage = self.run, self.stage.name
        judged = run.judged_stage
        if judged is None:
            return {}
        islands = frozenset(each for island in float_islands(run) for each in island)
        said: dict[NodeId, tuple[str, ...]] = {}
        for words, ids in ((("low",), run.low), (("float",), run.floats | islands), (("float", "island"), islands)):
            for each in run.operators(stage, run.become(judged, ids, stage)):
                said[each] = words
        return said

    @cached_property
    def owning(self) -> frozenset[NodeId]:
        """The nodes that quantizers count for: operators and inputs, without the observers and casts beside them."""
        kinds = {node.id: node.kind for node in self.nodes}
        if self.run.ledger is None:
            return frozenset(each.id for each in self.nodes if each.kind.computes and each.quant is not None)
        return frozenset(each for each in self.quantizers if kinds[each].computes or kinds[each] is Kind.INPUT)


def _span(values: object) -> Span | None:
    given = values if isinstance(values, tuple) else (values,)
    known = [each for each in given if isinstance(each, int | float) and math.isfinite(each)]
    return Span(min(known), max(known)) if known else None
