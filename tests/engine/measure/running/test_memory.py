"""Free memory goes back to the system where its C library can give it."""

from __future__ import annotations

import ctypes
import sys
from pathlib import Path

import pytest
import torch

from qviz.engine.measure.running import memory


def resident() -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) << 10


@pytest.mark.skipif(
    sys.platform != "linux" or not hasattr(ctypes.CDLL(None), "malloc_trim"), reason="needs glibc and /proc"
)
def test_what_stands_free_between_kept_blocks_is_given_back():
    block = 1 << 14  # values: too small for a mapping of its own
    blocks = [torch.ones(block) for _ in range(2000)]
    del blocks[::2]
    before = resident()
    memory.give_back()
    assert before - resident() > 500 * block * 4


def test_another_c_library_is_no_error(monkeypatch: pytest.MonkeyPatch):
    memory._trim.cache_clear()
    monkeypatch.setattr(ctypes, "CDLL", lambda name: object())
    memory.give_back()
    memory._trim.cache_clear()
