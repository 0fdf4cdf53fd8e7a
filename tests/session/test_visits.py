from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from qviz.session.visits import LIMIT, Visit, Visits

A, B, C = (Visit("captured", name) for name in "abc")


def test_back_and_forward_go_over_what_was_visited():
    visits = Visits()
    for each in (A, B, B, C):
        visits.add(each)
    assert [visits.step(-1), visits.step(-1), visits.step(-1)] == [B, A, None]
    assert visits.step(1) == B


def test_a_new_visit_ends_what_lay_ahead():
    visits = Visits()
    for each in (A, B):
        visits.add(each)
    visits.step(-1)
    visits.add(C)
    assert visits.step(1) is None
    assert visits.step(-1) == A


@given(st.lists(st.sampled_from([A, B, C, "back", "forward"]), max_size=300))
def test_coming_back_is_where_one_was(steps: list[Visit | str]):
    visits, here = Visits(), None
    for step in steps:
        if isinstance(step, Visit):
            visits.add(step)
            here = step
        else:
            here = visits.step(-1 if step == "back" else 1) or here
    if here is not None and visits.step(-1) is not None:
        assert visits.step(1) == here
    assert len(visits._visits) <= LIMIT
