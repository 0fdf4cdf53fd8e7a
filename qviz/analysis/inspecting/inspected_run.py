"""A run with the lookups that pages about its nodes need, each made once."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from functools import cached_property
from itertools import accumulate, chain
from typing import NamedTuple

from qviz.analysis.linking.beside import BETWEEN
from qviz.analysis.linking.index import LinkIndex
from qviz.analysis.views.hierarchies import Hierarchies
from qviz.document.graph import COMPUTING, Json, Kind, Node, NodeId
from qviz.document.measurements import Ledger, Measurements, QuantizerNoise
from qviz.document.query import Index
from qviz.document.snapshot import Facts, Finding, Integers, Stage, StageName


class NodePlace(NamedTuple):
    """A node of a stage."""

    stage: StageName
    node: NodeId


class RunParts(NamedTuple):
    """What has arrived of a run: all that pages are made of.

    Attributes:
        stages: Those reached.
        links: Between them.
        facts: By stage and node id.
        findings: Of the whole run.
        summary: The same.
        measurements: None before they are made.
    """

    stages: tuple[Stage, ...]
    links: LinkIndex
    facts: Mapping[StageName, Mapping[NodeId, Facts]]
    findings: tuple[Finding, ...] = ()
    summary: Mapping[str, Json] = {}
    measurements: Measurements | None = None

    @property
    def own_stages(self) -> tuple[Stage, ...]:
        """The stages of the run itself, without those of a result that stands beside it."""
        return tuple(stage for stage in self.stages if not _run_of(stage.name))

    @property
    def first(self) -> StageName:
        """The run's own first stage; "" where it reached none, though a result may stand beside it."""
        return self.own_stages[0].name if self.own_stages else ""

    @property
    def last(self) -> StageName:
        """The run's own last stage; "" where it reached none."""
        return self.own_stages[-1].name if self.own_stages else ""

    @property
    def own_findings(self) -> tuple[Finding, ...]:
        """The findings of the run itself."""
        return tuple(each for each in self.findings if not _run_of(each.stage))

    def across(self, stage: StageName, ids: Iterable[NodeId], other: StageName) -> tuple[NodeId, ...]:
        """Return what nodes of one stage are in another, also of a result that stands beside this one."""
        return tuple(ids) if other == stage else self.links.partners(stage, other, ids)


