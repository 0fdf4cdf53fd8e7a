"""Says for whom each cast and each constant is there, and whether it is needed."""

from __future__ import annotations

import re
from collections.abc import Mapping

from torch.fx import GraphModule, Node

from qviz.document.graph import CASTING, WATCHING, Graph, Kind, QParams, Quant, Why
from qviz.document.kept import kept_why
from qviz.engine.nodes.module_paths import own_place
from qviz.engine.nodes.targets import bare_name, target_name

_OUTPUT = re.compile(r"(scale|zero_point)_\d+$")
"""How convert names the constants that lowered functions take."""
_WEIGHT_AT = {1: "weight", 2: "bias"}
"""Which input of a convolution or linear is what."""


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
        self.asked: dict[str, Why] = {}
        for node in earlier.nodes if earlier is not None else ():
            if node.kind in WATCHING and node.why is not None and node.args and isinstance(node.args[0], dict):
                self.asked.setdefault(str(node.args[0].get("node")), node.why)

    def of(self, node: Node) -> Why:
        """Return why a cast or a constant is there."""
        if self.kinds[node.name] is Kind.CONSTANT:
            return self._of_constant(node)
        subject, readers = self._subject(node), _names(self._readers(node))
        if self.kinds[node.name] is Kind.DEQUANTIZE:
            return self._of_dequantize(node, subject, readers)
        asked = self.asked.get(subject.name) if subject is not None else None
        name = subject.name if subject is not None else "the value"
        verb = "looks for the range of" if self.kinds[node.name] is Kind.CHOOSE_QPARAMS else "quantizes"
        evidence = f"an observer stood there: {asked.evidence}" if asked else self._params(node)
        needless = self._needless(node)
        return kept_why(
            f"{verb} {name} for {readers}{needless}", evidence, asked.api if asked else target_name(node.target)
        )

    def _of_dequantize(self, node: Node, subject: Node | None, readers: str) -> Why:
        name = subject.name if subject is not None else "the value"
        if subject is not None and self.kinds[subject.name] is Kind.CONSTANT:
            rule = f"gives {readers} the quantized {self._what(subject)}"
        elif all(self.kinds[each.name] is Kind.OUTPUT for each in node.users):
            rule = f"the model returns {name} in float"
        elif target_name(node.target).startswith("quantized_decomposed."):
            rule = f"{readers} takes {name}; a backend computes on the integers where it knows both as one pattern"
        else:
            rule = f"{readers} runs in float and takes {name}"
        return kept_why(rule, self._params(node), target_name(node.target))

    def _needless(self, node: Node) -> str:
        """Say that a cast changes nothing: the dequantize before it has the same parameters."""
        before = next(iter(node.all_input_nodes), None)
        if before is None or self.kinds[before.name] is not Kind.DEQUANTIZE:
            return ""
        one, other = self._quant(before).input, self._quant(node).output
        return ", though it is not needed: the cast before has the same scale" if one == other and one else ""

    def _of_constant(self, node: Node) -> Why:
        readers = [each for each in node.users if self.kinds[each.name] in CASTING]
        position = readers[0].args.index(node) if readers and node in readers[0].args else None
        if position in (1, 2):
            what = "scale" if position == 1 else "zero point"
            subject = self._subject(readers[0])
            of = subject.name if subject is not None and subject is not node else readers[0].name
            return kept_why(f"the {what} of {of}", f"{target_name(node.target)}, read by {readers[0].name}", "get_attr")
        if _OUTPUT.search(target := target_name(node.target)) and node.users:
            of, what = _names(self._readers(node)), "zero point" if "zero_point" in target else "scale"
            return kept_why(f"the {what} with which {of} gives its output", target, "get_attr")
        return kept_why(f"the {self._what(node)}", self._constant(node), "get_attr")

    def _constant(self, node: Node) -> str:
        params = self._quant(node).output
        return f"{target_name(node.target)}{': ' + _text(params) if params is not None else ''}"

    def _what(self, node: Node) -> str:
        """Return which parameter of which module a constant is, by its name or by who reads it."""
        target = target_name(node.target)
        path, _, name = target.rpartition(".")
        if path and name == "weight_bias":
            return f"bias that folding a batch norm made for {path}"
        if path and not target.startswith("_frozen"):
            return f"{name} of {path}"
        for reader in self._readers(node):
            inputs = [self._past_casts(each) for each in reader.all_input_nodes]
            if node in inputs and (place := own_place(self.module, reader)) is not None:
                role = _WEIGHT_AT.get(inputs.index(node), "constant")
                return f"{role} of {place.path or reader.name}"
            if node in inputs:
                return f"{_WEIGHT_AT.get(inputs.index(node), 'constant')} of {reader.name}"
        return f"constant {target}"

    def _params(self, node: Node) -> str:
        quant = self._quant(node)
        params = quant.output or quant.input
        return f"{bare_name(node.target)}: {_text(params)}" if params is not None else target_name(node.target)

    def _quant(self, node: Node) -> Quant:
        return self.quants.get(node.name, Quant())

    def _past_casts(self, node: Node) -> Node:
        while self.kinds[node.name] in CASTING | WATCHING and node.all_input_nodes:
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
            if self.kinds[each.name] in CASTING | WATCHING:
                waiting += list(each.users)
            else:
                found[each] = None
        return list(found)


def _names(nodes: list[Node]) -> str:
    names = ["the output" if each.op == "output" else each.name for each in nodes]
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "") or "nobody"


def _text(params: QParams) -> str:
    """Return dtype, scale and zero point; per channel how many scales there are, and from what to what."""
    if isinstance(params.scale, tuple) and params.scale:
        scales = [float(each) for each in params.scale]
        return f"{params.dtype}, {len(scales)} scales from {min(scales):.4g} to {max(scales):.4g}, axis {params.axis}"
    if params.scale is None or isinstance(params.scale, tuple):
        return params.dtype
    return f"{params.dtype}, scale {float(params.scale):.4g}, zero point {params.zero_point}"
