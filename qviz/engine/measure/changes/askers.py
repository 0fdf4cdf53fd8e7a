"""Tells for whose sake each quantizer is there, how large its weight is and how much its operator computes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.fx import GraphModule, Node
from torch.utils.flop_counter import FlopCounterMode

from qviz.document.measurements import QuantizerNoise
from qviz.engine.loading.forward import Arguments
from qviz.engine.measure.models.measured import Measured
from qviz.engine.measure.simulated.board import FunctionOperator, Operator, Switch
from qviz.engine.measure.simulated.simulation import Simulation
from qviz.engine.nodes.macs import flop_counter
from qviz.engine.why.observers import ANNOTATION, TARGET_DTYPE, observes


def asked_by(simulation: Simulation) -> dict[int, tuple[str, ...]]:
    """Return the names of the operators that ask for each quantizer; none where the metadata does not tell.

    Without all of them it would not be there: those whose weight it is; of an activation who gives it, if its
    output is to be rounded, and who reads it, if its input is.
    """
    module = simulation.module
    if not isinstance(module, GraphModule):
        return {}
    found: dict[int, dict[str, None]] = {}
    by_path = {operator.path: operator for operator in simulation.operators}
    for node in module.graph.nodes:
        target = _called(module, node)
        if isinstance(target, Switch):
            found.setdefault(target.quantizer, {}).update(dict.fromkeys(_around(module, node)))
        operator = target.operator if isinstance(target, FunctionOperator) else by_path.get(str(node.target))
        if node.op == "call_module" and operator is not None:
            for quantizer in operator.quantizers:
                found.setdefault(quantizer, {})[node.name] = None
    return {quantizer: tuple(names) for quantizer, names in found.items()}


def _called(module: GraphModule, node: Any) -> Any:
    return module.get_submodule(str(node.target)) if isinstance(node, Node) and node.op == "call_module" else None


def _around(module: GraphModule, switch: Node) -> Iterator[str]:
    """Yield who asks for a switch, before and behind it, past other switches."""
    subject: Any = switch.args[0] if switch.args else None
    while isinstance(_called(module, subject), Switch):
        subject = subject.args[0]
    if not isinstance(subject, Node):
        return
    if _wants_output(subject):
        yield subject.name
    waiting = list(switch.users)
    while waiting:
        user = waiting.pop(0)
        if isinstance(_called(module, user), Switch):
            waiting += user.users
        elif _wants_input(user, subject, switch):
            yield user.name


def _wants_output(node: Node) -> bool:
    annotation = node.meta.get(ANNOTATION)
    if annotation is not None:
        return annotation.output_qspec is not None
    is_constant = node.op in ("placeholder", "get_attr")
    return not is_constant and observes(node.meta.get(TARGET_DTYPE, {}).get("output_act_obs_or_fq_ctr"))


def _wants_input(user: Node, subject: Node, switch: Node) -> bool:
    annotation = user.meta.get(ANNOTATION)
    if annotation is not None:  # its keys are the nodes of the graph that this one is a copy of
        return any(each.name in (subject.name, switch.name) for each in annotation.input_qspec_map)
    info: Mapping[str, Any] = user.meta.get(TARGET_DTYPE, {})
    return any(observes(info.get(f"{each}_obs_or_fq_ctr")) for each in ("input_act", "weight"))


class OwnModules:
    """Tells whose quantizers those of an eager model are: nobody asks for them but the module's own qconfig."""

    def __init__(self, measured: Measured) -> None:
        graph = measured.stage.graph
        is_eager = not isinstance(measured.simulation.module, GraphModule)
        self._nodes = {node.id: node for node in graph.nodes} if is_eager else {}
        self._given = {edge.to_id: edge.from_id for edge in graph.edges if edge.input_index == 0}

    def of(self, row: QuantizerNoise) -> tuple[str, ...]:
        """Return the modules whose quantizer a row is: without all of them it would not be there."""
        owners = (self._given.get(each, "") if row.kind == "activation" else each for each in row.nodes)
        found = tuple(dict.fromkeys(owners))
        is_known = all(each in self._nodes and self._nodes[each].op == "call_module" for each in found)
        return found if is_known else ()


class Work(NamedTuple):
    """How large weights are, and how much is computed with them.

    Attributes:
        elements: Of each weight, by quantizer.
        macs: Multiply-accumulates of its operator.
        total: Of the whole model.
    """

    elements: dict[int, int]
    macs: dict[int, int]
    total: int


def work(simulation: Simulation, batch: Arguments) -> Work:
    """Return the multiply-accumulates of one batch, run in float, as torch's ``FlopCounterMode`` counts them."""
    probe = _Counting()
    with torch.no_grad(), flop_counter() as counter:
        probe.counter = counter
        with simulation.board.set_to(probe=probe):
            batch.cloned().call(simulation.module)
    return Work(probe.elements, probe.macs, counter.get_total_flops() // 2)


class _Counting:
    """Runs in float, and notes what each operator adds to the count."""

    def __init__(self) -> None:
        self.counter: FlopCounterMode | None = None
        self.elements: dict[int, int] = {}
        self.macs: dict[int, int] = {}

    def at_switch(self, switch: Switch, values: Tensor) -> Tensor:
        return values

    def at_operator(self, operator: Operator, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
        assert self.counter is not None
        before = self.counter.get_total_flops()
        result = operator.run(frozenset(), args, kwargs)
        macs = (self.counter.get_total_flops() - before) // 2
        for quantizer, _, weight in operator.floats(args):
            self.elements[quantizer] = weight.numel()
            self.macs[quantizer] = self.macs.get(quantizer, 0) + macs
        return result
