"""Finds the place of a failure in the stages that were recorded."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from types import CodeType
from typing import NamedTuple

from torch import fx
from torch.nn import Module

from qviz.document.graph import Node, SourceLine
from qviz.document.snapshot import Stage
from qviz.engine.failures.culprits import Culprits
from qviz.engine.nodes.targets import target_name

_MOST = 3
_WATCHER = "activation_post_process"


class StopPlace(NamedTuple):
    """Where a run stopped.

    Attributes:
        stage: The last recorded stage that has the nodes; "" without nodes.
        nodes: Ids in that stage.
        module: A module path; "" where none is known.
        line: Of the first of the nodes; None where none is known.
        called: The modules that the nodes call, and the module.
    """

    stage: str = ""
    nodes: tuple[str, ...] = ()
    module: str = ""
    line: SourceLine | None = None
    called: tuple[str, ...] = ()


def place_of(found: Culprits, stages: Sequence[Stage], line: SourceLine | None) -> StopPlace:
    """Return the nodes of the latest recorded stage that has any of these, else those of the module or the line.

    A node of a stage that is not recorded yet, as a cast that conversion folds into a weight, stands at what it reads.
    """
    new = [node for node in found.nodes if not any(_is_recorded(node, stage) for stage in stages)]
    if new and len(new) == len(found.nodes):
        found = found._replace(nodes=tuple(given for node in new for given in node.all_input_nodes))
    for stage in reversed(stages):
        known = {node.id: node for node in stage.graph.nodes}
        same = [known[node.name] for node in found.nodes if _is_same(node, known.get(node.name))]
        if not same and found.module:
            same = [node for node in stage.graph.nodes if _holds(node, found.module)]
        if same:
            same = [*_watched(same, stage), *same]
            place = next((node.place for node in same if node.place), "")
            at = next((node.source for node in same if node.source), None)
            inner = _module(found)
            module = inner if inner.startswith(f"{place}.") else place or inner
            called = tuple(node.target for node in same[:_MOST] if node.op == "call_module")
            return StopPlace(stage.name, tuple(node.id for node in same[:_MOST]), module, at, (*called, module))
    for stage in reversed(stages):
        at_line = [node.id for node in stage.graph.nodes if line is not None and _is_at(node, line, found.module)]
        if at_line:
            return StopPlace(stage.name, tuple(at_line[:_MOST]), found.module, called=(found.module,))
    return StopPlace("", (), _module(found), called=(_module(found),))


def module_at(line: SourceLine | None, model: Module | None) -> str:
    """Return the path of the only module whose forward() has a line; "" where there is none, or several."""
    if line is None or model is None:
        return ""
    there = [path for path, module in model.named_modules() if _has_line(type(module).forward, line)]
    return there[0] if len(there) == 1 else ""


def _has_line(forward: object, line: SourceLine) -> bool:
    code = getattr(inspect.unwrap(forward) if callable(forward) else forward, "__code__", None)
    if not isinstance(code, CodeType) or code.co_filename != line.file:
        return False
    lines = [number for _, _, number in code.co_lines() if number is not None]
    return min(lines) <= line.line <= max(lines)


def _watched(nodes: Sequence[Node], stage: Stage) -> list[Node]:
    """Return the nodes that observers watch: what an observer is given is what it stops at."""
    watchers = {node.id for node in nodes if node.kind.watches}
    given = {edge.from_id for edge in stage.graph.edges if edge.to_id in watchers} - {node.id for node in nodes}
    return [node for node in stage.graph.nodes if node.id in given]


def _holds(node: Node, module: str) -> bool:
    """Tell whether a node calls a module, or one in which that module is."""
    return node.op == "call_module" and f"{module}.".startswith(f"{node.target}.")


def _is_same(node: fx.Node, recorded: Node | None) -> bool:
    """Tell whether a node is a recorded one: torch's patterns have nodes of the same names."""
    return recorded is not None and recorded.op == node.op and recorded.target == target_name(node.target)


def _is_recorded(node: fx.Node, stage: Stage) -> bool:
    return any(each.id == node.name and _is_same(node, each) for each in stage.graph.nodes)


def _is_at(node: Node, line: SourceLine, module: str) -> bool:
    source = node.source
    if source is None or (source.file, source.line) != (line.file, line.line):
        return False
    return not module or node.module_path == module


def _module(found: Culprits) -> str:
    if found.module:
        return "" if _WATCHER in found.module else found.module
    for node in found.nodes:
        stack = node.meta.get("nn_module_stack")
        if stack:
            return str(list(stack.values())[-1][0]).removeprefix("L['self'].")
    return ""
