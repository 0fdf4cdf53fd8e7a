"""Draws off the screen, unless a display was asked for."""

from __future__ import annotations

import os

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import gc
from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def _cycles_of_one_test_go_before_the_next() -> Iterator[None]:
    """What is laid out is kept from the search for cycles; windows of other tests should not be."""
    yield
    gc.unfreeze()
