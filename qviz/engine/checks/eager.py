"""What eager mode leaves to the user, and passes over in silence: stubs, functions, modules used twice, fuse lists."""

from __future__ import annotations

import traceback
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.ao.nn.quantized import Embedding, FloatFunctional
from torch.ao.quantization import QuantStub
from torch.ao.quantization.quantization_mappings import get_default_qconfig_propagation_list
from torch.fx import GraphModule, Interpreter, Node
from torch.nn.modules.batchnorm import _BatchNorm

from qviz.document.graph import Json, SourceLine
from qviz.document.kernel_errors import cause_of
from qviz.document.snapshot import Finding, Level
from qviz.engine.checks.eager_functions import Unseen, better_form, better_module, may_join, unseen
from qviz.engine.configuration.fuse_list import FUSIBLE, FuseList, misfits
from qviz.engine.failures import cause_in_words, line_of
from qviz.engine.failures.culprits import culprits
from qviz.engine.loading.forward import Arguments
from qviz.engine.loading.kept_state import buffers_kept
from qviz.engine.nodes.called import called_module, called_modules
from qviz.engine.nodes.module_roles import LOW, Role, role_of
from qviz.engine.nodes.targets import bare_name
from qviz.engine.recording.module_graph import STOPS_AT, is_module_tree
from qviz.engine.recording.recorded_run import FUNCTIONAL

_OBSERVED = frozenset(get_default_qconfig_propagation_list())
"""The module types that prepare puts an observer behind."""

_WITH_FAST_PATH = {("torch", "nn", "modules", each) for each in ("transformer.py", "activation.py")}
"""torch's files whose layers read the weights of others as tensors."""

_DONE = LOW | {Role.QUANTIZE}
"""What a model has that was converted before."""


def not_traced(error: Exception, drawn: GraphModule) -> Finding:
    """Say that the graph is one run, or the modules alone, and where tracing stopped."""
    where = line_of(error)
    text = str(error).strip().partition("\n")[0]
    rule = "drawn_as_modules" if is_module_tree(drawn) else "recorded_by_running"
    args: dict[str, Json] = {"type": type(error).__name__, "text": text, **_at(where)}
    if (cause := cause_in_words("capturing", error)) is not None:
        args["cause"] = cause
    return Finding(
        rule=rule,
        level=Level.INFO,
        stage="captured",
        nodes=(),
        code=f"{rule}.at_line" if where else rule,
        args=args,
        place=(Path(where.file).name,) if where else (),
    )


def _at(where: SourceLine | None) -> dict[str, Json]:
    return {"file": Path(where.file).name, "line": where.line} if where else {}


def of_captured(graph: GraphModule, needs_stubs: bool, model: nn.Module) -> Iterator[Finding]:
    """Yield what a model lacks for the static flows of eager mode; its graph keeps the modules that it calls alone."""
    if not needs_stubs:
        return
    called = called_modules(graph).values()
    is_begun = any(isinstance(each, QuantStub) or role_of(each) in _DONE for each in called)
    if not is_begun and any(type(each) in _OBSERVED for each in called):
        yield _missing_stub(graph)
    yield from (_functional(graph, model, each) for each in unseen(graph))
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
            calls[called_module(graph, node)].append(node)
    return [
        (called, FloatFunctional, nodes) if isinstance(called, str) else (str(nodes[0].target), type(called), nodes)
        for called, nodes in calls.items()
        if len(nodes) > 1
    ]


def _missing_stub(graph: GraphModule) -> Finding:
    first = next((node.name for node in graph.graph.nodes if node.op == "call_module"), "")
    return Finding(
        rule="missing_quant_stub",
        level=Level.ERROR,
        stage="captured",
        nodes=(first,) if first else (),
        code="missing_quant_stub",
    )


def _functional(graph: GraphModule, model: nn.Module, each: Unseen) -> Finding:
    if (passed := _passed_by(graph, model, each.node)) is not None:
        path, module = passed
        return Finding(
            rule="functional_in_eager",
            level=Level.ERROR,
            stage="captured",
            nodes=(each.node.name,),
            code="functional_in_eager.module_passed_by",
            roles={"subject": (each.node.name,)},
            args={"operator": bare_name(each.node.target), "module": path, "type": type(module).__name__},
        )
    return Finding(
        rule="functional_in_eager",
        level=Level.WARNING,
        stage="captured",
        nodes=(each.node.name,),
        code="functional_in_eager." + ("stops" if each.stops else "keeps_scale"),
        roles={"subject": (each.node.name,)},
        args={"operator": bare_name(each.node.target), "replacement": each.better},
    )


def _passed_by(graph: GraphModule, model: nn.Module, function: Node) -> tuple[str, nn.Module] | None:
    """Return the module whose weight a function computes with, where that module itself is never called.

    So does ``layer.forward(x)``, which goes around the observer that prepare puts behind the module.
    """
    called, modules = {str(node.target) for node in called_modules(graph)}, dict(model.named_modules())
    for node in function.all_input_nodes:
        path = str(node.target).rpartition(".")[0] if node.op == "get_attr" else ""
        if path and path not in called and type(modules.get(path)) in _OBSERVED:  # "" is the model itself
            return path, modules[path]
    return None


def _used_twice(path: str, class_: type, nodes: list[Node]) -> Finding | None:
    """Return what it means for a module to be called several times, if it means anything."""
    is_observed = class_ in _OBSERVED
    means = ["observed"] if is_observed else []
    if class_ in FUSIBLE:
        means.append("fusible")
    if not means:
        return None
    return Finding(
        rule="module_used_twice",
        level=Level.WARNING if is_observed else Level.INFO,
        stage="captured",
        nodes=tuple(node.name for node in nodes),
        code="module_used_twice." + "_and_".join(means),
        roles={"subject": tuple(node.name for node in nodes)},
        args={"module": path, "type": class_.__name__, "calls": len(nodes)},
    )


