"""What changed between two stages: everything that no chain of "same" leads through."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from qviz.document.graph import Kind
from qviz.document.snapshot import Link, Stage

_OPERATORS = frozenset({Kind.OP, Kind.FUSED_OP, Kind.QUANTIZED_OP})


class Changes(NamedTuple):
    """The nodes of either stage that the other has not, or not as they are; in graph order.

    Attributes:
        before: Of the stage named first.
        after: Of the other.
        fused: Operators of the earlier stage that one node of the later stands for.
        earlier: The name of the earlier stage.
    """

    before: tuple[str, ...]
    after: tuple[str, ...]
    fused: tuple[tuple[str, ...], ...] = ()
    earlier: str = ""


def changes(stages: Sequence[Stage], links: Sequence[Link], one: str, other: str) -> Changes:
    """Return what changed between two stages of a run, whichever comes first.

    Args:
        stages: All stages in their order.
        links: Between neighbours.
        one: The name of the stage that `before` tells of.
        other: The name of the one that `after` tells of.
    """
    names = [stage.name for stage in stages]
    first, last = sorted((names.index(one), names.index(other)))
    same: dict[str, dict[str, str]] = {name: {} for name in names}
    for link in links:
        if link.relation == "same" and len(link.from_ids) == len(link.to_ids) == 1:
            same[link.to_stage][link.from_ids[0]] = link.to_ids[0]
    became = {node.id: node.id for node in stages[first].graph.nodes}
    for name in names[first + 1 : last + 1]:
        became = {start: same[name][now] for start, now in became.items() if now in same[name]}
    kept = set(became), set(became.values())
    early, late = (
        tuple(node.id for node in stages[at].graph.nodes if node.id not in known)
        for at, known in zip((first, last), kept, strict=True)
    )
    fused = tuple(_fused(stages, links, first, last))
    both = (early, late) if names.index(one) == first else (late, early)
    return Changes(*both, fused, names[first])


def _fused(stages: Sequence[Stage], links: Sequence[Link], first: int, last: int) -> Iterator[tuple[str, ...]]:
    """Yield the operators that became parts of one: what a chain of links gathers in it."""
    place = {stage.name: number for number, stage in enumerate(stages)}
    sources: dict[str, tuple[str, ...]] = {node.id: (node.id,) for node in stages[first].graph.nodes}
    for number in range(first, last):
        gathered: dict[str, tuple[str, ...]] = {}
        for link in links:
            if place[link.from_stage] == number and link.relation in ("same", "replaced", "fused", "folded"):
                for each in link.to_ids[:1]:
                    found = (*gathered.get(each, ()), *(one for old in link.from_ids for one in sources.get(old, ())))
                    gathered[each] = tuple(dict.fromkeys(found))
        sources = gathered
    operators = {node.id for node in stages[first].graph.nodes if node.kind in _OPERATORS}
    for parts in sources.values():
        fused = tuple(each for each in parts if each in operators)
        if len(fused) > 1:
            yield fused
