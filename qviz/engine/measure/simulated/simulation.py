"""Makes a measuring copy of a prepared model: every place of rounding becomes a switch."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn
from torch.fx import GraphModule, Node

from qviz.document.graph import Graph
from qviz.document.measurements import QuantizerKind
from qviz.engine.loading.copies import own_copy
from qviz.engine.measure.simulated.board import Board, FunctionOperator, Operator, Switch, Weight, WeightSwitch
from qviz.engine.measure.simulated.by_number import behind_numbers
from qviz.engine.measure.simulated.in_place import is_changed_in_place, out_of_place, write_through
from qviz.engine.measure.simulated.rounding import Dynamic, Half, HeldWeight, Rounding, of_observer, of_quantized
from qviz.engine.measure.simulated.weight_observers import observe_weights
from qviz.engine.nodes.module_roles import OBSERVING, Role, is_qat, role_of
from qviz.engine.nodes.qparams import packed_weight

_CELLS = (nn.RNNBase, nn.RNNCellBase)


@dataclass(frozen=True, eq=False)
class MeasuredQuantizer:
    """One place of rounding.

    Attributes:
        index: Its place in `Simulation.quantizers` and on the board.
        kind: What it rounds.
        paths: Where it stands in the measuring copy: of an activation the paths of its observer, else the operator.
        rounding: How it rounds.
        observer: The observer or fake-quant of the prepared model; None for a weight that conversion rounds.
    """

    index: int
    kind: QuantizerKind
    paths: tuple[str, ...]
    rounding: Rounding
    name: str = "weight"
    observer: nn.Module | None = None


@dataclass(eq=False)
class Simulation:
    """A measuring copy: float when nothing is on, simulated when everything is.

    Attributes:
        module: Called as the prepared model is.
        board: Its switches.
        quantizers: All of them, by index.
        operators: Those with weights that are rounded.
        reruns_part: Whether a part of its graph may be run again on kept values: nothing is changed in place.
    """

    module: nn.Module
    board: Board = field(default_factory=Board)
    quantizers: list[MeasuredQuantizer] = field(default_factory=list)
    operators: list[Operator] = field(default_factory=list)
    reruns_part: bool = False

    @property
    def everything(self) -> frozenset[int]:
        """All quantizers on."""
        return frozenset(range(len(self.quantizers)))


def copied(prepared: nn.Module) -> nn.Module:
    """Return a copy that shares the memory of the parameters: conversion makes new ones and leaves these alone.

    Its own need no gradients.
    """
    memo: dict[int, Any] = {id(each): nn.Parameter(each.detach(), False) for each in prepared.parameters()}
    return own_copy(prepared, memo)


def simulate(prepared: nn.Module, converted: nn.Module, by_kernel: bool) -> Simulation:
    """Return the measuring copy of a prepared model.

    Args:
        prepared: A copy that may be changed, calibrated, in the mode that conversion found it in.
        converted: What conversion made: a weight is rounded as it is held there.
        by_kernel: Whether that calls quantized kernels, which know no narrower range than their dtype's.
    """
    found = Simulation(prepared)
    if by_kernel and isinstance(prepared, GraphModule):
        observe_weights(prepared)
    out_of_place(prepared)
    _weights_of_modules(found, prepared, converted)
    _observers(found, prepared, converted, by_kernel)
    if isinstance(prepared, GraphModule):
        _weights_of_functions(found, prepared)
        found.reruns_part = not is_changed_in_place(prepared)
        if not found.reruns_part:
            write_through(prepared, _constants(prepared))
    return found


def _observers(found: Simulation, model: nn.Module, converted: nn.Module, by_kernel: bool) -> None:
    """Put a switch in the place of every observer; one object is one quantizer, however often it stands there."""
    places: dict[int, list[tuple[nn.Module, str, str]]] = {}
    objects: dict[int, nn.Module] = {}
    for parent, name, path, child in _children(model):
        if role_of(child) in OBSERVING:
            places.setdefault(id(child), []).append((parent, name, path))
            objects[id(child)] = child
    unrounded = behind_numbers(model, converted) if by_kernel and isinstance(model, GraphModule) else frozenset()
    for key, stands_at in places.items():
        where = [each for each in stands_at if each[2] not in unrounded]
        for parent, name, _ in (each for each in stands_at if each[2] in unrounded):
            parent._modules[name] = nn.Identity()  # noqa: SLF001
        observer = objects[key]
        rounding = of_observer(observer, by_kernel)
        if rounding is None or (isinstance(rounding, Dynamic) and _feeds_cells(model, [path for _, _, path in where])):
            for parent, name, _ in where:
                parent._modules[name] = nn.Identity()  # noqa: SLF001 - it watches, and nothing becomes of it
            continue
        index = len(found.quantizers)
        kind: QuantizerKind = "dynamic" if isinstance(rounding, Dynamic) else "activation"
        paths = tuple(path for _, _, path in where)
        found.quantizers.append(MeasuredQuantizer(index, kind, paths, rounding, "", observer))
        for parent, name, path in where:
            parent._modules[name] = Switch(found.board, index, path, rounding)  # noqa: SLF001


def _feeds_cells(model: nn.Module, paths: list[str]) -> bool:
    """Return whether an observer stands before LSTMs and GRUs alone, whose kernels round their inputs themselves."""
    if not isinstance(model, GraphModule):
        return False
    users = [
        user for node in model.graph.nodes if node.op == "call_module" and node.target in paths for user in node.users
    ]
    return bool(users) and all(
        user.op == "call_module" and isinstance(_at(model, str(user.target)), _CELLS) for user in users
    )


def _children(model: nn.Module) -> Iterator[tuple[nn.Module, str, str, nn.Module]]:
    """Yield parent, name, path and module, also where one module stands at several places; not inside observers."""
    seen: set[tuple[int, str]] = set()

    def walk(parent: nn.Module, prefix: str) -> Iterator[tuple[nn.Module, str, str, nn.Module]]:
        for name, child in list(parent._modules.items()):  # noqa: SLF001 - named_children leaves repeated ones out
            if child is None or (id(parent), name) in seen:
                continue
            seen.add((id(parent), name))
            yield parent, name, prefix + name, child
            if role_of(child) not in OBSERVING:
                yield from walk(child, f"{prefix}{name}.")

    yield from walk(model, "")


def _weights_of_modules(found: Simulation, model: nn.Module, converted: nn.Module) -> None:
    """Make an operator of every module whose weight conversion rounded."""
    done: set[int] = set()
    for path, module in list(model.named_modules(remove_duplicate=False)):
        if id(module) in done or not path:
            continue
        result = _at(converted, path)
        if result is None or role_of(result) not in (Role.QUANTIZED, Role.QUANTIZED_DYNAMIC, Role.REFERENCE):
            continue
        done.add(id(module))
        if is_qat(module):
            _qat_weight(found, module, path, result)
        elif isinstance(module, _CELLS):
            _cell(found, module, path, result)
        else:
            _weight(found, module, path, result)


def _at(model: nn.Module, path: str) -> nn.Module | None:
    try:
        return model.get_submodule(path)
    except AttributeError:
        return None


def _qat_weight(found: Simulation, module: nn.Module, path: str, result: nn.Module) -> None:
    held = held_weight(result)  # in eager mode conversion moves the range once more
    own = held.affine if held is not None else None
    rounding = own or of_observer(module.get_submodule("weight_fake_quant"), by_kernel=True)
    if rounding is None:
        return
    observer = module.get_submodule("weight_fake_quant")
    switch = WeightSwitch(rounding)
    module._modules["weight_fake_quant"] = switch  # noqa: SLF001
    index = _new_weight(found, path, rounding, observer=observer)
    _take_over(found, module, path, [Weight(index, switch, "", rounding)])


def _weight(found: Simulation, module: nn.Module, path: str, result: nn.Module) -> None:
    held = held_weight(result)
    owner = None if held is None else _owner(module, held.held.shape)
    if held is None or owner is None:
        return
    index = _new_weight(found, path, held)
    before = _dynamic_input(found, module, path, result)
    _take_over(found, module, path, [Weight(index, owner, "weight", held)], before)


def held_weight(module: nn.Module) -> HeldWeight | None:
    """Return the weight that a quantized module holds, as float numbers; None if it is not rounded."""
    if role_of(module) is Role.REFERENCE:
        inner = next((each for each in module.modules() if hasattr(each, "get_weight")), None)
        weight = inner.get_weight() if inner is not None else None  # type: ignore[operator]
        return HeldWeight(weight.detach(), 8) if isinstance(weight, Tensor) else None
    tensor = packed_weight(module)
    if tensor is None:
        return None
    if tensor.is_quantized:
        return of_quantized(tensor)
    dtype = getattr(getattr(module, "_packed_params", None), "dtype", None)
    return HeldWeight(tensor.detach(), 16) if dtype is torch.float16 else None


def _owner(module: nn.Module, shape: torch.Size) -> nn.Module | None:
    """Return what holds the weight: the module, or the one inside a fused one."""
    for each in module.modules():
        weight = each._parameters.get("weight")  # noqa: SLF001
        if weight is not None and weight.shape == shape:
            return each
    return None


def _cell(found: Simulation, module: nn.Module, path: str, result: nn.Module) -> None:
    """Split an LSTM or GRU into its weights and all else."""
    weights = []
    names: dict[str, Any] = getattr(result, "get_weight", dict)()
    for name, tensor in names.items():
        if isinstance(tensor, Tensor) and name in module._parameters:  # noqa: SLF001
            rounding = of_quantized(tensor) if tensor.is_quantized else HeldWeight(tensor, 16)
            index = _new_weight(found, path, rounding, name)
            weights.append(Weight(index, module, name, rounding))
    index = len(found.quantizers)
    found.quantizers.append(MeasuredQuantizer(index, "cell", (path,), Half(8), "inside the cell"))
    _take_over(found, module, path, weights, cell=(index, result))


def _new_weight(
    found: Simulation, path: str, rounding: Rounding, name: str = "weight", observer: nn.Module | None = None
) -> int:
    index = len(found.quantizers)
    found.quantizers.append(MeasuredQuantizer(index, "weight", (path,), rounding, name, observer))
    return index


def _dynamic_input(found: Simulation, module: nn.Module, path: str, result: nn.Module) -> Switch | None:
    """Return what rounds the input of a dynamic module, unless an observer before it shows it already."""
    is_float16 = getattr(getattr(result, "_packed_params", None), "dtype", None) is torch.float16
    is_watched = isinstance(found.module, GraphModule)
    if role_of(result) is not Role.QUANTIZED_DYNAMIC or is_float16 or is_watched:
        return None
    index = len(found.quantizers)
    rounding = Dynamic()
    found.quantizers.append(MeasuredQuantizer(index, "dynamic", (path,), rounding, "input"))
    return Switch(found.board, index, f"{path}.input", rounding)


def _take_over(
    found: Simulation,
    module: nn.Module,
    path: str,
    weights: list[Weight],
    before: Switch | None = None,
    cell: tuple[int, nn.Module] | None = None,
) -> None:
    """Run in the place of a module's forward, so that its hooks and all who know the module see no difference."""
    made = Operator(found.board, path, module.forward, weights, before, cell)
    module.forward = made
    found.operators.append(made)


