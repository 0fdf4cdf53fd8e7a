"""Compares simulated and converted model operator by operator, each fed equal inputs.

Both run in lock-step: what the converted model gave is recorded where a value of the simulated one stands for it;
the simulated one is compared there, and goes on with the recorded value. So a difference belongs to the operators
since the last such place. A kernel that rounds right is off by half a step of its output; the rest of the
0.52 steps is for sums in another order.

Source:
    ``torch.ao.ns`` compares whole tensors by SQNR, where a step too many in a few elements does not show.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.fx import GraphModule, Node
from torch.utils import _pytree as pytree

from qviz.analysis.linking.index import LinkIndex
from qviz.document import graph as document
from qviz.document.graph import COMPUTING, Kind
from qviz.document.measurements import KernelDifference
from qviz.document.said import Said
from qviz.engine.loading.forward import Arguments
from qviz.engine.measure.kernels import kernel_causes
from qviz.engine.measure.kernels.pairs import Pairs, is_switch
from qviz.engine.measure.models.measured import Measured
from qviz.engine.measure.running.outputs import decibels
from qviz.engine.measure.simulated.board import Operator, Switch
from qviz.engine.measure.simulated.graphs import NodeByNode, equalize, graph_of, run_graph, state_kept, storage_of
from qviz.engine.measure.simulated.rounding import Affine, Half
from qviz.engine.nodes.arguments import number

MOST_STEPS = 0.52
"""What a kernel may be off, in steps of its output."""
_CLOSE = 1e-4
"""What a float result may be off, relative to its largest value: sums of 32-bit floats in another order."""
_CLOSE_IN_HALF = 4e-3
"""The same where the operator works in float16."""
_CELL_DB = 20.0
"""A cell rounds at every step inside; 8 bits leave more than this."""


@dataclass
class _Tally:
    """What was found at one place, over all calls and batches."""

    region: tuple[str, ...]
    in_steps: bool
    wrong: int = 0
    elements: int = 0
    largest: float = 0.0
    noise: float = 0.0
    signal: float = 0.0
    cause: Said | None = None


def kernel_differences(measured: Measured) -> tuple[KernelDifference, ...]:
    """Return the operators of the converted model that compute something else, in the order of its graph."""
    after = measured.stages[-1]
    before = next((stage for stage in measured.stages if stage.name == "prepared"), measured.stages[0])
    if before is after:
        return ()
    batches, model = measured.evaluation.batches, measured.simulation.module
    simulated, converted = graph_of(model, batches[0]), graph_of(measured.converted, batches[0])
    pairs = Pairs(simulated, converted, before, after, LinkIndex(measured.links))
    lock_step = _LockStep(measured, pairs, simulated, converted)
    with warnings.catch_warnings(), state_kept(model, measured.converted):
        warnings.simplefilter("ignore")
        for batch in batches:
            equalize(model, measured.converted)
            lock_step.compare(batch)
    return tuple(lock_step.found())


class _LockStep:
    """Feeds the simulated model with the values of the converted one, and compares.

    It is the probe of the board: a switch of an eager model runs inside its module, not as a node of its own.
    """

    def __init__(self, measured: Measured, pairs: Pairs, simulated: GraphModule, converted: GraphModule) -> None:
        self._board, self._pairs = measured.simulation.board, pairs
        self._simulated, self._converted = simulated, converted
        self._everything = measured.simulation.everything
        self._recorded: dict[str, Any] = {}
        self._places = {str(node.target): node.name for node in simulated.graph.nodes if node.op == "call_module"}
        self._tallies: dict[str, _Tally] = {}
        self._compared: set[str] = set()
        self._run: NodeByNode | None = None
        self._writers: dict[str, set[str]] = {}
        self._lost: dict[str, set[str]] = {}
        self._dropped: dict[str, set[str]] = {}
        self._takes_scale: set[str] = set()
        self._wide: set[str] = set()
        self._is_half = any(isinstance(each.rounding, Half) for each in measured.simulation.quantizers)

    def compare(self, batch: Arguments) -> None:
        """Compare on one call."""
        self._recorded = {}
        self._run = NodeByNode(self._converted, self._record)
        run_graph(self._run, batch)
        self._compared = set()
        self._run = NodeByNode(self._simulated, self._seen)
        with self._board.set_to(probe=self):
            run_graph(self._run, batch)

    def _record(self, node: Node, value: Any) -> Any:
        assert self._run is not None
        given = [self._run.env.get(each) for each in node.all_input_nodes]
        if kernel_causes.takes_scale(value, given):
            self._takes_scale.add(node.name)
        if kernel_causes.is_wide(node, given):
            self._wide.add(node.name)
        self._writers[node.name] = {each.name for each in self._run.writers(node)}
        if node.name in self._pairs.known:
            self._recorded[node.name] = pytree.tree_map_only(Tensor, torch.clone, value)
        return value

    def at_switch(self, switch: Switch, values: Tensor) -> Tensor:
        """Compare what is rounded here with what the converted model holds; go on with that."""
        name = self._place_of(switch)
        rounding = switch.rounding
        partner, recorded = self._held(name, values)
        if recorded is None:
            return rounding(values)
        held = recorded.dequantize() if recorded.is_quantized else recorded.to(values.dtype)
        if isinstance(rounding, Affine):
            along, bounds = rounding.spread(values), (rounding.low, rounding.high)
            own = _qparams(recorded) if recorded.is_quantized else along
            if own == along:
                self._compare_steps(partner, values, held, along, bounds)
            else:  # the kernel chose a scale of its own, as that of adding a number: what it clips, it loses
                self._compare_steps(partner, values, held, own, None)
                if not self._tallies[partner].wrong:
                    del self._tallies[partner]
                    self._compare_steps(partner, values, held, along, bounds)
                    self._tallies[partner].cause = Said("kernel.own_scale", {"subject": (partner,)})
                elif kernel_causes.is_called_again(self._converted, partner):
                    self._tallies[partner].cause = Said("kernel.scale_of_other_call", {"subject": (partner,)})
        else:
            self._compare_float(partner, rounding(values), held)
        self._compared.update(self._pairs.of[name])
        return switch.given(values, held)

    def _place_of(self, switch: Switch) -> str:
        """Return the node that calls a switch, of several that at work or behind it; a path inside a module."""
        at = self._run.at if self._run is not None else None
        calls = (at, *at.users) if at is not None else ()
        found = (each.name for each in calls if each.op == "call_module" and each.target == switch.path)
        return next(found, self._places.get(switch.path, switch.path))

    def at_operator(self, operator: Operator, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
        """Run it as it is simulated; of a cell the inside stays in float, because its kernel is what is looked at."""
        if operator.cell is None:
            return operator.run(self._everything, args, kwargs)
        return operator.run(self._everything - {operator.cell[0]}, args, kwargs)

    def _held(self, name: str, values: Tensor) -> tuple[str, Tensor | None]:
        for partner in self._pairs.of.get(name, ()):
            value = self._recorded.get(partner)
            if isinstance(value, Tensor) and value.shape == values.shape:
                is_cast = self._pairs.index.nodes[partner].kind is Kind.DEQUANTIZE
                if value.is_quantized or (value.is_floating_point() and is_cast):
                    return partner, value
        return "", None

    def _seen(self, node: Node, value: Any) -> Any:
        """Compare what a node of the simulated graph gives, where the converted one has the same value."""
        if node.op in ("placeholder", "get_attr", "output"):
            return value
        self._look_for_lost(node)
        if self._is_switched(node):
            return value
        for partner in self._pairs.ends(node.name):
            held = self._recorded.get(partner)
            ours, structure = pytree.tree_flatten(value)
            theirs, other = pytree.tree_flatten(held)
            if structure != other or not all(map(_is_alike, ours, theirs)):
                continue
            is_cell = not isinstance(value, Tensor)
            for one, two in zip(ours, theirs, strict=True):
                self._compare_node(partner, one, two, is_cell)
            self._compared.update(self._pairs.of[node.name])
            if self._is_view(node, ours):
                return value
            went = [two.dequantize() if _is_quantized(two) else two for two in theirs]
            return pytree.tree_unflatten(went, structure)
        return value

    def _look_for_lost(self, node: Node) -> None:
        """Note what is written into an input of a node here, and is not in the converted graph."""
        assert self._run is not None
        for writer, written in self._run.writers(node).items():
            if is_switch(self._simulated, writer):
                continue
            for reader in self._pairs.of.get(node.name, ()):
                partners = self._pairs.of.get(writer.name, ())
                if written.op == "get_attr" and not self._writers.get(reader):
                    self._dropped.setdefault(reader, set()).add(writer.name)
                if self._pairs.index.nodes[reader].kind in COMPUTING and not any(
                    each in self._writers.get(reader, ()) or each in self._pairs.sources(reader) for each in partners
                ):
                    self._lost.setdefault(reader, set()).update(partners[:1])

    def _is_switched(self, node: Node) -> bool:
        """Return whether what a node gives is rounded next, and compared there."""
        users = [is_switch(self._simulated, each) for each in node.users]
        return is_switch(self._simulated, node) or (bool(users) and all(users))

    def _is_view(self, node: Node, values: Sequence[Any]) -> bool:
        """Return whether a node gives a part of its input's memory: later writes have to reach both."""
        assert self._run is not None
        inputs = {
            storage_of(leaf)
            for each in node.all_input_nodes
            for leaf in pytree.tree_leaves(self._run.env.get(each))
            if isinstance(leaf, Tensor)
        }
        return any(isinstance(each, Tensor) and storage_of(each) in inputs for each in values)

    def _compare_node(self, partner: str, ours: Any, theirs: Any, is_cell: bool) -> None:
        if not isinstance(ours, Tensor) or not ours.is_floating_point():
            return
        if theirs.is_quantized:
            self._compare_steps(partner, ours, theirs.dequantize(), _qparams(theirs), None)
            if partner in self._takes_scale:
                self._tallies[partner].cause = Said("kernel.scale_of_input", {"subject": (partner,)})
        elif is_cell:
            self._compare_cell(partner, ours, theirs)
        else:
            self._compare_float(partner, ours, theirs)

    def _compare_steps(
        self,
        partner: str,
        ours: Tensor,
        theirs: Tensor,
        along: tuple[Tensor, Tensor],
        bounds: tuple[int, int] | None,
    ) -> None:
        scale, zero_point = along
        # the last step of a scale that holds the smallest float is beyond it, or not, by the order of two products
        most = torch.finfo(torch.float32).max
        wanted = ours.detach().double().clamp(-most, most) / scale + zero_point
        if bounds is not None:
            wanted = wanted.clamp(*bounds)
        off = theirs.double().clamp(-most, most) / scale + zero_point - wanted
        off = off.masked_fill(_same(ours, theirs), 0.0)
        self._add(partner, off.abs(), off.abs() > MOST_STEPS, ours, theirs, in_steps=True)

    def _compare_float(self, partner: str, ours: Tensor, theirs: Tensor) -> None:
        ours, theirs = ours.double(), theirs.double()
        largest = float(ours[ours.isfinite()].abs().max()) if ours.isfinite().any() else 0.0
        off = (ours - theirs).abs().masked_fill(_same(ours, theirs), 0.0) / (largest or 1.0)
        close = _CLOSE_IN_HALF if self._is_half else _CLOSE
        self._add(partner, off, ~(off <= close), ours, theirs, in_steps=False)

    def _compare_cell(self, partner: str, ours: Tensor, theirs: Tensor) -> None:
        ours, theirs = ours.double(), theirs.double()
        noise, signal = float((ours - theirs).square().sum()), float(ours.square().sum())
        ratio = decibels(signal, noise)
        off = (ours - theirs).abs() / (float(ours.abs().max()) or 1.0) if ours.numel() else ours
        is_wrong = ratio is None or (ratio != "inf" and float(ratio) < _CELL_DB)
        self._add(partner, off, torch.full_like(off, is_wrong, dtype=torch.bool), ours, theirs, in_steps=False)

    def _add(self, partner: str, off: Tensor, wrong: Tensor, ours: Tensor, theirs: Tensor, in_steps: bool) -> None:
        if partner not in self._tallies:
            self._tallies[partner] = _Tally(self._pairs.region(partner, self._compared), in_steps)
        tally = self._tallies[partner]
        tally.elements += off.numel()
        count = int(wrong.sum())
        tally.wrong += count
        if count:
            at_worst = off[wrong]
            tally.largest = max(tally.largest, float(at_worst.nan_to_num(nan=math.inf, posinf=math.inf).max()))
        tally.noise += float((ours.double() - theirs.double()).square().sum())
        tally.signal += float(ours.double().square().sum())

    def _cause(self, tally: _Tally) -> Said | None:
        if tally.cause is not None:
            return tally.cause
        at = tally.region[-1]
        dropped = sorted({each for reader in tally.region for each in self._dropped.get(reader, ())})
        if dropped:
            return Said("kernel.dropped_write", {"reader": (at,)}, {"writers": [*dropped]})
        region = [self._pairs.index.nodes[each] for each in tally.region]
        stands_for = [name for name, partners in self._pairs.of.items() if at in partners]
        known = kernel_causes.of_operators(self._simulated, self._converted, region, stands_for)
        return known or (kernel_causes.overflow(at) if at in self._wide and tally.in_steps else None)

    def found(self) -> Iterator[KernelDifference]:
        """Yield what differs, in the order of the graph."""
        order = {node.id: place for place, node in enumerate(self._pairs.after.graph.nodes)}
        wrong = {name: tally for name, tally in self._tallies.items() if tally.wrong}
        for count, name in enumerate(sorted(wrong, key=order.__getitem__)):
            tally = wrong[name]
            node = self._pairs.index.nodes[tally.region[-1]]
            writers = {each for reader in tally.region for each in self._lost.get(reader, ())}
            lost = sorted(writers, key=order.__getitem__)
            yield KernelDifference(
                stage=self._pairs.after.name,
                nodes=(*lost, *(each for each in tally.region if each not in lost)),
                module=_place(node),
                target=node.module_type if node.op == "call_module" else node.target,
                wrong=tally.wrong / tally.elements,
                largest=number(tally.largest),
                in_steps=tally.in_steps,
                sqnr_db=decibels(tally.signal, tally.noise),
                is_first=count == 0,
                cause=Said("kernel.lost_write", {"writer": tuple(lost), "reader": tally.region})
                if lost
                else self._cause(tally),
            )


