"""A graph with the graphs that its nodes call standing in place: nothing hides in a submodule.

torch keeps what a higher-order operator runs (``cond``, ``map``, ``while_loop``, ``wrap_with_set_grad_enabled``) as
graphs of their own, and so does the document. Here their nodes stand before the call, with ids ``reader/node``, in a
group of their own. Placeholders and outputs go: what the call hands in flows straight to the nodes that read it, and
what the nested graph returns flows to the call.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from msgspec.structs import replace

from qviz.document.graph import Edge, Graph, Group, Json, Kind, Node, NodeId, Why
from qviz.document.time_limit import go_on

INSIDE = "/"
"""Stands in a node's id between the node that reads a nested graph and the node inside; torch's names have none."""


def inlined(graph: Graph, subgraphs: Mapping[str, Graph]) -> Graph:
    """Return a graph with all nested ones in place, the inner ones too.

    Args:
        graph: The outer one.
        subgraphs: The nested ones, by the ids of the nodes that read or call them, joined by ``/``.
    """
    inside: defaultdict[str, dict[str, Graph]] = defaultdict(dict)
    for key, each in subgraphs.items():
        first, is_deeper, rest = key.partition(INSIDE)
        if is_deeper:
            inside[first][rest] = each
    own = ((key, each) for key, each in subgraphs.items() if INSIDE not in key)
    go_on()
    nested = {key: inlined(each, inside[key]) if key in inside else each for key, each in own}
    return _Inlining(graph, nested).whole() if nested else graph


class _Inlining:
    """Puts the nested graphs of one graph in place; what is nested in those is in place already."""

    def __init__(self, graph: Graph, nested: Mapping[str, Graph]) -> None:
        self.graph, self.nested = graph, nested
        self.nodes: list[Node] = []
        self.edges: dict[tuple[NodeId, NodeId], Edge] = {}
        self.groups = {each.path: each for each in graph.groups}
        self.producers: defaultdict[NodeId, list[NodeId]] = defaultdict(list)
        for edge in sorted(graph.edges, key=lambda each: each.input_index):
            self.producers[edge.to_id].append(edge.from_id)

    def whole(self) -> Graph:
        called: set[NodeId] = set()
        for node in self.graph.nodes:
            given = self.producers[node.id]
            read = (*given, node.id) if node.op == "call_module" else given
            keys = [each for each in read if each in self.nested and each not in called]
            called.update(keys)
            if keys:
                given = self._call(node, keys)
            self.nodes.append(node)
            self._connect(given, node.id)
        return Graph(tuple(self.nodes), tuple(self.edges.values()), tuple(self.groups.values()))

    def _call(self, call: Node, keys: list[NodeId]) -> list[NodeId]:
        """Put in place what a node calls; return what the node reads then: what is not handed in, and the results."""
        first = next((place for place, each in enumerate(call.args) if _id(each) in keys), -1)
        own = _references(call.args[: first + 1]) if call.id not in keys else []
        operands = [each for each in _flat(call.args[first + 1 :]) if _id(each) not in self.nested]
        for key in keys:
            inputs = [node.id for node in self.nested[key].nodes if node.kind is Kind.INPUT]
            handed = dict(zip(inputs, operands, strict=True)) if len(inputs) == len(operands) else {}
            own += [*([key] if key != call.id else []), *self._put_in_place(call, key, handed)]
        return own

    def _put_in_place(self, call: Node, key: NodeId, handed: Mapping[NodeId, Json]) -> list[NodeId]:
        """Add the nodes of a nested graph; return the ids of its results.

        Args:
            call: The node that calls it.
            key: The node that reads it.
            handed: What the call gives for each placeholder; empty where that is not known.
        """
        inner = self.nested[key]
        known: dict[NodeId, Json] = {node.id: {"node": f"{key}{INSIDE}{node.id}"} for node in inner.nodes}
        known.update(handed)
        known.update({node.id: {"node": call.id} for node in inner.nodes if node.kind is Kind.OUTPUT})
        inside = [node for node in inner.nodes if node.kind not in (Kind.INPUT, Kind.OUTPUT)]
        above = _common([call.place, *(node.module_path for node in inside)])
        path = f"{above}.{key}".lstrip(".")
        self.groups[path] = Group(
            path, call.target.rpartition(".")[2] if call.op == "call_function" else call.module_type
        )
        for group in inner.groups:
            within = _below(group.path, above, path)
            self.groups.setdefault(within, replace(group, path=within))
        self.nodes += [
            replace(
                node,
                id=f"{key}{INSIDE}{node.id}",
                args=[_renamed(each, known) for each in node.args],
                kwargs={name: _renamed(each, known) for name, each in node.kwargs.items()},
                inferred_path=_below(node.place, above, path),
                why=_renamed_why(node.why, known) if node.why is not None else None,
            )
            for node in inner.nodes
            if node.id not in handed and node.kind is not Kind.OUTPUT
        ]
        results: list[NodeId] = []
        read: defaultdict[NodeId, list[NodeId]] = defaultdict(list)
        for edge in sorted(inner.edges, key=lambda each: each.input_index):
            read[edge.to_id] += filter(None, [_id(known[edge.from_id])])
        for node in inner.nodes:
            if node.kind is Kind.OUTPUT:
                results += read[node.id]
            else:
                self._connect(read[node.id], f"{key}{INSIDE}{node.id}")
        return results

    def _connect(self, sources: Iterable[NodeId], reader: NodeId) -> None:
        for place, each in enumerate(dict.fromkeys(sources)):
            self.edges[each, reader] = Edge(each, reader, place)


def _id(argument: Json) -> NodeId | None:
    """Return the node that an argument is; None where it is something else."""
    return str(argument["node"]) if isinstance(argument, dict) and argument.keys() == {"node"} else None


def _flat(arguments: Iterable[Json]) -> Iterator[Json]:
    """Yield arguments out of their lists; names and options, which no graph takes, are left out."""
    for each in arguments:
        if isinstance(each, list):
            yield from _flat(each)
        elif _id(each) is not None or not isinstance(each, str | dict):
            yield each


def _references(arguments: Iterable[Json]) -> list[NodeId]:
    return [found for each in _flat(arguments) if (found := _id(each)) is not None]


def _renamed(argument: Json, known: Mapping[NodeId, Json]) -> Json:
    if isinstance(argument, list):
        return [_renamed(each, known) for each in argument]
    if (found := _id(argument)) is not None:
        return known[found]
    if isinstance(argument, dict):
        return {name: _renamed(each, known) for name, each in argument.items()}
    return argument


def _renamed_why(why: Why, known: Mapping[NodeId, Json]) -> Why:
    args = {name: _renamed_statement(each, known) for name, each in why.args.items()}
    return replace(why, roles={role: tuple(map(str, _names(ids, known))) for role, ids in why.roles.items()}, args=args)


def _renamed_statement(told: Json, known: Mapping[NodeId, Json]) -> Json:
    """Return an argument of a reason; in one that is a statement, or holds some, their nodes are renamed."""
    if isinstance(told, list):
        return [_renamed_statement(each, known) for each in told]
    if not isinstance(told, dict):
        return told
    renamed = {name: _renamed_statement(each, known) for name, each in told.items()}
    if "code" in told and isinstance(roles := told.get("roles"), dict):
        renamed["roles"] = {role: _names(ids, known) for role, ids in roles.items() if isinstance(ids, list)}
    return renamed


def _names(ids: Iterable[Json], known: Mapping[NodeId, Json]) -> list[Json]:
    return [_id(known.get(str(each))) or each for each in ids]


def _common(paths: list[str]) -> str:
    """Return the innermost module that holds all paths."""
    common: list[str] = []
    for parts in zip(*(path.split(".") for path in paths), strict=False):
        if len(set(parts)) > 1:
            break
        common.append(parts[0])
    return ".".join(common)


def _below(path: str, above: str, place: str) -> str:
    """Return where in the group `place` a module inside `above` stands."""
    return f"{place}.{path[len(above) :].lstrip('.')}".rstrip(".") if path.startswith(above) else place