def _weights_of_functions(found: Simulation, model: GraphModule) -> None:
    """Fold the switch of a weight into the function that reads it, which shows its noise sample by sample."""
    constant = _constants(model)
    for node in list(model.graph.nodes):
        if node.op != "call_function" or node in constant:
            continue
        slots: dict[int, tuple[int, Rounding]] = {}
        for place, value in enumerate(node.args):
            switch = _switch(model, value)
            if switch is not None and value in constant and len(value.users) == 1:
                slots[place] = (switch.quantizer, switch.rounding)
        if slots:
            _fold(found, model, node, slots)
    for node in model.graph.nodes:
        switch = _switch(model, node)
        if switch is not None and node in constant:
            _rename(found, switch.quantizer, "weight", switch.rounding)
    model.graph.lint()
    model.recompile()


def _fold(found: Simulation, model: GraphModule, node: Node, slots: dict[int, tuple[int, Rounding]]) -> None:
    args = list(node.args)
    for place, (quantizer, rounding) in slots.items():
        value = args[place]
        assert isinstance(value, Node)
        args[place] = value.args[0]
        is_bias = place > 1 and found.quantizers[quantizer].rounding.bits > 16
        _rename(found, quantizer, "bias" if is_bias else "weight", rounding)
    assert callable(node.target)
    module = FunctionOperator(found.board, node.name, node.target, slots)
    name = f"_qviz_{node.name}"
    model.add_submodule(name, module)
    found.operators.append(module.operator)
    switches = [value for place in slots if isinstance(value := node.args[place], Node)]
    node.op, node.target, node.args = "call_module", name, tuple(args)
    for each in switches:
        model.graph.erase_node(each)


def _rename(found: Simulation, index: int, kind: QuantizerKind, rounding: Rounding) -> None:
    old = found.quantizers[index]
    found.quantizers[index] = MeasuredQuantizer(index, kind, old.paths, rounding, kind, old.observer)


def _switch(model: GraphModule, value: Any) -> Switch | None:
    if not isinstance(value, Node) or value.op != "call_module":
        return None
    module = _at(model, str(value.target))
    return module if isinstance(module, Switch) else None


def _constants(model: GraphModule) -> set[Node]:
    """Return the nodes that depend on parameters and buffers alone."""
    found: set[Node] = set()
    for node in model.graph.nodes:
        inputs = node.all_input_nodes
        if node.op == "get_attr" or (inputs and node.op != "output" and all(each in found for each in inputs)):
            found.add(node)
    return found


def nodes_of(quantizer: MeasuredQuantizer, graph: Graph) -> tuple[str, ...]:
    """Return the ids of a quantizer's nodes in the recorded graph of a stage."""
    return tuple(
        node.id
        for node in graph.nodes
        if (node.op == "call_module" and node.target in quantizer.paths) or node.id in quantizer.paths
    )
