"""What eager mode leaves to the user, and passes over in silence: stubs, functions, modules used twice, fuse lists."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import torch
from torch import nn
from torch.ao.quantization import QuantStub
from torch.fx import GraphModule, Node

from qviz.document.snapshot import Finding, Level
from qviz.engine.failures import line_of
from qviz.engine.forward import Arguments
from qviz.engine.fuse_list import FuseList, out_of_order
from qviz.engine.module_roles import Role, role_of
from qviz.engine.recorded_run import FUNCTIONAL
from qviz.engine.targets import bare_name

_WANT_MODULES = {
    "add": "FloatFunctional.add",
    "mul": "FloatFunctional.mul",
    "cat": "FloatFunctional.cat",
    "matmul": "FloatFunctional.matmul",
    "relu": "torch.nn.ReLU",
}
"""Functions that eager mode does not see, and the modules that it does."""


def recorded_by_running(error: Exception) -> Finding:
    """Say that the graph is one run, and where tracing stopped."""
    where = line_of(error)
    return Finding(
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
    for node in graph.graph.nodes:
        if (better := _better(node)) is not None:
            yield _functional(node, better)
    by_module: defaultdict[nn.Module, list[Node]] = defaultdict(list)
    for node in calls:
        by_module[graph.get_submodule(str(node.target))].append(node)
    for module, nodes in by_module.items():
        if len(nodes) > 1 and role_of(module) is not Role.STUB:
            yield _used_twice(module, nodes)


def _missing_stub(graph: GraphModule) -> Finding:
    first = next((node.name for node in graph.graph.nodes if node.op == "call_module"), "")
    return Finding(
        rule="missing_quant_stub",
        level=Level.ERROR,
        stage="captured",
        nodes=(first,) if first else (),
        message="the model has no QuantStub: its quantized modules will be fed with float tensors",
        reason="eager mode quantizes only where a QuantStub stands, and converted modules take quantized tensors only",
        hint="Put a QuantStub before and a DeQuantStub behind what is to be quantized, or use fx-static.",
    )


def _better(node: Node) -> str | None:
    """Return the module that does what a function does; None for other nodes and inside of such a module."""
    if FUNCTIONAL in node.meta or node.op not in ("call_function", "call_method"):
        return None
    name = bare_name(node.target).strip("_")
    joins = len(node.all_input_nodes) > 1 or name in ("relu", "cat")
    return _WANT_MODULES.get(name.removeprefix("i")) if joins else None


def _functional(node: Node, better: str) -> Finding:
    return Finding(
        rule="functional_in_eager",
        level=Level.WARNING,
        stage="captured",
        nodes=(node.name,),
        message=f"{bare_name(node.target)} is a function, which eager mode neither observes nor replaces",
        reason="prepare puts observers on modules only; a function gets quantized tensors and may not run on them",
        hint=f"Use {better} in its place.",
    )


def _used_twice(module: nn.Module, nodes: list[Node]) -> Finding:
    has_scale = any(True for _ in module.parameters()) or "ReLU" not in type(module).__name__
    return Finding(
        rule="module_used_twice",
        level=Level.WARNING if has_scale else Level.INFO,
        stage="captured",
        nodes=tuple(node.name for node in nodes),
        message=f"{nodes[0].target} ({type(module).__name__}) is called {len(nodes)} times",
        reason="all its calls share one observer and one scale; fusing it replaces it at every call",
        hint="Make a module for each call.",
    )


def of_fuse_list(graph: GraphModule, chosen: FuseList, derived: FuseList) -> Iterator[Finding]:
    """Yield what is wrong with a fuse list."""
    nodes = {str(node.target): node.name for node in graph.graph.nodes if node.op == "call_module"}
    for entry in out_of_order(graph, chosen):
        yield Finding(
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


def does_not_run(model: nn.Module, inputs: Arguments) -> Finding | None:
    """Run a converted model once; return what stops it, if anything does."""
    try:
        with torch.no_grad():
            inputs.cloned().call(model)
    except Exception as error:  # the user's forward and torch's kernels may raise anything
        where = line_of(error)
        text = str(error).strip().partition("\n")[0].partition(". ")[0]
        needs_stub = "Could not run 'quantized::" in text
        return Finding(
            rule="converted_does_not_run",
            level=Level.ERROR,
            stage="converted",
            nodes=(),
            message="the converted model does not run"
            + (f": it stops at {Path(where.file).name}:{where.line}" if where else ""),
            reason=text,
            hint="Put a QuantStub before the first quantized module."
            if needs_stub
            else "Put a DeQuantStub before what has no quantized kernel, or use FloatFunctional there.",
        )
    return None
