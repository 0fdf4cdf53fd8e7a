"""Says for whom each cast and each constant is there, and whether it is needed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from torch.fx import GraphModule, Node

from qviz.document import graph as document
from qviz.document.graph import CASTING, WATCHING, Graph, Json, Kind, QParams, Quant, Why
from qviz.engine.nodes.arguments import number
from qviz.engine.nodes.module_paths import own_place
from qviz.engine.nodes.targets import bare_name, target_name
from qviz.engine.why.statements import Roles, inner, reason, within
from qviz.engine.why.subgraphs import read_graph

_OUTPUT = re.compile(r"(scale|zero_point)_\d+$")
"""How convert names the constants that lowered functions take."""
_PACKED = re.compile(r"_packed_weight_\d+$")
"""How convert names what it packed for the kernel of a function."""
_WEIGHT_AT = {1: "weight", 2: "bias"}
"""Which input of an operator with a weight is what."""
_PASSED = CASTING | WATCHING
"""What stands between a value and who computes with it."""
_HAS_WEIGHT = re.compile(r"conv(_?transpose)?[123]?d?|convolution|linear|prelu|\w*_norm")


class Casts:
    """Explains the casts and constants of one graph.

    Args:
        module: The graph.
        kinds: Of its nodes.
        quants: Of its nodes, where known.
        earlier: The stage before, whose observers the casts stand for.
    """

    def __init__(
        self, module: GraphModule, kinds: Mapping[str, Kind], quants: Mapping[str, Quant], earlier: Graph | None
    ) -> None:
        self.module, self.kinds, self.quants = module, kinds, quants
        self.observed = _observed(earlier) if earlier is not None else {}
        self.before = {each.id: each.why for each in earlier.nodes} if earlier is not None else {}

    def of(self, node: Node) -> Why:
        """Return why a cast or a constant is there."""
        if self.kinds[node.name] is Kind.CONSTANT:
            return self._of_constant(node)
        subject, readers = self._subject(node), self._readers(node)
        if self.kinds[node.name] is Kind.DEQUANTIZE:
            return self._of_dequantize(node, subject, readers)
        is_dynamic = self.kinds[node.name] is Kind.CHOOSE_QPARAMS
        if is_dynamic:  # it gives a scale and a zero point, which are picked before they are read
            readers = list(dict.fromkeys(reader for user in node.users for reader in self._readers(user)))
        code = "cast.choose_qparams" if is_dynamic else "cast.quantize" if readers else "cast.quantize_unread"
        same = self._needless(node)
        asked = self._stood_for(node, subject, readers)
        return reason(
            code,
            asked.why.api if asked is not None else target_name(node.target),
            {"subject": _all(subject), "readers": readers, "same_as": _all(same)},
            origin=_stood_before(asked) if asked is not None else self._params(node),
        )

    def _stood_for(self, node: Node, subject: Node | None, readers: list[Node]) -> _Observed | None:
        """Return the observer that a cast stands for: of several on one value, the one for the same readers."""
        on_subject = self.observed.get(subject.name) if subject is not None else None
        if not on_subject:
            return None
        passed = -1
        while node is not subject and node.all_input_nodes:
            passed += self.kinds[node.name] is Kind.QUANTIZE
            node = node.all_input_nodes[0]
        alike = [each for each in on_subject if each.passed == max(passed, 0)] or on_subject
        names = {each.name for each in readers}
        return next((each for each in alike if each.readers & names), alike[0] if alike else None)

    def _of_dequantize(self, node: Node, subject: Node | None, readers: list[Node]) -> Why:
        constant: Json = None
        if not readers:
            code = "cast.dequantize_unread"
        elif subject is not None and self.kinds[subject.name] is Kind.CONSTANT:
            named, roles, args = self._identity(subject)
            code, constant = "cast.dequantize_constant", inner(named, roles, target=target_name(subject.target), **args)
        elif all(self.kinds[each.name] is Kind.OUTPUT for each in node.users):
            code = "cast.dequantize_returned"
        elif all(self.kinds[each.name] in CASTING for each in node.users):
            code, readers = "cast.dequantize_requantized", list(node.users)
        elif target_name(node.target).startswith("quantized_decomposed.") and not self._are_float(readers):
            code = "cast.dequantize_in_pattern"
        else:
            code = "cast.dequantize_for_float"
        around: Roles = {"subject": _all(subject), "readers": readers}
        return reason(code, target_name(node.target), around, constant=constant, origin=self._params(node))

    def _are_float(self, readers: list[Node]) -> bool:
        """Return whether the stage before tells of all readers that they stay in float: no pattern holds them."""
        whys = [self.before.get(each.name) for each in readers]
        return all(why is not None and why.stays_float for why in whys)

    def _needless(self, node: Node) -> Node | None:
        """Return the dequantize before a cast that has the same parameters, so that the cast changes nothing."""
        before = next(iter(node.all_input_nodes), None)
        if before is None or self.kinds[before.name] is not Kind.DEQUANTIZE:
            return None
        one, other = self._quant(before).input, self._quant(node).output
        return before if one == other and one else None

    def _of_constant(self, node: Node) -> Why:
        target = target_name(node.target)
        if read_graph(node) is not None and node.users:
            return reason("constant.graph", "get_attr", {"reader": next(iter(node.users))}, target=target)
        readers = [each for each in node.users if self.kinds[each.name] in CASTING]
        position = readers[0].args.index(node) if readers and node in readers[0].args else None
        if position in (1, 2):
            code = "constant.scale" if position == 1 else "constant.zero_point"
            subject = self._subject(readers[0])
            of = subject if subject is not None and subject is not node else readers[0]
            return reason(code, "get_attr", {"subject": of, "reader": readers[0]}, target=target)
        if _OUTPUT.search(target) and node.users:
            code = "constant.output_zero_point" if "zero_point" in target else "constant.output_scale"
            return reason(code, "get_attr", {"readers": self._readers(node)}, target=target)
        if _PACKED.search(target) and node.users:
            return reason("constant.packed", "get_attr", {"reader": next(iter(node.users))}, target=target)
        params = self._quant(node).output
        code, roles, args = self._identity(node)
        return reason(code, "get_attr", roles, **args, target=target, qparams=_qparams(params) if params else None)

    def _identity(self, node: Node) -> tuple[str, Roles, dict[str, Json]]:
        """Return which parameter of which module a constant is, by its name or by who reads it."""
        target = target_name(node.target)
        path, _, name = target.rpartition(".")
        if path and name == "weight_bias":
            return "constant.folded_bias", {}, {"path": path}
        if path and not target.startswith("_frozen"):
            return "constant.parameter", {}, {"path": path, "parameter": name}
        for reader in self._readers(node):
            inputs = [self._past_casts(each) for each in reader.all_input_nodes]
            if node not in inputs:
                continue
            has_weight = _HAS_WEIGHT.fullmatch(bare_name(reader.target)) is not None
            parameter = _WEIGHT_AT.get(inputs.index(node)) if has_weight else None
            place = own_place(self.module, reader)
            args: dict[str, Json] = {"path": place.path} if place is not None and place.path else {}
            if parameter is None:
                return "constant.operand", {"reader": reader}, args
            code = "constant.parameter" if args else "constant.argument"
            return code, {"reader": reader}, {**args, "parameter": parameter}
        return "constant.attribute", {}, {}

    def _params(self, node: Node) -> Json:
        quant = self._quant(node)
        params = quant.output or quant.input
        if params is None:
            return inner("origin.called", target=target_name(node.target))
        return inner("origin.called", target=bare_name(node.target), qparams=_qparams(params))

    def _quant(self, node: Node) -> Quant:
        return self.quants.get(node.name, Quant())

    def _past_casts(self, node: Node) -> Node:
        while self.kinds[node.name] in _PASSED and node.all_input_nodes:
            node = node.all_input_nodes[0]
        return node

    def _subject(self, node: Node) -> Node | None:
        """Return whose value a cast takes, past other casts."""
        found = self._past_casts(node)
        return found if found is not node else None

    def _readers(self, node: Node) -> list[Node]:
        """Return the operators that a cast or constant is for, past other casts."""
        found: dict[Node, None] = {}
        waiting = list(node.users)
        while waiting:
            each = waiting.pop(0)
            if self.kinds[each.name] in _PASSED:
                waiting += list(each.users)
            else:
                found[each] = None
        return list(found)


def _all(node: Node | None) -> tuple[Node, ...]:
    return () if node is None else (node,)


class _Observed(NamedTuple):
    """An observer or fake-quant of the stage before.

    Attributes:
        passed: How many others stand between it and what it watches.
        readers: Who reads it, past others.
    """

    passed: int
    readers: frozenset[str]
    kind: Kind
    why: Why


def _observed(earlier: Graph) -> dict[str, list[_Observed]]:
    """Return the observers of a stage by what they watch."""
    nodes = {node.id: node for node in earlier.nodes}
    behind: dict[str, list[str]] = {}
    for edge in earlier.edges:
        behind.setdefault(edge.from_id, []).append(edge.to_id)
    found: dict[str, list[_Observed]] = {}
    for node in earlier.nodes:
        if node.kind not in WATCHING or node.why is None:
            continue
        subject, passed = node, -1
        while subject.kind in WATCHING and (before := _read_first(subject)) in nodes:
            subject, passed = nodes[before], passed + 1
        if subject is node:
            continue
        readers, waiting = set[str](), [node.id]
        while waiting:
            for each in behind.get(waiting.pop(), ()):
                (waiting.append if nodes[each].kind in WATCHING else readers.add)(each)
        found.setdefault(subject.id, []).append(_Observed(passed, frozenset(readers), node.kind, node.why))
    return found


def _read_first(node: document.Node) -> str:
    first = node.args[0] if node.args else None
    return str(first.get("node")) if isinstance(first, dict) else ""


def _stood_before(observed: _Observed) -> Json:
    """Return that an observer or fake-quant stood where a cast is, and its reason."""
    code = "origin.fake_quant_before" if observed.kind is Kind.FAKE_QUANT else "origin.observer_before"
    return inner(code, observer=within(observed.why))


def _qparams(params: QParams) -> Json:
    """Return dtype, scale and zero point; per channel how many scales, and from what to what."""
    if isinstance(params.scale, tuple) and params.scale:
        scales = [float(each) for each in params.scale]
        low, high = number(min(scales)), number(max(scales))
        return inner("tensor.per_channel", dtype=params.dtype, count=len(scales), low=low, high=high, axis=params.axis)
    if params.scale is None or isinstance(params.scale, tuple):
        return inner("tensor.dtype", dtype=params.dtype)
    zero_point = None if isinstance(params.zero_point, tuple) else params.zero_point
    return inner("tensor.per_tensor", dtype=params.dtype, scale=params.scale, zero_point=zero_point)
