"""Draws an eager model as a graph: its modules as torch gives them, and a node behind each module that one watches.

Eager quantization changes modules and leaves no graph behind. The model is traced with every module
of torch as a leaf; where torch.fx cannot follow it, it is run once and what happens is written down.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any, NamedTuple

from torch import nn
from torch.fx import Graph, GraphModule, Node, Proxy, Tracer

from qviz.engine.loading.forward import Arguments, left_out
from qviz.engine.recording.functional_calls import MADE_BY, running
from qviz.engine.recording.proxies_left import taken_out
from qviz.engine.recording.recorded_run import FUNCTIONAL, WATCHER, graph_of, is_kept_place, record_run, redrawn

_CONTAINERS = (nn.ModuleList, nn.ModuleDict)
STOPS_AT = "stops_at"
"""Where the meta of a graph names the node at which the model's run stopped, if it did."""
_MODULE_TREE = "module_tree"
_WATCH_BEHIND, _WATCH_BEFORE = "_observer_forward_hook", "_observer_forward_pre_hook"


class Drawn(NamedTuple):
    """The graph of a model; `error` is why torch.fx could not trace it, if it could not."""

    graph: GraphModule
    error: Exception | None = None


def draw(model: nn.Module, inputs: Arguments, captured: Drawn | None = None) -> Drawn:
    """Return the graph of an eager model at any stage; modules are shared with it.

    Args:
        model: Not run if torch.fx can trace it.
        inputs: What it is run on otherwise; its observers hand these on and see nothing.
        captured: How the float model was drawn: what a later stage that stops in mid-run would do after.
    """
    try:
        with taken_out(model):
            traced = ModuleTracer(left_out(inputs, model)).trace(model)
        return Drawn(GraphModule(model, traced, type(model).__name__))
    except Exception as error:  # tracing runs the user's forward, which may raise anything
        try:
            return Drawn(_recorded(model, inputs, captured), error)
        except Exception:  # a stage that cannot be drawn as a run is shown all the same, as its modules
            return Drawn(module_tree(model), error)


def _recorded(model: nn.Module, inputs: Arguments, captured: Drawn | None) -> GraphModule:
    graph, is_whole = record_run(model, inputs, is_leaf)
    if captured is None and not is_whole:  # the model runs, but not while it is written down
        return module_tree(model)
    if is_whole or captured is None or captured.error is None or is_module_tree(captured.graph):
        return graph
    whole = redrawn(captured.graph, model, watched)
    whole.meta[STOPS_AT] = _behind(graph, whole)
    return whole


def module_tree(model: nn.Module) -> GraphModule:
    """Return a graph of the leaf modules and of what watches them, in the order in which the model holds them.

    No edges: who calls whom is not known.
    """
    graph = Graph()
    inside = "\0"
    for path, module in model.named_modules():
        if not path or path.startswith(inside) or not is_leaf(module) or path.endswith(WATCHER):
            continue
        inside = f"{path}."
        before, behind = watched(module)
        watchers = [f"{path}.{WATCHER}"] if before or behind else []
        for target in (*watchers, path) if before else (path, *watchers):
            graph.call_module(target)
    graph.output(None)
    made = graph_of(model, graph, {})
    made.meta[_MODULE_TREE] = True
    return made


def is_module_tree(graph: GraphModule) -> bool:
    """Tell whether a graph shows modules alone, and nothing of what flows between them."""
    return _MODULE_TREE in graph.meta


def _behind(stopped: GraphModule, whole: GraphModule) -> str | None:
    """Return the node of the whole run at which the other stopped; None if that went another way before."""
    done = [node for node in stopped.graph.nodes if node.op != "output"]
    nodes = list(whole.graph.nodes)
    goes_along = all(one.target == other.target for one, other in zip(done, nodes, strict=False))
    if not goes_along:
        return None
    # what a function gave is unpacked in the graph only where the next one takes a part of it
    return next((node.name for node in nodes[len(done) :] if not _is_unpacked(node)), None)


def _is_unpacked(node: Node) -> bool:
    return node.op == "get_attr" or node.target is operator.getitem


class ModuleTracer(Tracer):
    """Traces down to the modules of torch, which stay whole, and shows what watches them.

    Args:
        left_out: Arguments that keep their defaults; a Proxy for them would take ``if mask is None`` the other way.
    """

    def __init__(self, left_out: dict[str, Any] | None = None) -> None:
        super().__init__()
        self.left_out = left_out or {}
        self.record_stack_traces = True

    def is_leaf_module(self, m: nn.Module, module_qualified_name: str) -> bool:
        """Return whether a module is drawn as one node."""
        return is_leaf(m)

    def _proxy_placeholder(self, name: str, *how: Any) -> Any:
        return self.left_out[name] if name in self.left_out else super()._proxy_placeholder(name, *how)

    def create_node(self, *args: Any, **kwargs: Any) -> Node:
        """Note which FloatFunctional makes it."""
        node = super().create_node(*args, **kwargs)
        if (call := running(self.root)) is not None:
            node.meta[MADE_BY] = call
        return node

    def call_module(
        self, m: nn.Module, forward: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Any:
        """Put the observer of a leaf, which torch calls in a hook, before or behind it."""
        if not is_leaf(m):
            return super().call_module(m, forward, args, kwargs)  # its hooks run in its own call
        if is_kept_place(self.path_of_module(m), m):
            args[0].node.meta[FUNCTIONAL] = self.path_of_module(m).removesuffix(f".{WATCHER}")
            return args[0]
        watch = f"{self.path_of_module(m)}.{WATCHER}"
        before, behind = watched(m)
        if before and isinstance(args[0], Proxy):
            args = (self.create_proxy("call_module", watch, (args[0],), {}), *args[1:])
        result = super().call_module(m, forward, args, kwargs)
        return self.create_proxy("call_module", watch, (result,), {}) if behind else result


def is_leaf(module: nn.Module) -> bool:
    """Return whether a module is torch's own and no mere container; fused ones are containers that are not mere."""
    home = type(module).__module__
    if home.startswith(("torch.ao.nn", "torch.nn.intrinsic", "torch.nn.quantized", "torch.nn.qat")):
        return not _is_functional(module)
    if home.startswith("torch.ao.quantization"):
        return not isinstance(module, nn.Sequential) and "Wrapper" not in type(module).__name__
    return home.startswith("torch.nn") and not isinstance(module, (nn.Sequential, *_CONTAINERS))


def _is_functional(module: nn.Module) -> bool:
    """Tell whether a module is one whose methods are called, not it: FloatFunctional, QFunctional."""
    return type(module).__name__ in ("FloatFunctional", "FXFloatFunctional", "QFunctional")


def watched(module: nn.Module) -> tuple[bool, bool]:
    """Return whether an observer watches what goes into a module, and what comes out."""
    before = any(getattr(hook, "__name__", "") == _WATCH_BEFORE for hook in module._forward_pre_hooks.values())  # noqa: SLF001
    behind = any(getattr(hook, "__name__", "") == _WATCH_BEHIND for hook in module._forward_hooks.values())  # noqa: SLF001
    return before, behind