def of_fuse_list(graph: GraphModule, chosen: FuseList, derived: FuseList) -> Iterator[Finding]:
    """Yield what is wrong with a fuse list."""
    nodes = {str(node.target): node.name for node in graph.graph.nodes if node.op == "call_module"}
    instead: list[Json] = [{"code": "fuse_list.entry", "args": {"modules": [*modules]}} for modules in derived]
    for each in misfits(graph, chosen):
        found = tuple(nodes[path] for path in each.entry if path in nodes)
        args: dict[str, Json] = {"modules": [*each.entry], **({"instead": instead} if instead else {})}
        roles, code = {"subject": found}, "instead" if instead else "nothing"
        if each.read_by:
            code, roles["readers"] = "read_elsewhere", each.read_by
        elif each.listed_before:
            code, args["again"] = "listed_twice", [*each.listed_before]
        yield Finding(
            rule="fuse_list_out_of_order",
            level=Level.ERROR,
            stage="captured",
            nodes=found,
            code=f"fuse_list_out_of_order.{code}",
            roles=roles,
            args=args,
            place=() if found else each.entry,
        )


def fused_for_evaluation(graph: GraphModule, fused: FuseList) -> Iterator[Finding]:
    """Yield the batch norms of a fuse list that are folded before the training of a QAT flow."""
    listed = {path for entry in fused for path in entry}
    calls = [node for node in graph.graph.nodes if node.op == "call_module" and node.target in listed]
    found = [node for node in calls if isinstance(called_module(graph, node), _BatchNorm)]
    nodes = tuple(node.name for node in found)
    if found:
        yield Finding(
            rule="batch_norm_fused_for_evaluation",
            level=Level.WARNING,
            stage="captured",
            nodes=nodes,
            code="batch_norm_fused_for_evaluation",
            roles={"subject": nodes},
            args={"norms": [*dict.fromkeys(str(node.target) for node in found)]},
        )


def read_as_bytes(graph: GraphModule) -> Iterator[Finding]:
    """Yield the embeddings of 4 bits whose kernel is that of 8 bits: it takes half of the columns for scales.

    Source:
        ``torch.ao.nn.quantized.Embedding.from_float`` of torch 2.8 leaves the dtype out; EmbeddingBag's passes it on.
    """
    calls = ((node, called_module(graph, node)) for node in graph.graph.nodes if node.op == "call_module")
    nodes = tuple(node.name for node, module in calls if type(module) is Embedding and _is_read_as_bytes(module))
    if nodes:
        code = "kernel_differs.read_as_bytes"
        yield Finding("kernel_differs", Level.ERROR, "converted", nodes, code, {"subject": nodes})


def _is_read_as_bytes(module: Any) -> bool:
    return module.weight().dtype is torch.quint4x2 and module._packed_params.dtype is torch.quint8  # noqa: SLF001


class _Steps(Interpreter):
    """Runs a graph and remembers the node at work."""

    at: str | None = None

    def run_node(self, n: Node) -> Any:
        self.at = n.name
        return super().run_node(n)


def _stops_at(graph: GraphModule, inputs: Arguments) -> str | None:
    """Return the node at which a traced graph stops."""
    if is_module_tree(graph):
        return None
    steps = _Steps(graph)
    try:
        with torch.no_grad():
            steps.run(*inputs.cloned().of_graph(graph))
    except Exception:  # this is what it is asked for
        return steps.at
    return None


def _at_module(graph: GraphModule, path: str) -> str | None:
    """Return the node that calls a module."""
    calls = (node.name for node in graph.graph.nodes if node.op == "call_module" and node.target == path)
    return next(calls, None)


def does_not_run(model: nn.Module, inputs: Arguments, graph: GraphModule) -> Finding | None:
    """Run a converted model once; return what stops it, if anything does, at which node of its graph."""
    try:
        with torch.no_grad(), buffers_kept(model):
            inputs.cloned().call(model)
    except Exception as error:  # the user's forward and torch's kernels may raise anything
        where = line_of(error)
        text = str(error).strip().partition("\n")[0].partition(". ")[0]
        node = graph.meta.get(STOPS_AT) or _stops_at(graph, inputs) or _at_module(graph, culprits(error, model).module)
        cause = cause_of(str(error))
        args: dict[str, Json] = {"text": text, **_at(where)}
        function = next((each for each in graph.graph.nodes if each.name == node), None)
        if cause == "no_kernel" and function is not None and (better := better_module(function)) is not None:
            cause, args = "function", {**args, "operator": bare_name(function.target), "replacement": better}
        elif cause == "no_kernel" and not (function is not None and may_join(function)):
            cause = "no_kernel_at_all"
        elif cause == "weight_is_method" and _came_through_transformer(error):
            cause = "weight_of_transformer"
        elif cause is None and function is not None and (better := better_form(function)) is not None:
            cause, args = "function", {**args, "operator": bare_name(function.target), "replacement": better}
        return Finding(
            rule="converted_does_not_run",
            level=Level.ERROR,
            stage="converted",
            nodes=(node,) if node else (),
            code=f"converted_does_not_run.{cause or 'other'}",
            roles={"subject": (node,)} if node else {},
            args=args,
            place=(Path(where.file).name,) if where and not node else (),
        )
    return None


def _came_through_transformer(error: BaseException) -> bool:
    """Return whether torch's own Transformer layers or attention raised an exception, whose fast path reads weights."""
    files = (frame.f_code.co_filename for frame, _ in traceback.walk_tb(error.__traceback__))
    return any(Path(each).parts[-4:] in _WITH_FAST_PATH for each in files)
