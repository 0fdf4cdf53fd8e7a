"""How large a document or a message may be: one place, asked at both ends of the wire.

The largest graphs that torch 2.8 gives in practice have some 50,000 nodes; the limits are far above, and low enough
that a small file can neither fill the memory nor hold up the thread that reads it. How long that may take is in
`time_limit`, whether what is named is there in `references`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from qviz.document.graph import Graph, lint
from qviz.document.inlining import INSIDE
from qviz.document.snapshot import Stage
from qviz.document.time_limit import go_on

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
MAX_INLINED = 1 << 28
"""Characters that the names of all nodes of nested graphs grow by when these are read in place."""
MAX_LINKS = 8_000_000
MAX_FINDINGS = 100_000
MAX_NAME = 200_000
"""Characters of a node's id, a module's path, a stage's name."""

FREELY_EXPANDED = 1 << 20
"""Bytes that any file may unpack to, however small it is."""


def too_many(what: str, count: int, most: int) -> Iterator[str]:
    """Yield the fault of a number above its limit."""
    if count > most:
        yield f"{count} {what}, of at most {most}"


def too_deep(what: str, depths: Iterable[int], most: int) -> Iterator[str]:
    """Yield the fault of what is nested too deep."""
    deepest = max(depths, default=0)
    if deepest > most:
        yield f"{what} nested {deepest} deep, of at most {most}"


def sizes(stage: Stage) -> tuple[int, int]:
    """Return how many nodes and edges a stage has, those of nested graphs too."""
    graphs = _graphs(stage)
    return sum(len(each.nodes) for each in graphs), sum(len(each.edges) for each in graphs)


def faults_of_stage(stage: Stage) -> Iterator[str]:
    """Yield what is wrong with one stage by itself, the plainest first; what comes later may need what comes before."""
    nodes, edges = sizes(stage)
    yield from too_many("nodes", nodes, MAX_NODES)
    yield from too_many("edges", edges, MAX_EDGES)
    yield from _too_long([stage.name, *(stage.subgraphs or ())])
    yield from _of_nesting(stage)
    for graph in _graphs(stage):
        go_on()
        yield from lint(graph)
        yield from _of_names(graph)


def _graphs(stage: Stage) -> tuple[Graph, ...]:
    return (stage.graph, *(stage.subgraphs or {}).values())


def _of_nesting(stage: Stage) -> Iterator[str]:
    nested = stage.subgraphs or {}
    yield from too_deep("graphs", (key.count(INSIDE) for key in nested), MAX_GRAPH_DEPTH)
    grown = sum(len(key) * (len(graph.nodes) + len(graph.groups)) for key, graph in nested.items())
    yield from too_many("characters in the names of nested nodes", grown, MAX_INLINED)


def _of_names(graph: Graph) -> Iterator[str]:
    paths = {path for node in graph.nodes for path in (node.module_path, node.inferred_path) if path}
    paths.update(each.path for each in graph.groups)
    yield from _too_long((*paths, *(node.id for node in graph.nodes)))
    yield from too_deep("modules", (each.count(".") for each in paths), MAX_DEPTH)


def _too_long(names: Iterable[str]) -> Iterator[str]:
    longest = max(map(len, names), default=0)
    if longest > MAX_NAME:
        yield f"a name of {longest} characters, of at most {MAX_NAME}"
