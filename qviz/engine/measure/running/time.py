"""Measures how long one inference takes."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch.nn import Module

from qviz.engine.loading.forward import Arguments

_WARM_UPS = 3
_AT_LEAST, _AT_MOST = 5, 200
_BUDGET_SECONDS = 0.5


def median_ms(module: Module, inputs: Arguments) -> float:
    """Return the median of some inferences in milliseconds, after warming up.

    At least five are taken, and more while they fit into half a second; on one thread, because
    threads that wait for each other on a busy machine measure the machine.
    """
    taken: list[float] = []
    began = time.perf_counter()
    with torch.no_grad(), _one_thread():
        while len(taken) < _WARM_UPS + _AT_LEAST or (
            len(taken) < _AT_MOST and time.perf_counter() - began < _BUDGET_SECONDS
        ):
            given = inputs.cloned()  # forward may work in place
            start = time.perf_counter()
            given.call(module)
            taken.append(time.perf_counter() - start)
    return statistics.median(taken[_WARM_UPS:]) * 1000


@contextmanager
def _one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)