class InspectedRun:
    """Answers what belongs to a node: its neighbors in every stage, its quantizers, its precision."""

    def __init__(self, parts: RunParts) -> None:
        self.parts = parts
        self._stages = {stage.name: stage for stage in parts.stages}
        self._indexes: dict[StageName, Index] = {}
        self._leaves: dict[StageName, Counter[str]] = {}
        self.trees = Hierarchies()

    def prepare(self) -> InspectedRun:
        """Make the lookups now, in whatever thread this is; pages are quick then."""
        for name, stage in self._stages.items():
            self.index(name)
            if stage.whole.nodes:
                self.leaf(NodePlace(name, stage.whole.nodes[0].id))
        _ = self.watched, self.quantizers_at, self.owners, self.low, self.floats
        return self

    @property
    def size(self) -> int:
        """How many nodes all stages have."""
        return sum(len(stage.whole.nodes) for stage in self._stages.values())

    def stage(self, name: StageName) -> Stage | None:
        """Return a stage by its name."""
        return self._stages.get(name)

    def index(self, name: StageName) -> Index:
        """Return the lookups of a stage."""
        if name not in self._indexes:
            self._indexes[name] = Index(self._stages[name].whole)
        return self._indexes[name]

    def node(self, place: NodePlace) -> Node | None:
        """Return a node; None where the run has no such node."""
        return self.index(place.stage).nodes.get(place.node) if place.stage in self._stages else None

    def fact(self, place: NodePlace) -> Facts | None:
        """Return what was measured at a node."""
        return self.parts.facts.get(place.stage, {}).get(place.node)

    def leaf(self, place: NodePlace) -> str | None:
        """Return the path of the module whose only operator a node is."""
        if place.stage not in self._leaves:
            nodes = self._stages[place.stage].whole.nodes
            self._leaves[place.stage] = Counter(chain.from_iterable(map(_around, filter(_computes, nodes))))
        node = self.index(place.stage).nodes[place.node]
        return node.place if node.place and self._leaves[place.stage][node.place] == 1 else None

    def through(self, stage: StageName, ids: Iterable[NodeId]) -> dict[StageName, tuple[NodeId, ...]]:
        """Return what nodes of one stage are in every stage, in the order of the stages."""
        known = tuple(ids)
        return {other: self.become(stage, known, other) for other in self._stages if _run_of(other) == _run_of(stage)}

    def become(self, stage: StageName, ids: Iterable[NodeId], other: StageName) -> tuple[NodeId, ...]:
        """Return what nodes of one stage are in another of the same run: what is known there belongs to them."""
        return self.parts.across(stage, ids, other) if _run_of(stage) == _run_of(other) else ()

    def integers(self, place: NodePlace) -> Integers | None:
        """Return the weight of a node: its own, or the constant's that it reads through a dequantize."""
        fact = self.fact(place)
        if fact is not None and fact.integers is not None:
            return fact.integers
        index = self.index(place.stage)
        for feeder in index.producers.get(place.node, ()):
            if index.nodes[feeder].kind is not Kind.DEQUANTIZE:
                continue
            for behind in index.producers[feeder]:
                known = self.fact(NodePlace(place.stage, behind))
                if index.nodes[behind].kind is Kind.CONSTANT and known is not None and known.integers is not None:
                    return known.integers
        return None

    @property
    def ledger(self) -> Ledger | None:
        """What every quantizer costs."""
        return self.parts.measurements.ledger if self.parts.measurements else None

    @cached_property
    def watched(self) -> StageName | None:
        """The stage whose observers tell the ranges: that of the ledger, else the last one that has any."""
        for row in self.ledger.quantizers if self.ledger else ():
            if row.stage in self._stages:
                return row.stage
        watching = [stage.name for stage in self.parts.own_stages if any(n.kind.watches for n in stage.whole.nodes)]
        return watching[-1] if watching else None

    @cached_property
    def quantizers_at(self) -> Mapping[NodePlace, tuple[QuantizerNoise, ...]]:
        """The rows of the ledger by the nodes that they stand at."""
        found: defaultdict[NodePlace, list[QuantizerNoise]] = defaultdict(list)
        for row in self.ledger.quantizers if self.ledger else ():
            for node in row.nodes:
                found[NodePlace(row.stage, node)].append(row)
        return {place: tuple(rows) for place, rows in found.items()}

    @cached_property
    def owners(self) -> Mapping[str, NodePlace]:
        """The one node that each quantizer counts for: who gives an activation, who uses a weight."""
        found: dict[str, NodePlace] = {}
        for row in self.ledger.quantizers if self.ledger else ():
            if row.stage in self._stages and row.nodes and row.nodes[0] in self.index(row.stage).nodes:
                found[row.id] = NodePlace(row.stage, self._owner(row))
        return found

    def _owner(self, row: QuantizerNoise) -> NodeId:
        index = self.index(row.stage)
        if row.kind != "activation":
            asking = next((each for each in row.asked_by if each in index.nodes), None)
            return asking or row.nodes[0]
        return self.source(row.stage, row.nodes[0])

    def source(self, stage: StageName, node_id: NodeId) -> NodeId:
        """Return the node whose value an observer or a cast hands on; of any other node itself."""
        index = self.index(stage)
        while (index.nodes[node_id].kind.watches or index.nodes[node_id].kind.casts) and index.producers[node_id]:
            node_id = index.producers[node_id][0]
        return node_id

    @cached_property
    def low(self) -> frozenset[NodeId]:
        """The operators of the last stage that run in low precision."""
        return self._judged("low")

    @cached_property
    def floats(self) -> frozenset[NodeId]:
        """The operators of the last stage that could run in low precision and stay in float."""
        return self._judged("float")

    @property
    def judged_stage(self) -> StageName | None:
        """The stage that `low` and `floats` speak of."""
        summary = self.parts.summary.get("precision")
        name = summary.get("stage") if isinstance(summary, dict) else None
        return name if isinstance(name, str) and name in self._stages else None

    def _judged(self, which: str) -> frozenset[NodeId]:
        summary = self.parts.summary.get("precision")
        ids = summary.get(which) if isinstance(summary, dict) else None
        return frozenset(each for each in ids if isinstance(each, str)) if isinstance(ids, list) else frozenset()

    def is_low(self, stage: StageName, ids: Iterable[NodeId]) -> bool | None:
        """Return whether operators run in low precision after all; None where that is not judged."""
        if self.judged_stage is None:
            return None
        became = self.become(stage, ids, self.judged_stage)
        judged = [each for each in became if each in self.low or each in self.floats]
        return all(each in self.low for each in judged) if judged else None

    def operators(self, stage: StageName, ids: Iterable[NodeId]) -> tuple[NodeId, ...]:
        """Return those of some nodes that compute."""
        nodes = self.index(stage).nodes
        return tuple(each for each in ids if each in nodes and nodes[each].kind in COMPUTING)

    def inside(self, stage: StageName, path: str) -> tuple[Node, ...]:
        """Return the nodes of a module and of all modules in it; of the whole model for ""."""
        nodes = self._stages[stage].whole.nodes
        return tuple(node for node in nodes if not path or node.place == path or node.place.startswith(f"{path}."))

    def members(self, place: NodePlace) -> tuple[NodeId, ...]:
        """Return all nodes that call the same observer object, the node itself among them; none where it is alone."""
        node = self.node(place)
        if node is None or node.object_id is None or not node.kind.watches:
            return ()
        nodes = self._stages[place.stage].whole.nodes
        found = tuple(each.id for each in nodes if each.kind.watches and each.object_id == node.object_id)
        return found if len(found) > 1 else ()


def _computes(node: Node) -> bool:
    return node.kind.computes and not node.target.endswith("getitem")  # which picks one of several outputs


def _around(node: Node) -> Iterable[str]:
    """Return the module path of a node and those around it."""
    return accumulate(node.place.split("."), lambda outer, name: f"{outer}.{name}") if node.place else ()


def family(kind: Kind) -> frozenset[Kind]:
    """Return the kinds that one steps through together: operators, observers, casts, or the kind alone."""
    if kind.computes:
        return COMPUTING
    return (
        frozenset(each for each in Kind if each.watches)
        if kind.watches
        else (frozenset(each for each in Kind if each.casts) if kind.casts else frozenset({kind}))
    )


def _run_of(stage: StageName) -> str:
    """Return which result a stage belongs to: "" for the run itself."""
    return stage.partition(BETWEEN)[2]
