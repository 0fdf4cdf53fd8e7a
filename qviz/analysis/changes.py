"""What changed between two stages: everything that no chain of "same" leads through."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from qviz.document.snapshot import Link, Stage


class Changes(NamedTuple):
    """The nodes of either stage that the other has not, or not as they are; in graph order."""

    before: tuple[str, ...]
    after: tuple[str, ...]


def changes(stages: Sequence[Stage], links: Iterable[Link], one: str, other: str) -> Changes:
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
    return Changes(early, late) if names.index(one) == first else Changes(late, early)
