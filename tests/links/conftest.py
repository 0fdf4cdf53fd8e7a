from __future__ import annotations

import pytest


@pytest.fixture(autouse=True, scope="session")
def _torch_is_quick(torch_memory: None) -> None:
    """See `tests/torch_memory.py`."""
