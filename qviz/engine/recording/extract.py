"""Turns a GraphModule into plain data, one node for one node, and leaves it as it was."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import msgspec
from torch import nn
from torch.fx import GraphModule, Node

from qviz.analysis.views.places import infer_places
from qviz.document import graph as document
from qviz.document.graph import WATCHING, Edge, Graph, ObserverType
from qviz.document.snapshot import Facts, Integers, Stage
from qviz.engine.nodes.arguments import plain
from qviz.engine.nodes.called import called_module
from qviz.engine.nodes.kinds import classify
from qviz.engine.nodes.module_roles import OBSERVING, Role, role_of
from qviz.engine.nodes.observers import observer_fact
from qviz.engine.nodes.source_lines import source_line
from qviz.engine.nodes.targets import target_name
from qviz.engine.recording.attributes import attributes
from qviz.engine.recording.inference import find_values
from qviz.engine.recording.module_owners import ModuleOwners
from qviz.engine.recording.nested_graphs import nested_graphs
from qviz.engine.recording.operator_sizes import operator_sizes
from qviz.engine.recording.parts import Objects, insides, parts
from qviz.engine.recording.quantization import Reading
from qviz.engine.recording.values import Known, is_float
from qviz.engine.recording.without_numbers import sizes_alone, unscaled, without_numbers
from qviz.engine.why import explain
from qviz.engine.why.subgraphs import CalledFrom, called_from


def record(
    name: str,
    module: GraphModule,
    example_inputs: tuple[Any, ...] | None = None,
    earlier: Stage | None = None,
    lifted: Collection[str] = (),
    has_numbers: bool = True,
) -> tuple[Stage, dict[str, Facts]]:
    """Return a stage and what its observers hold now.

    Facts are kept by node id; those of an observer inside a module by its path, those of one
    in a nested graph by ``outer/inner``.

    Args:
        name: The stage's name.
        module: Neither its tensors nor its observers' statistics change.
        example_inputs: What shapes and dtypes are found with, where the graph carries none.
        earlier: The stage before, for what the step from there to here has dropped.
        lifted: Names of placeholders that an exported program made of parameters and buffers.
        has_numbers: Scales, ranges and integers mean something; those of a run on fake tensors do not.
    """
    recorder = _Recorder(module, Objects(module), earlier.graph if earlier else None, has_numbers=has_numbers)
    before = {node.id: node.values for node in earlier.graph.nodes} if earlier else {}
    unchanged = _unchanged(module, earlier.graph) if earlier else ()
    known = find_values(module, example_inputs, before, unchanged)
    graph = recorder.graph(known, lifted)
    facts = recorder.facts() if has_numbers else {}
    subgraphs = _record_nested(module, recorder.objects, known, earlier, facts, has_numbers)
    if earlier is None and is_float(module):
        graphs = {"": graph} | {f"{path}/": inner for path, inner in subgraphs.items()}
        values = {f"{prefix}{node.id}": node.values for prefix, each in graphs.items() for node in each.nodes}
        for node_id, size in operator_sizes(module, values).items():
            facts[node_id] = msgspec.structs.replace(facts.get(node_id, Facts()), size=size)
    stage = Stage(name, graph, _code(module), subgraphs or None)
    return (stage, facts) if has_numbers else (without_numbers(stage), sizes_alone(facts))


def _unchanged(module: GraphModule, earlier: Graph) -> Collection[str]:
    """Return the nodes of a float graph that give what they gave; fusing keeps names and shapes."""
    if not is_float(module):
        return ()
    before = {node.id: (node.op, node.target, node.module_type) for node in earlier.nodes}
    return [
        node.name for node in module.graph.nodes if node.name in before and _is_like(module, node, before[node.name])
    ]


def _is_like(module: GraphModule, node: Node, before: tuple[str, str, str | None]) -> bool:
    op, target, type_ = before
    if (node.op, target_name(node.target)) != (op, target):
        return False
    if node.op != "call_module":
        return node.op != "get_attr"
    child = called_module(module, node)
    return isinstance(child, nn.Identity) or role_of(child) is Role.SEVERAL or type(child).__name__ == type_


def _record_nested(
    module: GraphModule,
    objects: Objects,
    outer: Known,
    earlier: Stage | None,
    facts: dict[str, Facts],
    has_numbers: bool,
) -> dict[str, Graph]:
    """Return the graphs of GraphModules that nodes call or read (branches of cond), the inner ones too."""
    found: dict[str, Graph] = {}
    subgraphs = (earlier.subgraphs or {}) if earlier else {}
    for path, inner, call in nested_graphs(module):
        before = subgraphs.get(path)
        carried = {node.id: node.values for node in before.nodes} if before else {}
        known = outer.nested.get(path) or find_values(inner, None, carried)
        recorder = _Recorder(inner, objects, before, called_from(call), has_numbers)
        found[path] = recorder.graph(known)
        if has_numbers:
            facts |= {f"{path}/{key}": fact for key, fact in recorder.facts().items()}
    return found


def _code(module: GraphModule) -> str:
    try:
        return str(module.print_readable(print_output=False, include_stride=False, include_device=False))
    except (AttributeError, KeyError, RuntimeError, TypeError, ValueError):
        return str(module.code)  # print_readable reads metadata of every node and stumbles over odd ones


class _Recorder:
    """Records one graph."""

    def __init__(
        self,
        module: GraphModule,
        objects: Objects,
        earlier: Graph | None,
        called: CalledFrom | None = None,
        has_numbers: bool = True,
    ) -> None:
        self.module, self.objects, self.earlier, self.called = module, objects, earlier, called
        self.has_numbers = has_numbers
        self.integers: dict[str, Integers] = {}

    def graph(self, known: Known, lifted: Collection[str] = ()) -> Graph:
        values = known.values
        kinds = classify(self.module, values, lifted)
        reading = Reading(self.module, kinds, known)
        quants = reading.all() if self.has_numbers else unscaled(reading.all())
        self.integers = reading.integers
        reasons = explain(self.module, kinds, quants, values, self.earlier, self.called)
        owners = ModuleOwners(self.module, kinds, self.earlier)
        nodes = []
        for node in self.module.graph.nodes:
            path, type_ = owners.of(node)
            nodes.append(
                document.Node(
                    id=node.name,
                    name=node.name,
                    op=node.op,
                    target=target_name(node.target),
                    kind=kinds[node.name],
                    args=[plain(each) for each in node.args],
                    kwargs={key: plain(each) for key, each in node.kwargs.items()},
                    module_path=path,
                    module_type=type_,
                    values=values.get(node.name, ()),
                    attributes=attributes(self.module, node, values),
                    quant=quants.get(node.name),
                    why=reasons.get(node.name),
                    source=source_line(node.meta.get("stack_trace")),
                    **self._of_called(node),
                )
            )
        edges = _edges(self.module)
        inferred = infer_places(nodes, edges)
        placed = tuple(_placed(node, inferred) for node in nodes)
        return Graph(placed, edges, owners.groups(placed))

    def _of_called(self, node: Node) -> dict[str, Any]:
        if node.op != "call_module":
            return {}
        child = called_module(self.module, node)
        return {
            "object_id": self.objects.number(child),
            "parts": parts(child, str(node.target), self.objects),
            "observer": ObserverType(type(child).__name__) if role_of(child) in OBSERVING else None,
        }

    def facts(self) -> dict[str, Facts]:
        """Return what was measured; the graph has to be recorded first."""
        found = {name: Facts(integers=each) for name, each in self.integers.items()}
        for node in self.module.graph.nodes:
            if node.op != "call_module":
                continue
            child = called_module(self.module, node)
            if role_of(child) in OBSERVING:
                found[node.name] = Facts(observer_fact(child))
            for name, inner in insides(child).items():
                if role_of(inner) in OBSERVING and f"{node.target}.{name}" not in self.objects.drawn:
                    found[f"{node.target}.{name}"] = Facts(observer_fact(inner))
        return found


def _edges(module: GraphModule) -> tuple[Edge, ...]:
    return tuple(
        Edge(producer.name, node.name, position)
        for node in module.graph.nodes
        for position, producer in enumerate(node.all_input_nodes)
    )


def _placed(node: document.Node, inferred: Mapping[str, str]) -> document.Node:
    path = inferred.get(node.id, "" if node.kind in WATCHING else None)
    if path is None or (path and path == node.module_path):
        return node
    return msgspec.structs.replace(node, inferred_path=path)
