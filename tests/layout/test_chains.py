"""Which lines are drawn straight."""

from __future__ import annotations

from qviz.layout.chains import chain_numbers, next_in_chain


def test_longest_way_is_one_chain_and_the_skip_is_not() -> None:
    # 0 -> 1 -> 2 -> 3, 0 -> 3, and 4 -> 2 from the side
    following = next_in_chain(5, [(0, 3, 1.0), (0, 1, 1.0), (1, 2, 1.0), (4, 2, 1.0), (2, 3, 1.0)])
    assert following == [1, 2, 3, None, None]
    assert chain_numbers(following) == [0, 0, 0, 0, 4]


def test_heavy_beats_long() -> None:
    following = next_in_chain(4, [(0, 1, 1.0), (1, 3, 1.0), (2, 3, 8.0)])
    assert following == [1, None, 3, None]


def test_cycle_ends() -> None:
    assert chain_numbers(next_in_chain(2, [(0, 1, 1.0), (1, 0, 1.0)])) == [0, 1]
