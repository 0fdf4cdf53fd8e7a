from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from qviz.document.plan import Plan
from qviz.session.history import LIMIT, History


def plan(seed: int) -> Plan:
    return Plan("sample:residual", "fx-static", seed=seed)


@given(st.lists(st.integers(0, 9), min_size=1, max_size=30))
def test_undo_goes_all_the_way_back_and_redo_all_the_way_forth(seeds: list[int]):
    history, now = History(), plan(-1)
    for seed in seeds:
        history.record(now, plan(seed))
        now = plan(seed)
    last = now
    while history.can_undo:
        now = history.undo(now)
    assert now == plan(-1)
    while history.can_redo:
        now = history.redo(now)
    assert now == last


def test_an_edit_after_undo_ends_redo():
    history = History()
    history.record(plan(0), plan(1))
    now = history.undo(plan(1))
    history.record(now, plan(2))
    assert not history.can_redo
    assert history.undo(plan(2)) == plan(0)


def test_nothing_to_undo_changes_nothing_and_no_change_is_no_edit():
    history = History()
    history.record(plan(0), plan(0))
    assert history.undo(plan(0)) == plan(0)
    assert history.redo(plan(0)) == plan(0)
    assert not history.can_redo


def test_only_so_many_are_kept():
    history = History()
    for seed in range(LIMIT + 5):
        history.record(plan(seed), plan(seed + 1))
    now = plan(LIMIT + 5)
    while history.can_undo:
        now = history.undo(now)
    assert now == plan(5)
