"""Checks that what a result names is there: in a document as a whole, and in what an engine says, report by report."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Set
from typing import Protocol

from qviz.document import limits
from qviz.document.causes import reference
from qviz.document.inlining import INSIDE
from qviz.document.limits import faults_of_stage, sizes, too_many
from qviz.document.measurements import Ledger, Measurements
from qviz.document.snapshot import Facts, Finding, Link, Run, Snapshot, Stage
from qviz.document.time_limit import go_on


def faults(snapshot: Snapshot) -> Iterator[str]:
    """Yield what is wrong with a document as a whole, the plainest first: sizes, double names, names of nothing.

    A bookmark may name a node that is not there: it outlives a new run of the same source.
    """
    known = KnownNodes()
    for stage in snapshot.stages:
        yield from known.add(stage)
    yield from known.faults_of_links(snapshot.links)
    for name, facts in snapshot.facts.items():
        yield from known.faults_of_facts(name, facts)
    yield from known.faults_of_findings(snapshot.findings, snapshot.run)
    if snapshot.measurements is not None:
        yield from known.faults_of_measurements(snapshot.measurements)


class _MeasuredPlace(Protocol):
    """What was measured at some nodes of a stage."""

    @property
    def stage(self) -> str: ...

    @property
    def nodes(self) -> tuple[str, ...]: ...


class KnownNodes:
    """The nodes of the stages so far, each under the name of its stage, in which all that names some is looked up."""

    def __init__(self) -> None:
        self._ids: dict[str, Set[str]] = {}
        self._parts: dict[str, Set[str]] = {}
        self._nodes = self._edges = 0

    def add(self, stage: Stage) -> Iterator[str]:
        """Know a stage; yield what is wrong with it, and with so many."""
        yield from too_many("stages", len(self._ids) + 1, limits.MAX_STAGES)
        if stage.name in self._ids:
            yield "two stages have the same name"
        nodes, edges = sizes(stage)
        self._nodes, self._edges = self._nodes + nodes, self._edges + edges
        yield from too_many("nodes", self._nodes, limits.MAX_NODES)
        yield from too_many("edges", self._edges, limits.MAX_EDGES)
        yield from (f"stage {stage.name}: {fault}" for fault in faults_of_stage(stage))
        go_on()
        # Its own nodes, and with them those of the graphs that it calls, read as they stand.
        graphs = {"": stage.graph, **{f"{key}{INSIDE}": graph for key, graph in (stage.subgraphs or {}).items()}}
        self._parts[stage.name] = {
            f"{inside}{part.path}"
            for inside, graph in graphs.items()
            for node in graph.nodes
            for part in node.parts or ()
        }
        own = {node.id for node in stage.graph.nodes}
        if stage.subgraphs:
            own |= {node.id for node in stage.whole.nodes}
            ends = (each for edge in stage.whole.edges for each in (edge.from_id, edge.to_id))
            if lost := next((each for each in ends if each not in own), None):
                yield f"a nested graph of stage {stage.name} is handed the node {lost}, which is not there"
        self._ids[stage.name] = own

    def faults_of_links(self, links: Collection[Link]) -> Iterator[str]:
        """Yield what links name that is not there."""
        yield from too_many("links", len(links), limits.MAX_LINKS)
        for place, link in enumerate(links):
            if place % _AT_ONCE == 0:
                go_on()
            yield from self._missing("a link", link.from_stage, link.from_ids)
            yield from self._missing("a link", link.to_stage, link.to_ids)

    def faults_of_facts(self, stage: str, facts: Mapping[str, Facts]) -> Iterator[str]:
        """Yield what the facts of a stage name that is not there; an observer inside a module goes by its path."""
        go_on()
        yield from self._missing("a fact", stage, (each for each in facts if each not in self._parts.get(stage, ())))

    def faults_of_findings(self, findings: Collection[Finding], run: Run) -> Iterator[str]:
        """Yield what findings name that is not there.

        One of the whole may be about a stage that was not reached, one of a run that stopped about its nodes, too.
        """
        yield from too_many("findings", len(findings), limits.MAX_FINDINGS)
        known = {reference(each) for each in findings}
        for finding in findings:
            if finding.nodes and (run.status == "done" or finding.stage in self._ids):
                yield from self._missing("a finding", finding.stage, finding.nodes)
            if finding.because_of is not None and finding.because_of not in known:
                yield f"a finding follows from one of {finding.because_of.rule}, which is not there"

    def faults_of_measurements(self, measured: Measurements) -> Iterator[str]:
        """Yield what measurements name that is not there."""
        places: list[_MeasuredPlace] = [*measured.operators, *measured.inputs, *measured.uneven]
        places += [] if measured.capture is None else [measured.capture]
        places += [] if measured.not_finite is None else [measured.not_finite]
        for each in places:
            yield from self._missing("a measurement", each.stage, each.nodes)
        if measured.repeat is not None:
            yield from self._anywhere("a measurement", measured.repeat.random)
        if measured.ledger is not None:
            yield from self._of_ledger(measured.ledger)

    def _of_ledger(self, ledger: Ledger) -> Iterator[str]:
        ids: set[str] = set()
        for row in ledger.quantizers:
            if row.id in ids:
                yield f"two quantizers are called {row.id}"
            ids.add(row.id)
            yield from self._missing(f"the quantizer {row.id}", row.stage, row.nodes)
            yield from self._missing(f"the quantizer {row.id}", row.stage, row.asked_by)
            if output := next((each for each in row.powers if each not in ledger.signals), None):
                yield f"the quantizer {row.id} names the output {output}, which is not there"

    def _missing(self, what: str, stage: str, ids: Iterable[str]) -> Iterator[str]:
        known = self._ids.get(stage)
        if known is None:
            yield f"{what} names the stage {stage}, which is not there"
        elif (missing := next((each for each in ids if each not in known), None)) is not None:
            yield f"{what} names the node {missing} of {stage}, which is not there"

    def _anywhere(self, what: str, ids: Iterable[str]) -> Iterator[str]:
        if missing := next((each for each in ids if not any(each in known for known in self._ids.values())), None):
            yield f"{what} names the node {missing}, which is not there"


_AT_ONCE = 10_000
"""Links between two looks at the clock."""
