"""What eager mode leaves to the user, and passes over in silence: stubs, functions, modules used twice, fuse lists."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.ao.nn.quantized import FloatFunctional
from torch.ao.quantization import QuantStub
from torch.ao.quantization.quantization_mappings import get_default_qconfig_propagation_list
from torch.fx import GraphModule, Interpreter, Node

from qviz.document.kept import kept_finding
from qviz.document.snapshot import Finding, Level
from qviz.engine.checks.eager_functions import Unseen, unseen
from qviz.engine.configuration.fuse_list import FUSIBLE, FuseList, out_of_order
from qviz.engine.failures import line_of
from qviz.engine.loading.forward import Arguments
from qviz.engine.nodes.targets import bare_name
from qviz.engine.recording.module_graph import STOPS_AT
from qviz.engine.recording.recorded_run import FUNCTIONAL

_OBSERVED = frozenset(get_default_qconfig_propagation_list())
"""The module types that prepare puts an observer behind."""

_WHY_NOT = (
    ("Could not run 'quantized::", "Put a QuantStub before the first quantized module."),
    (
        "view size is not compatible",
        "Use reshape in the place of view: quantized convolutions give tensors in channels_last.",
    ),
    (
        "'function' object has no attribute",
        "Something reads weight as a tensor, which is a method of quantized modules; for torch's Transformer layers: "
        "torch.backends.mha.set_fastpath_enabled(False).",
    ),
    ("QuantizedCPU", "Put a DeQuantStub before what has no quantized kernel, or use FloatFunctional there."),
    ("on quantized tensors", "Put a DeQuantStub before what has no quantized kernel, or use FloatFunctional there."),
)
"""What to do about an error of a converted model, by a part of its text; the first that fits counts."""
_LEAVE_IT = "Leave what stops in float: a rule without a qconfig for its type or its name."


def recorded_by_running(error: Exception) -> Finding:
    """Say that the graph is one run, and where tracing stopped."""
    where = line_of(error)
    return kept_finding(
        rule="recorded_by_running",
        level=Level.INFO,
        stage="captured",
        nodes=(),
        message="the graph is what one run on the example inputs did"
        + (f": torch.fx cannot follow {Path(where.file).name}:{where.line}" if where else ""),
        reason=f"tracing failed: {type(error).__name__}: {str(error).strip().partition(chr(10))[0]}",
        hint="Other inputs may take another way through the model; eager quantization itself needs no graph.",
    )


def of_captured(graph: GraphModule, needs_stubs: bool) -> Iterator[Finding]:
    """Yield what a model lacks for the static flows of eager mode."""
    if not needs_stubs:
        return
    calls = [node for node in graph.graph.nodes if node.op == "call_module"]
    if not any(isinstance(graph.get_submodule(str(node.target)), QuantStub) for node in calls):
        yield _missing_stub(graph)
    yield from map(_functional, unseen(graph))
    for path, class_, nodes in _shared(graph):
        if (finding := _used_twice(path, class_, nodes)) is not None:
            yield finding


def _shared(graph: GraphModule) -> list[tuple[str, type, list[Node]]]:
    """Return path, class and calls of what several nodes call; the methods of a FloatFunctional are calls of it."""
    calls: defaultdict[nn.Module | str, list[Node]] = defaultdict(list)
    for node in graph.graph.nodes:
        if FUNCTIONAL in node.meta:
            calls[node.meta[FUNCTIONAL]].append(node)
        elif node.op == "call_module":
            calls[graph.get_submodule(str(node.target))].append(node)
    return [
        (called, FloatFunctional, nodes) if isinstance(called, str) else (str(nodes[0].target), type(called), nodes)
        for called, nodes in calls.items()
        if len(nodes) > 1
    ]


def _missing_stub(graph: GraphModule) -> Finding:
    first = next((node.name for node in graph.graph.nodes if node.op == "call_module"), "")
    return kept_finding(
        rule="missing_quant_stub",
        level=Level.ERROR,
        stage="captured",
        nodes=(first,) if first else (),
        message="the model has no QuantStub: its quantized modules will be fed with float tensors",
        reason="eager mode quantizes only where a QuantStub stands, and converted modules take quantized tensors only",
        hint="Put a QuantStub before and a DeQuantStub behind what is to be quantized, or use fx-static.",
    )


def _functional(each: Unseen) -> Finding:
    name = bare_name(each.node.target)
    fate = "stops at quantized tensors" if each.stops else "keeps the scale of what comes in and is not fused"
    return kept_finding(
        rule="functional_in_eager",
        level=Level.WARNING,
        stage="captured",
        nodes=(each.node.name,),
        message=f"{name} is a function, which eager mode neither observes nor replaces",
        reason=f"prepare and convert change modules only; the function {name} {fate}",
        hint=f"Use {each.better} in its place.",
    )


def _used_twice(path: str, class_: type, nodes: list[Node]) -> Finding | None:
    """Return what it means for a module to be called several times, if it means anything."""
    is_observed = class_ in _OBSERVED
    reasons = ["all its calls share one observer and one scale"] if is_observed else []
    if class_ in FUSIBLE:
        reasons.append("fusing it would replace it at every call, so none of its calls can be fused")
    if not reasons:
        return None
    return kept_finding(
        rule="module_used_twice",
        level=Level.WARNING if is_observed else Level.INFO,
        stage="captured",
        nodes=tuple(node.name for node in nodes),
        message=f"{path} ({class_.__name__}) is called {len(nodes)} times",
        reason="; ".join(reasons),
        hint="Make a module for each call.",
    )


def of_fuse_list(graph: GraphModule, chosen: FuseList, derived: FuseList) -> Iterator[Finding]:
    """Yield what is wrong with a fuse list."""
    nodes = {str(node.target): node.name for node in graph.graph.nodes if node.op == "call_module"}
    for entry in out_of_order(graph, chosen):
        yield kept_finding(
            rule="fuse_list_out_of_order",
            level=Level.ERROR,
            stage="captured",
            nodes=tuple(nodes[path] for path in entry if path in nodes),
            message=f"the list joins {', '.join(entry)}: they do not follow each other, or are called elsewhere too",
            reason="fuse_modules does not look at the data: it puts all into the first and an Identity in place of the "
            "others, at every call, so the model computes something else",
            hint=f"Fuse {_written(derived)}." if derived else "Leave it out: nothing in this model can be fused.",
        )


def _written(entries: FuseList) -> str:
    return ", ".join(f"[{', '.join(entry)}]" for entry in entries)


class _Steps(Interpreter):
    """Runs a graph and remembers the node at work."""

    at: str | None = None

    def run_node(self, n: Node) -> Any:
        self.at = n.name
        return super().run_node(n)


def _stops_at(graph: GraphModule, inputs: Arguments) -> str | None:
    """Return the node at which a traced graph stops."""
    steps = _Steps(graph)
    try:
        with torch.no_grad():
            steps.run(*inputs.cloned().of_graph(graph))
    except Exception:  # this is what it is asked for
        return steps.at
    return None


def does_not_run(model: nn.Module, inputs: Arguments, graph: GraphModule) -> Finding | None:
    """Run a converted model once; return what stops it, if anything does, at which node of its graph."""
    try:
        with torch.no_grad():
            inputs.cloned().call(model)
    except Exception as error:  # the user's forward and torch's kernels may raise anything
        where = line_of(error)
        text = str(error).strip().partition("\n")[0].partition(". ")[0]
        node = graph.meta.get(STOPS_AT) or _stops_at(graph, inputs)
        return kept_finding(
            rule="converted_does_not_run",
            level=Level.ERROR,
            stage="converted",
            nodes=(node,) if node else (),
            message="the converted model does not run"
            + (f": it stops at {Path(where.file).name}:{where.line}" if where else ""),
            reason=text,
            hint=next((hint for sign, hint in _WHY_NOT if sign in str(error)), _LEAVE_IT),
        )
    return None
