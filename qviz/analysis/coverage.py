"""How much of a model runs in low precision: operators, parameters and multiply-accumulates.

Operators are counted in the stage that is judged. Parameters and multiply-accumulates are those of the float model,
whose sizes the first stage holds; links tell what its operators became. What became several operators is low where all
of them are, and what multiplies in float is an operator in float whatever it is called: no sum says more than another.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property

from qviz.analysis.linking.index import LinkIndex
from qviz.analysis.regions import MOVES, Precision, function_name, precision
from qviz.document.coverage import Coverage
from qviz.document.graph import COMPUTING, Kind, Node
from qviz.document.query import Index
from qviz.document.snapshot import Facts, Link, OperatorSize, Stage

CONVERTED = ("converted", "reference", "lowered")
"""The stages in which operators have their precision."""


_FLOAT_WORK = (Kind.OP, Kind.FUSED_OP)


class LowPrecision:
    """What became of the operators of the float model in one stage.

    Args:
        stages: Of a run; the first is float where sizes are known.
        links: Of the run.
        facts: Of the run.
        stage: The one that is judged.
    """

    def __init__(
        self,
        stages: Sequence[Stage],
        links: Sequence[Link],
        facts: Mapping[str, Mapping[str, Facts]],
        stage: Stage,
    ) -> None:
        self._first, self._stage = stages[0], stage
        self._links = LinkIndex(links)
        known = facts.get(self._first.name, {})
        self._sizes = {node_id: each.size for node_id, each in known.items() if each.size is not None}

    @cached_property
    def operators(self) -> Precision:
        """The quantizable operators of the stage and of its subgraphs, and those that multiply in float."""
        low, stays_float = self._named
        multiplying = {each for each in self.multiplying_in_float if each not in stays_float}
        if not multiplying:
            return Precision(low, stays_float)
        wanted = multiplying.union(stays_float)
        return Precision(low, tuple(node.id for node in self._stage.whole.nodes if node.id in wanted))

    @cached_property
    def multiplying_in_float(self) -> dict[str, int]:
        """The operators of the stage that multiply in float, with their multiply-accumulates."""
        found: dict[str, int] = {}
        for node_id, size in self._sizes.items():
            rest = (size.macs or 0) - (self._in_low[node_id].macs or 0)
            became = (each for each in self._became(node_id) if each not in self._low)
            first = next(
                (each for each in became if each in self._nodes and self._nodes[each].kind in _FLOAT_WORK), None
            )
            if rest and first is not None:
                found[first] = found.get(first, 0) + rest
        return found

    def share_in_float(self, nodes: Iterable[str]) -> float | None:
        """Return the share of the multiply-accumulates that nodes do in float; None where it is not known."""
        total = self.macs[1] if self.macs is not None else 0
        return sum(self.multiplying_in_float.get(each, 0) for each in nodes) / total if total else None

    @property
    def coverage(self) -> Coverage | None:
        """The shares in low precision; None of nothing quantizable.

        A module that is drawn whole counts for those that it calls, and once more where it multiplies beside them.
        """
        low = len(self.operators.low)
        total = low + len(self.operators.float)
        for node_id, size in self._sizes.items():
            if size.inside and not self._is_low(node_id):
                low += len(self._low_inside(node_id))
                is_more = (size.macs or 0) > sum(each.macs or 0 for each in size.inside.values())
                total += len(size.inside) - (0 if is_more else 1)
        return Coverage(self._stage.name, low, total, self._parameters, self.macs) if total else None

    @property
    def macs(self) -> tuple[int, int] | None:
        """The multiply-accumulates in low precision, and all; None where those of any operator are not known."""
        known = [size.macs for size in self._sizes.values() if size.macs is not None]
        if not sum(known) or len(known) < len(self._sizes):
            return None
        return sum(each.macs or 0 for each in self._in_low.values()), sum(known)

    def macs_of(self, node_id: str) -> tuple[int, int]:
        """Return the multiply-accumulates of a node of the float model in low precision, and all of its."""
        size = self._sizes.get(node_id)
        return (self._in_low[node_id].macs or 0, size.macs or 0) if size is not None else (0, 0)

    @property
    def _parameters(self) -> tuple[int, int] | None:
        total = sum(size.parameters for size in self._sizes.values())
        return (sum(each.parameters for each in self._in_low.values()), total) if total else None

    @cached_property
    def _in_low(self) -> dict[str, OperatorSize]:
        """How much of each size became low: all of an operator, of a parameter where all of its readers did."""
        index = Index(self._first.whole)
        found: dict[str, OperatorSize] = {}
        for node_id, size in self._sizes.items():
            owners = [*_owners(index, node_id)] if node_id in index.nodes else []
            if owners and all(map(self._is_low, owners)):
                found[node_id] = size
            else:
                inside = self._low_inside(node_id)
                macs, parameters = (sum(each) for each in zip((0, 0), *inside, strict=True))
                found[node_id] = OperatorSize(macs, min(parameters, size.parameters))
        return found

    def _low_inside(self, node_id: str) -> list[tuple[int, int]]:
        """Return the sizes of the modules in low precision inside of one that is drawn whole."""
        inside = self._sizes[node_id].inside
        found = []
        for node in (self._nodes[each] for each in self._became(node_id) if inside and each in self._nodes):
            low = (part.path for part in node.parts or () if part.kind is Kind.QUANTIZED_OP)
            sizes = (inside.get(path.removeprefix(f"{node.target}.")) for path in low)
            found += [(each.macs or 0, each.parameters) for each in sizes if each is not None]
        return found

    def _is_low(self, node_id: str) -> bool:
        judged = [each for each in self._became(node_id) if each in self._low or each in self._float]
        return bool(judged) and all(each in self._low for each in judged)

    @cached_property
    def _nodes(self) -> dict[str, Node]:
        return {node.id: node for node in self._stage.whole.nodes}

    @cached_property
    def _low(self) -> frozenset[str]:
        return frozenset(self._named.low)

    @cached_property
    def _float(self) -> frozenset[str]:
        return frozenset(self._named.float)

    @cached_property
    def _named(self) -> Precision:
        """The operators that are quantizable by their names."""
        return precision(self._stage.whole)

    def _became(self, node_id: str) -> tuple[str, ...]:
        return self._links.partners(self._first.name, self._stage.name, (node_id,))


def _owners(index: Index, node_id: str) -> Iterator[str]:
    """Yield a node itself, or the operators that read a parameter, past what only moves it."""
    if index.nodes[node_id].kind is not Kind.CONSTANT:
        yield node_id
        return
    waiting, seen = [node_id], {node_id}
    while waiting:
        for user in index.users[waiting.pop()]:
            node = index.nodes[user]
            if user in seen:
                continue
            seen.add(user)
            if node.kind in COMPUTING and not MOVES.fullmatch(function_name(node)):
                yield user
            else:
                waiting.append(user)


def coverage(
    stages: Sequence[Stage], links: Sequence[Link], facts: Mapping[str, Mapping[str, Facts]]
) -> Coverage | None:
    """Return how much of the last stage is quantized; None before a conversion, or of nothing quantizable."""
    if not stages or stages[-1].name not in CONVERTED:
        return None
    return LowPrecision(stages, links, facts, stages[-1]).coverage