def _same(ours: Tensor, theirs: Tensor) -> Tensor:
    """Return where both are equal, infinite alike, or both no numbers."""
    return (ours == theirs) | (ours.isnan() & theirs.isnan())


def _place(node: document.Node) -> str:
    return node.place or (str(node.target) if node.op == "call_module" else "")


def _is_alike(ours: Any, theirs: Any) -> bool:
    if not isinstance(ours, Tensor) or not isinstance(theirs, Tensor):
        return type(ours) is type(theirs)
    return ours.shape == theirs.shape and (theirs.is_quantized or ours.dtype == theirs.dtype)


def _is_quantized(value: Any) -> bool:
    return isinstance(value, Tensor) and value.is_quantized


def _qparams(tensor: Tensor) -> tuple[Tensor, Tensor]:
    """Return scale and zero point of a quantized tensor, to be broadcast against it."""
    if tensor.qscheme() in (torch.per_tensor_affine, torch.per_tensor_symmetric):
        return torch.tensor(tensor.q_scale()).double(), torch.tensor(tensor.q_zero_point()).double()
    shape = [1] * tensor.dim()
    shape[tensor.q_per_channel_axis()] = -1
    return tensor.q_per_channel_scales().double().reshape(shape), tensor.q_per_channel_zero_points().double().reshape(
        shape
    )
