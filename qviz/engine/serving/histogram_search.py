"""Lets a histogram observer search its best range once, and not again for each who asks."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from weakref import WeakKeyDictionary

import torch
from torch.ao.quantization import HistogramObserver

_State = tuple[tuple[int, int], ...]
_FoundRange = tuple[torch.Tensor, torch.Tensor]


@contextmanager
def searched_once() -> Iterator[None]:
    """Remember what ``HistogramObserver`` finds while its histogram stays as it is.

    The prepared stage shows the scale that the conversion will compute; the search for it, over
    every pair of bins that may begin and end the range, is most of either.
    """
    search = HistogramObserver._non_linear_param_search  # noqa: SLF001 - the part of calculate_qparams that takes long
    found: WeakKeyDictionary[HistogramObserver, tuple[_State, _FoundRange]] = WeakKeyDictionary()

    def remembered(observer: HistogramObserver) -> _FoundRange:
        state = _state(observer)
        known = found.get(observer)
        if known is None or known[0] != state:
            found[observer] = known = (state, search(observer))
        low, high = known[1]
        return low.clone(), high.clone()

    HistogramObserver._non_linear_param_search = remembered  # type: ignore[assignment, method-assign] # noqa: SLF001
    try:
        yield
    finally:
        HistogramObserver._non_linear_param_search = search  # type: ignore[method-assign] # noqa: SLF001


def _state(observer: HistogramObserver) -> _State:
    """Return what changes when the observer sees data or is loaded: the tensors, and how often each was written."""
    return tuple((id(each), each._version) for each in observer.buffers())  # noqa: SLF001
