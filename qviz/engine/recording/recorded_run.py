"""Writes down one run of a model as a graph: calls of leaf modules, and of torch's functions between them."""

from __future__ import annotations

import dataclasses
import operator
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any, NamedTuple, TypeAlias
from unittest.mock import patch

import torch
from torch import nn
from torch._C._functorch import is_functorch_wrapped_tensor
from torch.ao.nn.quantized import QFunctional
from torch.fx import Graph, GraphModule, Node
from torch.nn.modules.module import (
    _global_forward_hooks_with_kwargs,
    register_module_forward_hook,
    register_module_forward_pre_hook,
)
from torch.overrides import TorchFunctionMode, resolve_name
from torch.utils import _pytree as pytree

from qviz.engine.loading.forward import Arguments, names
from qviz.engine.nodes.module_paths import KNOWN_STACK, ModulePlace
from qviz.engine.recording.functional_calls import MADE_BY, converted_call, running
from qviz.engine.recording.propagation import undisturbed

_ROOT = "_constant_{}"


CONSTANTS = "recorded_constants"
"""Where the meta of a recorded graph keeps the tensors that belong to no module."""
WATCHER = "activation_post_process"
FUNCTIONAL = "float_functional"
"""Where the meta of a node names the FloatFunctional whose method it is."""


Watched: TypeAlias = Callable[[nn.Module], tuple[bool, bool]]


def is_kept_place(path: str, module: nn.Module) -> bool:
    """Tell whether a module is the Identity with which FloatFunctional keeps the place of an observer."""
    return isinstance(module, nn.Identity) and path.endswith(WATCHER)


class Recorded(NamedTuple):
    """What a run did; `is_whole` unless it failed, and the graph ends where it did."""

    graph: GraphModule
    is_whole: bool


def record_run(model: nn.Module, inputs: Arguments, is_leaf: Callable[[nn.Module], bool]) -> Recorded:
    """Run a model once and return what it did; a run that fails leaves what came before.

    Args:
        model: Its observers hand on what they see, so nothing of it changes.
        inputs: The call of ``forward``.
        is_leaf: Whether a module is one node.
    """
    copies = inputs.cloned()
    recording = _Recording(model, copies, is_leaf)
    result, is_whole = None, True
    with torch.no_grad(), undisturbed(model), recording.listening():
        try:
            result = copies.call(model)
        except Exception:  # a converted model that misses a stub stops in mid-run; the stage is shown all the same
            is_whole = False
    return Recorded(recording.finished(result), is_whole)


_PLAIN = (
    type(None),
    type(...),
    bool,
    int,
    float,
    complex,
    str,
    torch.dtype,
    torch.device,
    torch.memory_format,
    torch.layout,
)
"""What an FX graph holds as it is."""


def _gives_tensors(result: Any) -> bool:
    """Tell whether a function gave tensors; those inside a torch.func transform end with it."""
    tensors = [leaf for leaf in pytree.tree_leaves(result) if isinstance(leaf, torch.Tensor)]
    return bool(tensors) and not any(is_functorch_wrapped_tensor(each) for each in tensors)


def _branch_taken(
    pred: Any, true_fn: Callable[..., Any], false_fn: Callable[..., Any], operands: Iterable[Any] = ()
) -> Any:
    """Call the branch that torch.cond takes, which compiles both and so hides what they call."""
    return (true_fn if pred else false_fn)(*operands)


