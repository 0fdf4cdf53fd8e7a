"""Says how what goes in and out of every node is quantized."""

from __future__ import annotations

import re
from typing import Any

import msgspec
import torch
from torch._ops import OpOverload, OpOverloadPacket
from torch.fx import GraphModule, Node

from qviz.document.graph import COMPUTING, Kind, Numbers, QParams, Quant
from qviz.document.snapshot import Integers
from qviz.engine.nodes import integers
from qviz.engine.nodes.arguments import number
from qviz.engine.nodes.called import called_module
from qviz.engine.nodes.kinds import is_half_cast
from qviz.engine.nodes.module_roles import LOW, role_of
from qviz.engine.nodes.qparams import numbers, of_module, of_packed, of_tensor, packed_weight, single, unpacked
from qviz.engine.nodes.targets import argument, argument_names, bare_name, target_name
from qviz.engine.recording.values import Known, attribute

PER_TENSOR, PER_CHANNEL = "torch.per_tensor_affine", "torch.per_channel_affine"

_WEIGHT_SECOND = ("conv", "linear", "embedding", "addmm")
"""Operators whose weight comes right behind the input; a bias may follow."""

_SAME_SCALE = re.compile(
    r"relu|max_?pool|(adaptive_?)?avg_?pool|adaptive_max_?pool|mean|hardtanh|clamp|interpolate|dropout"
)
"""Arithmetic on a quantized tensor that keeps its scale."""

_POSITIONS = {
    "quantize_per_tensor": ("scale", "zero_point", "dtype"),
    "quantize_per_channel": ("scales", "zero_points", "axis", "dtype"),
    "quantize_per_tensor_dynamic": ("dtype", "reduce_range"),
}
"""Arguments behind the input of ``torch.quantize_*``, which are builtins without a schema."""


