"""Finds the chains of a graph that are to be drawn straight: its main line, and those beside it."""

from __future__ import annotations

from collections.abc import Sequence


def next_in_chain(count: int, edges: Sequence[tuple[int, int, float]]) -> list[int | None]:
    """Return for each of `count` nodes the next of its chain.

    Two nodes are neighbours in a chain when each is the other's heaviest way on: the longest
    path, counted in the weights of its edges (source, target, weight).
    """
    after: list[list[tuple[int, float]]] = [[] for _ in range(count)]
    before: list[list[tuple[int, float]]] = [[] for _ in range(count)]
    for source, target, weight in edges:
        after[source].append((target, weight))
        before[target].append((source, weight))
    forward, backward = _heaviest(after, before), _heaviest(before, after)
    return [
        target if target is not None and backward[target] == source else None for source, target in enumerate(forward)
    ]


def chain_numbers(following: Sequence[int | None]) -> list[int]:
    """Return the number of each node's chain: that of its first node."""
    numbers = list(range(len(following)))
    heads = set(numbers) - {target for target in following if target is not None}
    for head in sorted(heads):
        node = following[head]
        while node is not None:
            numbers[node] = head
            node = following[node]
    return numbers


def _heaviest(
    toward: Sequence[Sequence[tuple[int, float]]], away: Sequence[Sequence[tuple[int, float]]]
) -> list[int | None]:
    """Return for each node the neighbour that the heaviest path to an end runs through."""
    waits = [len(each) for each in toward]
    lengths = [0.0] * len(toward)
    best: list[int | None] = [None] * len(toward)
    free = [node for node, count in enumerate(waits) if count == 0]
    while free:
        node = free.pop()
        for other, _ in away[node]:
            waits[other] -= 1
            if waits[other] == 0:
                # Equal ways: the first, so that the order of the edges decides.
                way = max(toward[other], key=lambda each: lengths[each[0]] + each[1])
                lengths[other], best[other] = lengths[way[0]] + way[1], way[0]
                free.append(other)
    return best
