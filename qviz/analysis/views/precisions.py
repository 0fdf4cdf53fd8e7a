"""What the right end of a box says: in which dtype an operator works, how many of a group's do so in low precision."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from functools import cached_property, lru_cache

from qviz.analysis.regions import PrecisionWithDtypes, function_name
from qviz.document.graph import NodeId
from qviz.document.query import Index
from qviz.words import tr, trn
from qviz.words.formats import dtype as dtype_text
from qviz.words.language import Language, language

_TOLD = 2
"""More dtypes than these are not listed."""
_INTEGER = re.compile(r"u?int(\d+)")
_LEFT_BY_RULE = "float.left_by_rule"
_WITHOUT_PARTNERS = re.compile(
    r"(conv(?:_?transpose)?(?:[123]d)?|linear|add|mul|matmul|cat|batch_?norm(?:[123]d)?)(?:_?(?:bn|relu6?|dynamic))+(?![a-z])"
)


class Precisions:
    """Tells the precision of the operators of one stage.

    Args:
        index: The stage's.
        found: Which of them run in low precision, and which stay in float.
    """

    def __init__(self, index: Index, found: PrecisionWithDtypes) -> None:
        self._index, self._float = index, frozenset(found.precision.float)
        self._dtypes = dict(zip(found.precision.low, map(_short, found.dtypes), strict=True))
        self._groups: dict[tuple[str, Language], str] = {}

    @cached_property
    def _likes(self) -> frozenset[str]:
        """What runs in low precision somewhere in the stage."""
        nodes = self._index.nodes
        return frozenset(_family(function_name(nodes[each])) for each in self._dtypes)

    def of(self, node_id: NodeId) -> str:
        """Return what the box of an operator says; "" where its facts tell nothing, or nobody would ask.

        In low precision it is the dtype. An operator in float says so where others of its kind are in low precision,
        or a rule left it.
        """
        known = self._dtypes.get(node_id)
        if known is not None or node_id not in self._float:
            return known or ""
        node = self._index.nodes[node_id]
        is_ruled = node.why is not None and node.why.code == _LEFT_BY_RULE
        return tr("float") if is_ruled or _family(function_name(node)) in self._likes else ""

    def of_group(self, box_id: str, members: Sequence[NodeId]) -> str:
        """Return how many operators of a folded group run in low precision, by dtype: ``28 int8``; found once."""
        key = box_id, language()
        known = self._groups.get(key)
        if known is None:
            counts = Counter(map(self._dtypes.__getitem__, self._dtypes.keys() & members))
            known = self._groups[key] = _counted(counts)
        return known


def _counted(counts: Counter[str]) -> str:
    if not counts:
        return ""
    if "" in counts or len(counts) > _TOLD:
        return tr("{count} in low precision", count=counts.total())
    widths = {found[1] if (found := _INTEGER.fullmatch(each)) else "" for each in counts}
    if len(counts) > 1 and len(widths) == 1 and "" not in widths:  # weights have signs, activations often none
        return trn(counts.total(), "{count} op in {bits} bits", "{count} ops in {bits} bits", bits=widths.pop())
    told = sorted(counts.items(), key=lambda each: (-each[1], each[0]))
    return ", ".join(tr("{count} {dtype}", count=count, dtype=name) for name, count in told)


@lru_cache(maxsize=64)
def _short(name: str) -> str:
    """Return ``int8`` for ``torch.qint8``: what the integers are kept in."""
    return dtype_text(name).removeprefix("q")


@lru_cache(maxsize=1024)
def _family(name: str) -> str:
    """Return it without what was fused into it: ``conv2d`` of ``convbnrelu2d``, ``linear`` of ``linear_relu``."""
    return _WITHOUT_PARTNERS.sub(r"\1", name)
