"""Runs a graph to see what every node gives, and leaves the module as it was.

A graph of torch.export carries fake tensors on its placeholders: it is run on these, with
symbolic dimensions and without computing anything. A float graph without them is run on fakes of
the example inputs, if dynamo, which fakes need, is imported. Any other is run once on real inputs,
because quantized tensors have no fake form; observers and fake-quants then hand their input on, so
that no statistics change. A node that fails, and what depends on it, stays unknown.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

import torch
from torch._dispatch.python import enable_python_dispatcher
from torch._subclasses import FakeTensor, FakeTensorMode
from torch.fx import GraphModule, Interpreter, Node
from torch.nn.modules.batchnorm import _BatchNorm
from torch.utils import _pytree as pytree

from qviz.engine.loading.kept_state import written_weights_kept
from qviz.engine.nodes.macs import without_attention_kernel
from qviz.engine.nodes.module_roles import OBSERVING, role_of
from qviz.engine.nodes.qparams import of_tensor
from qviz.engine.recording.values import Known, describe, is_float


class _Unknown:
    """The placeholder for the result of a node that could not be run."""


UNKNOWN = _Unknown()
_DYNAMO = "torch._dynamo"


class Propagation(Interpreter):
    """Runs a graph node by node and keeps what each one gives."""

    def __init__(self, module: GraphModule) -> None:
        super().__init__(module)
        self.extra_traceback = False
        self.known = Known({}, {}, {})
        self._node: Node | None = None

    def run_node(self, n: Node) -> Any:
        """Keep what the node gives; unknown where it fails or is fed with something unknown."""
        self._node = n
        try:
            if _holds_unknown(self.fetch_args_kwargs_from_env(n)) and n.op != "output":
                return UNKNOWN
            result = super().run_node(n)
        except Exception:  # any operator of any model may raise anything; its value stays unknown
            return UNKNOWN
        self.known.values[n.name] = describe(result)
        if isinstance(result, torch.Tensor) and (quantized := of_tensor(result)) is not None:
            self.known.quantized[n.name] = quantized
        return result

    def call_module(self, target: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Pass observers by, and look inside called graphs."""
        child = self.fetch_attr(str(target))
        if role_of(child) in OBSERVING:
            return args[0]
        if isinstance(child, GraphModule) and self._node is not None:
            inner = type(self)(child)
            name = self._node.name
            result = inner.run(*args)
            self.known.nested[name] = inner.known
            return result
        return super().call_module(target, args, kwargs)