class _Recording(TorchFunctionMode):
    """Follows tensors by identity from what gives them to what takes them."""

    def __init__(self, model: nn.Module, inputs: Arguments, is_leaf: Callable[[nn.Module], bool]) -> None:
        super().__init__()
        self.model, self.is_leaf = model, is_leaf
        self.graph = Graph()
        self.holder: dict[str, Any] = {}
        self.depth = 0
        self.around: list[nn.Module] = []
        self.alive: list[Any] = []
        self.giver: dict[int, tuple[Node, tuple[Any, ...]]] = {}
        self.paths = {each: path for path, each in reversed(list(model.named_modules()))}
        self.held = {id(each): path for path, each in (*model.named_parameters(), *model.named_buffers())}
        known = zip(names(inputs, model), inputs.values, strict=True)
        for name, value in ((name or f"input_{at}", value) for at, (name, value) in enumerate(known)):
            self._gives(self.graph.placeholder(name), value)

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Write down whatever runs inside."""
        with ExitStack() as stack:
            for handle in (
                register_module_forward_pre_hook(self._entered),
                register_module_forward_hook(self._left, with_kwargs=True, always_call=True),
            ):
                stack.callback(handle.remove)
                stack.callback(_global_forward_hooks_with_kwargs.pop, handle.id, None)  # remove() leaves it there
            stack.enter_context(patch.object(torch, "cond", _branch_taken))
            stack.enter_context(self)
            yield

    def _entered(self, module: nn.Module, args: Any) -> None:
        if self.depth or (self.is_leaf(module) and module in self.paths):
            self.depth += 1
        else:
            self.around.append(module)

    def _left(self, module: nn.Module, args: Any, kwargs: dict[str, Any], result: Any) -> None:
        if not self.depth:
            if self.around and self.around[-1] is module:
                self.around.pop()
            return
        self.depth -= 1
        if self.depth or result is None:
            return
        path = self.paths[module]
        if is_kept_place(path, module):
            self._node_of(result).meta[FUNCTIONAL] = path.removesuffix(f".{WATCHER}")
        else:
            self._gives(self.graph.call_module(path, self._taken(args), self._taken(kwargs)), result)

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        result = func(*args, **kwargs)
        if not self.depth and (_gives_tensors(result) or func is torch.Tensor.__setitem__):
            node = self._function(func, self._taken(args), self._taken(kwargs))
            self._place(node)
            if (call := running(self.model)) is not None:
                node.meta[MADE_BY] = call
            self._gives(node, result)
        return result

    def _function(self, func: Any, args: Any, kwargs: Any) -> Node:
        name = getattr(func, "__name__", "")
        if name == "__get__":  # a property, as in x.T
            return self.graph.call_function(getattr, (args[0], func.__self__.__name__))
        if (resolve_name(func) or "").startswith("torch.Tensor.") and not name.startswith("__"):
            return self.graph.call_method(name, args, kwargs)
        if name.startswith("__r") and hasattr(operator, name[3:-2]):
            return self.graph.call_function(getattr(operator, name[3:-2]), args[::-1])
        known = getattr(operator, name[2:-2], func) if name.startswith("__") else func
        return self.graph.call_function(known, args, kwargs)

    def _place(self, node: Node) -> Node:
        """Note which modules run a function; the whole model needs no name."""
        paths = ((self.paths.get(each, ""), each) for each in self.around)
        node.meta[KNOWN_STACK] = [ModulePlace(path, type(each).__name__) for path, each in paths if path]
        return node

    def _gives(self, node: Node, value: Any) -> None:
        for path, leaf in pytree.tree_flatten_with_path(value)[0]:
            if isinstance(leaf, torch.Tensor):
                self.giver[id(leaf)] = (node, path)
                self.alive.append(leaf)  # else its identity could be given to another tensor

    def _taken(self, value: Any) -> Any:
        """Return arguments with nodes in place of tensors, and names in place of what no FX graph can hold."""
        match value:
            case torch.Tensor():
                return self._node_of(value)
            case list() | tuple():
                return (list if isinstance(value, list) else tuple)(map(self._taken, value))
            case slice():
                return slice(*(self._taken(each) for each in (value.start, value.stop, value.step)))
            case Mapping():
                return {key if isinstance(key, (str, int)) else str(key): self._taken(value[key]) for key in value}
        return value if isinstance(value, _PLAIN) else self._parts(value)

    def _parts(self, value: Any) -> Any:
        """Return what an object holds, its name where nothing is known of that."""
        if dataclasses.is_dataclass(value) and not isinstance(value, type):
            return {each.name: self._taken(getattr(value, each.name, None)) for each in dataclasses.fields(value)}
        parts = pytree.tree_leaves(value)
        if len(parts) == 1 and parts[0] is value:
            return getattr(value, "__name__", type(value).__name__)
        return [self._taken(each) for each in parts]

    def _node_of(self, tensor: torch.Tensor) -> Node:
        if id(tensor) not in self.giver:
            path = self.held.get(id(tensor))
            if path is None:
                path = _ROOT.format(len(self.holder))
                self.holder[path] = tensor
            self._gives(self._place(self.graph.get_attr(path)), tensor)
        node, steps = self.giver[id(tensor)]
        for step in steps:
            key = getattr(step, "idx", getattr(step, "key", getattr(step, "name", None)))
            node = self._place(self.graph.call_function(operator.getitem, (node, key)))
        if steps:
            self.giver[id(tensor)] = (node, ())
        return node

    def finished(self, result: Any) -> GraphModule:
        """Return the graph, with what the run gave as its output."""
        self.graph.output(self._taken(result))
        return graph_of(self.model, self.graph, self.holder)


def graph_of(model: nn.Module, graph: Graph, constants: dict[str, Any]) -> GraphModule:
    """Return a graph over the modules of a model, which stay the model's own."""
    module = nn.Module()
    module.__dict__.update(model.__dict__)
    module.__dict__.update(constants)
    made = GraphModule(module, graph, type(model).__name__)
    made.meta[CONSTANTS] = constants
    return made


def redrawn(captured: GraphModule, model: nn.Module, watched: Watched) -> GraphModule:
    """Return what a model did when it was captured, with the modules that stand in their places now.

    A converted model that stops in mid-run still holds all its modules; what would follow is known.

    Args:
        captured: The graph of the run of the float model.
        model: What it became.
        watched: Whether an observer watches what goes into a module, and what comes out.
    """
    graph = Graph()
    now: dict[Node, Node] = {}
    for node in captured.graph.nodes:
        path = node.meta[MADE_BY].path if MADE_BY in node.meta else str(node.target)
        module = _submodule(model, path) if MADE_BY in node.meta or node.op == "call_module" else None
        if isinstance(module, QFunctional):
            now[node] = converted_call(graph, node, now, module)
            continue
        before, behind = watched(module) if module is not None else (False, False)
        watcher = f"{node.target}.{WATCHER}"
        given = [graph.call_module(watcher, (now[each],)) for each in node.all_input_nodes[:1] if before]
        known = {**now, **dict(zip(node.all_input_nodes, given, strict=False))}
        now[node] = graph.node_copy(node, known.__getitem__)
        if behind:
            now[node] = graph.call_module(watcher, (now[node],))
    return graph_of(model, graph, captured.meta[CONSTANTS])


def _submodule(model: nn.Module, path: str) -> nn.Module | None:
    try:
        return model.get_submodule(path)
    except AttributeError:
        return None
