"""A store of runs with a clock of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from qviz.session.run_store import RunStore
from tests.session.run_stores import Clock, opened


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "runs"


@pytest.fixture
def store(folder: Path, clock: Clock) -> Iterator[RunStore]:
    made = opened(folder, clock)
    made.begin()
    yield made
    made.end()