class _FloatPropagation(Propagation):
    """Runs a float graph."""

    def call_module(self, target: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Pass batch norms by: their fake form takes ten times as long as the real one, and gives what comes in."""
        if isinstance(self.fetch_attr(str(target)), _BatchNorm) and len(args) == 1:
            return args[0]
        return super().call_module(target, args, kwargs)


class _FakePropagation(Propagation):
    """Runs on the fake tensors that torch.export left on the placeholders."""

    def __init__(self, module: GraphModule) -> None:
        from torch.fx.experimental.symbolic_shapes import has_free_symbols  # brings sympy along

        super().__init__(module)
        self.mode = _fake_mode(module) or FakeTensorMode(allow_non_fake_inputs=True)
        inputs = [node.meta.get("val") for node in module.graph.nodes if node.op == "placeholder"]
        self.is_symbolic = has_free_symbols(inputs)

    def run(self, *args: Any, **options: Any) -> Any:
        """Run, with symbolic sizes where composite operators (flatten) take them, as torch.export does."""
        with enable_python_dispatcher() if self.is_symbolic else nullcontext():
            return super().run(*args, **options)

    def placeholder(self, target: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if self._node is not None and "val" in self._node.meta:
            return self._node.meta["val"]
        return super().placeholder(target, args, kwargs)

    def get_attr(self, target: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        value = super().get_attr(target, args, kwargs)
        if isinstance(value, torch.Tensor) and not isinstance(value, FakeTensor):
            return self.mode.from_tensor(value, static_shapes=True)
        return value


def propagate(module: GraphModule, example_inputs: tuple[Any, ...] | None) -> Known:
    """Return what the nodes give when the graph runs, on fakes where that tells the same."""
    if _fake_mode(module) is not None:
        runner = _FakePropagation(module)
        return _run(runner, (), runner.mode)
    if example_inputs is None:
        return Known({}, {}, {})
    if is_float(module):
        known = _without_data(module, example_inputs) if _DYNAMO in sys.modules else _with_data(module, example_inputs)
        if all(node.name in known.values for node in module.graph.nodes):
            return known  # else something asked for a value, which fakes have none of
    return _run(Propagation(module), _copies(example_inputs), undisturbed(module))


def _without_data(module: GraphModule, example_inputs: tuple[Any, ...]) -> Known:
    """Run a float graph on fakes, which takes a fraction of the time of a real run."""
    mode = FakeTensorMode(allow_non_fake_inputs=True, allow_fallback_kernels=False)
    fakes = pytree.tree_map_only(torch.Tensor, mode.from_tensor, example_inputs)
    with undisturbed(module), without_attention_kernel():  # a fake-quant of QAT writes into its buffers all the same
        return _run(_FloatPropagation(module), fakes, mode)


def _with_data(module: GraphModule, example_inputs: tuple[Any, ...]) -> Known:
    """Run a float graph once for real: fakes import all of dynamo, which takes longer than most FX and eager flows."""
    return _run(_FloatPropagation(module), _copies(example_inputs), undisturbed(module))


def _copies(example_inputs: tuple[Any, ...]) -> tuple[Any, ...]:
    copies: tuple[Any, ...] = pytree.tree_map_only(torch.Tensor, lambda each: each.detach().clone(), example_inputs)
    return copies


def _run(runner: Propagation, inputs: tuple[Any, ...], around: AbstractContextManager[Any]) -> Known:
    with torch.no_grad(), torch.random.fork_rng(devices=[]), warnings.catch_warnings(), around:
        warnings.simplefilter("ignore")  # the run that the user asked for gives the same ones
        try:
            runner.run(*inputs, enable_io_processing=bool(inputs))
        except Exception:  # inputs that do not fit the graph's signature: what was found stays
            return runner.known
    return runner.known


def _fake_mode(module: GraphModule) -> FakeTensorMode | None:
    for node in module.graph.nodes:
        value = node.meta.get("val")
        if isinstance(value, FakeTensor):
            return value.fake_mode
    return None


def _holds_unknown(args: Any) -> bool:
    return any(leaf is UNKNOWN for leaf in pytree.tree_leaves(args))


@contextmanager
def undisturbed(module: torch.nn.Module) -> Iterator[None]:
    """Let every observer inside hand its input on, and put all buffers and attributes back afterwards.

    Attributes may be weights that a hook computes at every call, as those of pruning and of the old weight_norm do.
    Weights that a call scales, as those of an embedding with max_norm, stay as well.
    """
    own = [each for each in module.modules() if not _is_scripted(each)]
    attributes = [(each.__dict__, {**each.__dict__}) for each in own]
    quiet = [each for each in own if role_of(each) in OBSERVING]
    buffers = [
        (owner, name, buffer, buffer.detach().clone())
        for owner in module.modules()
        for name, buffer in owner.named_buffers(recurse=False)
        if not isinstance(buffer, FakeTensor)
    ]
    for each in quiet:
        each.__dict__["forward"] = _hand_on
    try:
        with written_weights_kept(module):
            yield
    finally:
        for now, before in attributes:
            for name in now.keys() - before.keys():
                del now[name]
            now.update(before)
        with torch.no_grad():
            for owner, name, buffer, copy in buffers:
                owner.register_buffer(name, buffer, name not in owner._non_persistent_buffers_set)  # noqa: SLF001
                if buffer.layout is torch.strided and not torch.equal(buffer, copy):
                    buffer.set_(copy)  # type: ignore[call-overload]


def _is_scripted(module: torch.nn.Module) -> bool:
    return isinstance(module, torch.jit.ScriptModule)


def _hand_on(x: Any, *_: Any) -> Any:
    return x
