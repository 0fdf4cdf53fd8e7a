"""Which cases of a sweep belong to the suite: as many as show that every model and every flow still works.

``pytest -m ""`` runs all of them, as every night should.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest


def some(cases: Iterable[Any], one_in: int, always: Iterable[Any] = ()) -> list[Any]:
    """Return all cases, of which the suite runs one in so many, and those that it always runs."""
    kept = set(always)
    return [
        case if place % one_in == 0 or case in kept else pytest.param(case, marks=pytest.mark.slow)
        for place, case in enumerate(cases)
    ]


def pairs(first: Iterable[Any], second: Iterable[Any], one_in: int) -> list[Any]:
    """Return every pair, of which the suite runs one in so many, so that it meets each value of both."""
    others = list(second)
    return [
        pytest.param(one, other, marks=() if (place + beside) % one_in == 0 else pytest.mark.slow)
        for place, one in enumerate(first)
        for beside, other in enumerate(others)
    ]
