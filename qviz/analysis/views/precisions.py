"""What the right end of a box says: in which dtype an operator works, how many of a group's do so in low precision."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Sequence
from functools import lru_cache

from qviz.analysis.regions import function_name
from qviz.analysis.views.dtypes import DtypeClass, dtype_class
from qviz.document.graph import Kind, Node, NodeId, QParams
from qviz.document.query import Index
from qviz.words import tr
from qviz.words.formats import dtype as dtype_text
from qviz.words.language import Language, language

_TOLD = 2
"""More dtypes than these are not listed."""
_LEFT_BY_RULE = "float.left_by_rule"
_WITHOUT_PARTNERS = re.compile(
    r"(conv(?:_?transpose)?(?:[123]d)?|linear|add|mul|matmul|cat|batch_?norm(?:[123]d)?)(?:_?(?:bn|relu6?|dynamic))+(?![a-z])"
)


class Precisions:
    """Tells the precision of the operators of one stage.

    Args:
        index: The stage's.
        low: The operators that run in low precision.
        stays_float: Those that could and do not.
    """

    def __init__(self, index: Index, low: Collection[NodeId], stays_float: Collection[NodeId]) -> None:
        self._index, self._low, self._float = index, frozenset(low), frozenset(stays_float)
        self._likes = frozenset(_family(function_name(index.nodes[each])) for each in self._low)
        self._groups: dict[tuple[str, Language], str] = {}

    def of(self, node_id: NodeId) -> str:
        """Return what the box of an operator says; "" where its facts tell nothing, or nobody would ask.

        In low precision it is the dtype. An operator in float says so where others of its kind are in low precision,
        or a rule left it.
        """
        node = self._index.nodes[node_id]
        if node_id in self._low:
            return low_dtype(node, self._index)
        if node_id not in self._float:
            return ""
        is_ruled = node.why is not None and node.why.code == _LEFT_BY_RULE
        return tr("float") if is_ruled or _family(function_name(node)) in self._likes else ""

    def of_group(self, box_id: str, members: Sequence[NodeId]) -> str:
        """Return how many operators of a folded group run in low precision, by dtype: ``28 int8``; found once."""
        key = box_id, language()
        known = self._groups.get(key)
        if known is None:
            nodes = self._index.nodes
            counts = Counter(low_dtype(nodes[each], self._index) for each in self._low.intersection(members))
            known = self._groups[key] = _counted(counts)
        return known


def _counted(counts: Counter[str]) -> str:
    if not counts:
        return ""
    if "" in counts or len(counts) > _TOLD:
        return tr("{count} in low precision", count=counts.total())
    told = sorted(counts.items(), key=lambda each: (-each[1], each[0]))
    return ", ".join(tr("{count} {dtype}", count=count, dtype=name) for name, count in told)


def low_dtype(node: Node, index: Index) -> str:
    """Return the dtype in which an operator in low precision works: of its weight, else of its activations.

    Of a quantized operator it is that which torch keeps at it, of one between casts that of the casts which it reads,
    or, where it ends a chain of operators that takes none within, of those that read it. It is "" where several differ,
    or none is known.
    """
    if node.kind is Kind.QUANTIZED_OP:
        quant = node.quant
        held = (quant.weight, quant.input, quant.output) if quant else ()
        return next((_short(each.dtype) for each in held if each is not None and _is_low(each)), "")
    weights: set[str] = set()
    activations: set[str] = set()
    for each in index.producers[node.id]:
        read = index.nodes[each]
        if read.kind is Kind.DEQUANTIZE:
            params = _of_cast(read)
            (weights if _is_constant(read, index) else activations).add(_short(params.dtype) if params else "")
    readers = [index.nodes[each] for each in index.users[node.id]]
    if not (weights or activations) and readers and all(each.kind is Kind.QUANTIZE for each in readers):
        activations = {_short(params.dtype) if (params := _of_cast(each)) else "" for each in readers}
    found = weights or activations
    return found.pop() if len(found) == 1 else ""


def _of_cast(node: Node) -> QParams | None:
    return (node.quant.input or node.quant.output) if node.quant else None


def _is_low(params: QParams) -> bool:
    """Return whether something is kept in less than float32: a quantized batch norm's weight is not."""
    return dtype_class(params.dtype) in (DtypeClass.LOW, DtypeClass.HALF)


def _is_constant(node: Node, index: Index) -> bool:
    """Return whether a dequantize reads a parameter, quantized beforehand or on the spot."""
    while node.kind.casts and index.producers[node.id]:
        node = index.nodes[index.producers[node.id][0]]
    return node.kind is Kind.CONSTANT


@lru_cache(maxsize=64)
def _short(name: str) -> str:
    """Return ``int8`` for ``torch.qint8``: what the integers are kept in."""
    return dtype_text(name).removeprefix("q")


@lru_cache(maxsize=1024)
def _family(name: str) -> str:
    """Return it without what was fused into it: ``conv2d`` of ``convbnrelu2d``, ``linear`` of ``linear_relu``."""
    return _WITHOUT_PARTNERS.sub(r"\1", name)