class Reading:
    """Reads the quantization of one graph's nodes, in graph order.

    Attributes:
        flowing: By node, how the quantized tensor that it gives is quantized.
        integers: By node name, the integers of a quantized weight.
    """

    def __init__(self, module: GraphModule, kinds: dict[str, Kind], known: Known) -> None:
        self.module, self.kinds = module, kinds
        self.measured, self.values = known.quantized, known.values
        self.flowing: dict[Node, QParams] = {}
        self.integers: dict[str, Integers] = {}
        self._by_observer: dict[torch.nn.Module, Quant | None] = {}

    def all(self) -> dict[str, Quant]:
        """Return the quantization of every node where something is known."""
        found = {node.name: self._read(node) for node in self.module.graph.nodes}
        for node in self.module.graph.nodes:
            if self.kinds[node.name] in COMPUTING:
                found[node.name] = self._with_output_cast(node, found[node.name])
        return {name: quant for name, quant in found.items() if quant is not None}

    def _read(self, node: Node) -> Quant | None:
        match self.kinds[node.name]:
            case Kind.QUANTIZE | Kind.CHOOSE_QPARAMS:
                quant = Quant(output=self._of_cast(node))
            case Kind.DEQUANTIZE:
                asked = self._of_cast(node) or self._given(node)
                quant = Quant(input=asked)
            case Kind.CONSTANT:
                quant = Quant(output=self._of_constant(node))
            case kind if kind.watches and node.op == "call_module":
                return self._of_observer(called_module(self.module, node))
            case kind if kind.computes:
                if self._gives_numbers(node):
                    return None
                quant = self._of_operator(node)
            case _:
                return None
        if self.kinds[node.name] is not Kind.CHOOSE_QPARAMS:
            flowing = self.measured.get(node.name) or quant.output or self._handed_on(node)
            if flowing is not None:
                self.flowing[node] = flowing
        return quant if quant != Quant() else None

    def _gives_numbers(self, node: Node) -> bool:
        """Return whether a node tells of tensors and gives none: a shape, a size, what is computed of them."""
        values = self.values.get(node.name, ())
        return bool(values) and not any(value.dtype.startswith("torch.") for value in values)

    def _of_observer(self, observer: torch.nn.Module) -> Quant | None:
        """Ask each observer once: a histogram of few values takes long to tell its scale."""
        if observer not in self._by_observer:
            self._by_observer[observer] = of_module(observer)
        return self._by_observer[observer]

    def _given(self, node: Node, position: int = 0) -> QParams | None:
        """Return how the input at that place is quantized."""
        producer = _producer(node, position)
        return self.flowing.get(producer) if producer else None

    def _handed_on(self, node: Node) -> QParams | None:
        """Return the scale of a quantized tensor that the node hands on as it is."""
        if self.kinds[node.name] is Kind.OP or _SAME_SCALE.match(self._function(node)):
            return self._given(node)
        return None

    def _function(self, node: Node) -> str:
        if node.op == "call_module":
            return type(called_module(self.module, node)).__name__.lower()
        return bare_name(node.target)

    def _of_cast(self, node: Node) -> QParams | None:
        if node.op == "call_module":
            quant = of_module(called_module(self.module, node))
            return quant.output if quant else None
        if is_half_cast(node) or bare_name(node.target) == "convert_element_type":
            return QParams(str(torch.float16))
        get = self._getter(node)
        dtype = get("dtype")
        if dtype is None:
            return None
        axis = get("axis")
        per_channel = isinstance(axis, int) or "per_channel" in target_name(node.target)
        read = self._all_numbers if per_channel else self._one_number
        scale = get("scale") if get("scale") is not None else get("scales")
        zero_point = get("zero_point") if get("zero_point") is not None else get("zero_points")
        return QParams(
            str(dtype),
            PER_CHANNEL if per_channel else PER_TENSOR,
            read(scale),
            read(zero_point),
            _bound(get("quant_min")),
            _bound(get("quant_max")),
            axis if isinstance(axis, int) else None,
        )

    def _of_constant(self, node: Node) -> QParams | None:
        value = attribute(self.module, node) if node.op == "get_attr" else None
        weight = unpacked(value)
        if weight is not None:
            self._keep(node, integers.of_quantized(weight))
        if not isinstance(value, torch.Tensor):
            return None
        params = of_tensor(value) or self._read_as(node)
        self._keep(node, integers.of_quantized(value) or integers.of_plain(value, params))
        return params

    def _read_as(self, node: Node) -> QParams | None:
        """Return how the dequantize behind a constant of plain integers takes it."""
        readers = (user for user in node.users if self.kinds[user.name] is Kind.DEQUANTIZE and user.args[0] is node)
        reader = next(readers, None)
        return self._of_cast(reader) if reader is not None else None

    def _keep(self, node: Node, found: Integers | None) -> None:
        if found is not None:
            self.integers[node.name] = found

    def _getter(self, node: Node) -> Any:
        positions = _POSITIONS.get(bare_name(node.target), ())
        if isinstance(node.target, OpOverload) or not positions:
            return lambda name: argument(node, name)
        by_name = {**dict(zip(positions, node.args[1:], strict=False)), **node.kwargs}
        return by_name.get

    def _resolved(self, value: Any) -> Any:
        if isinstance(value, Node):
            return attribute(self.module, value) if value.op == "get_attr" else None
        return value

    def _one_number(self, value: Any) -> Numbers:
        return single(self._resolved(value))

    def _all_numbers(self, value: Any) -> Numbers:
        return numbers(self._resolved(value))

    def _of_operator(self, node: Node) -> Quant:
        quant = Quant(input=self._fed(node, 0))
        if node.op == "call_module":
            own = self._of_called(node)
            output = self.measured.get(node.name) if self.kinds[node.name] is Kind.QUANTIZED_OP else None
            weight = own.weight if own else None
            return msgspec.structs.replace(quant, weight=weight, output=output or (own.output if own else None))
        if node.op == "call_function" and bare_name(node.target).startswith(_WEIGHT_SECOND):
            quant = msgspec.structs.replace(quant, weight=self._weight(node), bias=self._fed(node, 2))
        if self.kinds[node.name] is Kind.QUANTIZED_OP:
            quant = msgspec.structs.replace(quant, output=self.measured.get(node.name) or self._of_packed_call(node))
        return quant

    def _of_called(self, node: Node) -> Quant | None:
        child = called_module(self.module, node)
        packed = packed_weight(child) if role_of(child) in LOW else None
        if packed is not None:
            self._keep(node, integers.of_quantized(packed))
        return of_module(child, packed)

    def _fed(self, node: Node, position: int) -> QParams | None:
        """Return how an input was quantized: it is still, or a dequantize stands right before."""
        producer = _producer(node, position)
        if producer is None:
            return None
        if self.kinds[producer.name] is Kind.DEQUANTIZE:
            return self._of_cast(producer) or self._given(producer)
        return self.flowing.get(producer)

    def _weight(self, node: Node) -> QParams | None:
        producer = _producer(node, 1)
        packed = attribute(self.module, producer) if producer and producer.op == "get_attr" else None
        return self._fed(node, 1) or of_packed(packed)

    def _of_packed_call(self, node: Node) -> QParams | None:
        """Return the output's scale and zero point among the arguments of ``torch.ops.quantized.*``."""
        for names in _argument_names(node.target, len(node.args)):
            by_name = {**dict(zip(names, node.args, strict=False)), **node.kwargs}
            scale = _first(by_name, "scale", "output_scale", "Y_scale_i", "Y_scale")
            zero_point = _first(by_name, "zero_point", "output_zero_point", "Y_zero_point_i", "Y_zero_point")
            if scale is not None and zero_point is not None:
                dtype = next((value.dtype for value in self.values.get(node.name, ())), "torch.quint8")
                found = QParams(dtype, PER_TENSOR, self._one_number(scale), self._one_number(zero_point))
                return None if "float" in dtype else found
        return None

    def _with_output_cast(self, node: Node, quant: Quant | None) -> Quant | None:
        """Take the output's quantization from the quantize behind a float operator."""
        users = list(node.users)
        if (quant and quant.output) or len(users) != 1 or self.kinds[users[0].name] is not Kind.QUANTIZE:
            return quant
        output = self.flowing.get(users[0])
        if output is None or output.scale is None:  # found anew at every call: it serves the operator behind it
            return quant
        if self.kinds[node.name] is not Kind.QUANTIZED_OP and not self._comes_from_low(node):
            return quant  # it computes in float
        return msgspec.structs.replace(quant or Quant(), output=output)

    def _comes_from_low(self, node: Node) -> bool:
        """Return whether a dequantize feeds an operator, or the first of a pattern that it ends."""
        waiting, seen = [node], {node}
        while waiting:
            for each in waiting.pop().all_input_nodes:
                if self.kinds[each.name] is Kind.DEQUANTIZE:
                    return True
                if self.kinds[each.name] in (Kind.OP, Kind.FUSED_OP) and each not in seen:
                    seen.add(each)
                    waiting.append(each)
        return False


def _producer(node: Node, position: int) -> Node | None:
    each = node.args[position] if position < len(node.args) else None
    return each if isinstance(each, Node) else None


def _argument_names(target: Any, count: int) -> list[list[str]]:
    """Return the argument names of the overloads that take so many arguments."""
    if isinstance(target, OpOverload):
        overloads = [target]
    elif isinstance(target, OpOverloadPacket):
        overloads = [getattr(target, name) for name in target.overloads()]
    else:
        return []
    return [names for names in map(argument_names, overloads) if len(names) >= count]


def _first(by_name: dict[str, Any], *names: str) -> Any:
    return next((by_name[name] for name in names if by_name.get(name) is not None), None)


def _bound(value: Any) -> Any:
    return number(value) if isinstance(value, float) else value if isinstance(value, int) else None
