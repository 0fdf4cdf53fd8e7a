"""Lets pass what torch 2.8 itself warns of at every quantization, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from tests.engine.conftest import TORCH_WARNS

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            for warning in TORCH_WARNS:
                item.add_marker(pytest.mark.filterwarnings(warning))


@pytest.fixture(autouse=True, scope="session")
def _torch_is_quick(torch_memory: None) -> None:
    """See `tests/torch_memory.py`."""


@pytest.fixture(autouse=True)
def _drawn_alike() -> None:
    """Draw the same weights and inputs whatever ran before: which finding is the first depends on them."""
    torch.manual_seed(0)
