"""The graph of a measuring copy or a result, run node by node beside another one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch.fx import GraphModule, Interpreter, Node
from torch.utils import _pytree as pytree

from qviz.engine.loading.forward import Arguments, left_out
from qviz.engine.loading.kept_state import buffers_kept
from qviz.engine.measure.simulated.board import Switch
from qviz.engine.nodes import held_state
from qviz.engine.recording.module_graph import ModuleTracer, is_leaf
from qviz.engine.recording.recorded_run import record_run


def graph_of(model: nn.Module, inputs: Arguments) -> GraphModule:
    """Return a graph that runs as the model does, with the node names of its recorded stage.

    Args:
        model: Of an eager flow one that shares its modules with the graph.
        inputs: What it is run on where torch.fx cannot trace it.
    """
    if isinstance(model, GraphModule):
        return model
    try:
        return GraphModule(model, _Tracer(left_out(inputs, model)).trace(model), type(model).__name__)
    except Exception:  # tracing runs the user's forward, which may raise anything
        return record_run(model, inputs, _is_whole).graph


class _Tracer(ModuleTracer):
    """Shows switches as the observers whose places they took."""

    def is_leaf_module(self, m: nn.Module, module_qualified_name: str) -> bool:
        """Return whether a module is drawn as one node."""
        return _is_whole(m)


def _is_whole(module: nn.Module) -> bool:
    return isinstance(module, Switch) or is_leaf(module)


class NodeByNode(Interpreter):
    """Runs a graph, and starts every node with the same random numbers: what is random is equal in two models.

    Args:
        module: The graph.
        seen: Is called with every node and what it gives, and returns what goes on from there.
        seed: Of the random numbers.
    """

    def __init__(self, module: GraphModule, seen: Callable[[Node, Any], Any], seed: int = 0) -> None:
        super().__init__(module)
        self.extra_traceback = False
        self.seen, self.seed = seen, seed
        self.written: dict[int, list[tuple[int, Node]]] = {}
        self.born: dict[Node, int] = {}
        self.place = 0
        self.at: Node | None = None

    def run_node(self, n: Node) -> Any:
        """NodeByNode one node."""
        self.place += 1
        self.at = n
        torch.default_generator.manual_seed(self.seed)
        before = self._versions(n)
        result = self.seen(n, super().run_node(n))
        for storage, versions in before.items():
            if any(each._version != version for each, version in versions):  # noqa: SLF001 - torch counts writes
                self.written.setdefault(storage, []).append((self.place, n))
        self.born[n] = 0 if n.op == "get_attr" else self.place  # a buffer was there before, under other names, too
        return result

    def _versions(self, node: Node) -> dict[int, list[tuple[Tensor, int]]]:
        found: dict[int, list[tuple[Tensor, int]]] = {}
        if node.op not in ("placeholder", "get_attr", "output"):
            for each in node.all_input_nodes:
                for leaf in _tensors(self.env.get(each)):
                    found.setdefault(storage_of(leaf), []).append((leaf, leaf._version))  # noqa: SLF001
        return found

    def writers(self, node: Node) -> dict[Node, Node]:
        """Return who has written into an input of a node since that was made, with the input."""
        found: dict[Node, Node] = {}
        for each in node.all_input_nodes:
            for leaf in _tensors(self.env.get(each)):
                for place, writer in self.written.get(storage_of(leaf), ()):
                    if place > self.born.get(each, 0) and writer is not each:
                        found[writer] = each
        return found


def _tensors(value: Any) -> list[Tensor]:
    return [each for each in pytree.tree_leaves(value) if isinstance(each, Tensor)]


def storage_of(tensor: Tensor) -> int:
    """Return what is the same of all views of one memory."""
    try:
        return tensor.untyped_storage().data_ptr()
    except (NotImplementedError, RuntimeError):  # sparse, mkldnn
        return id(tensor)


def run_graph(run: NodeByNode, batch: Arguments) -> Any:
    """NodeByNode it on one call, which is copied first."""
    assert isinstance(run.module, GraphModule)
    given = batch.cloned().of_graph(run.module)
    with torch.no_grad():
        return run.run(*given, enable_io_processing=False)


@contextmanager
def state_kept(*models: nn.Module) -> Iterator[None]:
    """Give the buffers and attributes of models back as they were; what Inductor packed nobody can write."""
    attributes = [(model, held_state.held(model)) for model in models]
    try:
        with buffers_kept(*models):
            yield
    finally:
        for model, state in attributes:
            held_state.put(model, state)


def equalize(model: nn.Module, other: nn.Module) -> None:
    """Give a model what another keeps between calls, buffer by buffer."""
    held = dict(other.named_buffers())
    with torch.no_grad():
        for name, buffer in model.named_buffers():
            found = held.get(name)
            if found is not None and (found.shape, found.dtype) == (buffer.shape, buffer.dtype):
                buffer.copy_(found)
