"""How large a document or a message may be, and that what it names is there: one place, asked at both ends of the wire.

The largest graphs that torch 2.8 gives in practice have some 50,000 nodes; the limits are far above, and low enough
that a small file can neither fill the memory nor hold up the thread that reads it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from qviz.document.graph import Graph, lint
from qviz.document.snapshot import Facts, Link, Snapshot, Stage

MAX_BYTES = 2 << 30
"""Of a document, decompressed."""
MAX_MESSAGE_BYTES = 1 << 30
"""Of one message between window and engine."""
MAX_EXPANSION = 200
"""Bytes of a document for each byte of its compressed file; documents have 5 to 15."""
MAX_STAGES = 100
MAX_NODES = 1_000_000
"""Of all stages together."""
MAX_EDGES = 8_000_000
MAX_DEPTH = 100
"""Modules in modules."""
MAX_GRAPH_DEPTH = 16
"""Graphs in graphs, each of which is copied into the one around it."""
MAX_NAME = 200_000
"""Characters of a node's id, a module's path, a stage's name."""

FREELY_EXPANDED = 1 << 20
"""Bytes that any file may unpack to, however small it is."""


def faults(snapshot: Snapshot) -> Iterator[str]:
    """Yield what is wrong with a document as a whole, the plainest first: sizes, double names, names of nothing.

    A bookmark may name a node that is not there: it outlives a new run of the same source.
    """
    stages = {each.name: each for each in snapshot.stages}
    if len(snapshot.stages) > MAX_STAGES:
        yield f"{len(snapshot.stages)} stages, of at most {MAX_STAGES}"
        return
    if len(stages) < len(snapshot.stages):
        yield "two stages have the same name"
    yield from _too_many(graph for stage in snapshot.stages for graph in _graphs(stage))
    for stage in snapshot.stages:
        yield from (f"stage {stage.name}: {fault}" for fault in faults_of_stage(stage))
    known = {name: _ids(stage) for name, stage in stages.items()}
    yield from _of_links(snapshot.links, known)
    yield from _of_facts(snapshot.facts, known)


def faults_of_stage(stage: Stage) -> Iterator[str]:
    """Yield what is wrong with one stage, as it comes from an engine."""
    if len(stage.name) > MAX_NAME:
        yield f"a name of {len(stage.name)} characters, of at most {MAX_NAME}"
    yield from _too_many(_graphs(stage))
    deepest = max((key.count("/") for key in stage.subgraphs or ()), default=0)
    if deepest > MAX_GRAPH_DEPTH:
        yield f"graphs nested {deepest} deep, of at most {MAX_GRAPH_DEPTH}"
    for graph in _graphs(stage):
        yield from lint(graph)
        yield from _of_names(graph)


def _graphs(stage: Stage) -> tuple[Graph, ...]:
    return (stage.graph, *(stage.subgraphs or {}).values())


def _too_many(graphs: Iterable[Graph]) -> Iterator[str]:
    counted = [(len(each.nodes), len(each.edges)) for each in graphs]
    nodes, edges = (sum(each[place] for each in counted) for place in (0, 1))
    if nodes > MAX_NODES:
        yield f"{nodes} nodes, of at most {MAX_NODES}"
    if edges > MAX_EDGES:
        yield f"{edges} edges, of at most {MAX_EDGES}"


def _of_names(graph: Graph) -> Iterator[str]:
    paths = {path for node in graph.nodes for path in (node.module_path, node.inferred_path) if path}
    paths.update(each.path for each in graph.groups)
    longest = max((len(each) for each in (*paths, *(node.id for node in graph.nodes))), default=0)
    if longest > MAX_NAME:
        yield f"a name of {longest} characters, of at most {MAX_NAME}"
    deepest = max((each.count(".") for each in paths), default=0)
    if deepest > MAX_DEPTH:
        yield f"modules nested {deepest} deep, of at most {MAX_DEPTH}"


def _ids(stage: Stage) -> set[str]:
    """Return the ids of all nodes of a stage: its own, and those of the graphs that it calls, read as they stand."""
    return {node.id for node in stage.graph.nodes} | {node.id for node in stage.whole.nodes}


def _of_links(links: Iterable[Link], known: Mapping[str, set[str]]) -> Iterator[str]:
    for link in links:
        for name, ids in ((link.from_stage, link.from_ids), (link.to_stage, link.to_ids)):
            if name not in known:
                yield f"a link names the stage {name}, which is not there"
            elif missing := next((each for each in ids if each not in known[name]), None):
                yield f"a link names the node {missing} of {name}, which is not there"


def _of_facts(facts: Mapping[str, Mapping[str, Facts]], known: Mapping[str, set[str]]) -> Iterator[str]:
    for name, nodes in facts.items():
        if name not in known:
            yield f"a fact names the stage {name}, which is not there"
        elif missing := next((each for each in nodes if each not in known[name]), None):
            yield f"a fact names the node {missing} of {name}, which is not there"
