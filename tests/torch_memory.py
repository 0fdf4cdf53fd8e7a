"""What torch works out again for each model though it comes out the same: kept while a process tests.

Both are functions of their arguments alone, and the first call is torch's own; without this a third of
the time of the tests with torch is spent on it.
"""

from __future__ import annotations

import copy
import functools
import types
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import torch
from torch.ao.quantization import HistogramObserver
from torch.ao.quantization.pt2e import qat_utils, utils
from torch.ao.quantization.quantizer import xnnpack_quantizer_utils
from torch.fx import GraphModule


@contextmanager
def torch_remembers() -> Iterator[None]:
    """Work each of them out once until the end."""
    with pytest.MonkeyPatch.context() as patch:
        export = exported_once(utils._get_aten_graph_module_for_pattern)
        for module in (utils, qat_utils, xnnpack_quantizer_utils):
            patch.setattr(module, "_get_aten_graph_module_for_pattern", export)
        search = HistogramObserver._non_linear_param_search
        patch.setattr(HistogramObserver, "_non_linear_param_search", searched_once(search))
        yield


def exported_once(export: Callable[..., GraphModule]) -> Callable[..., GraphModule]:
    """Export each pattern of PT2E once: torch exports some hundred anew for every model with a batch norm."""
    known: dict[Hashable, GraphModule] = {}

    def remembered(pattern: Any, example_inputs: tuple[Any, ...], is_cuda: bool = False, **kwargs: Any) -> GraphModule:
        if not hasattr(pattern, "fn"):  # a module as it is
            return export(pattern, example_inputs, is_cuda, **kwargs)
        key: tuple[Hashable, ...] = (_closed(pattern.fn), tuple(map(_sort, example_inputs)), is_cuda)
        key += tuple((name, _sort(each)) for name, each in sorted(kwargs.items()))
        if key not in known:
            known[key] = export(pattern, example_inputs, is_cuda, **kwargs)
        return copy.deepcopy(known[key])  # torch changes a pattern as it replaces it

    return remembered


def searched_once(
    search: Callable[[HistogramObserver], tuple[torch.Tensor, torch.Tensor]],
) -> Callable[[HistogramObserver], tuple[torch.Tensor, torch.Tensor]]:
    """Search the best range of the same histogram once."""
    known: dict[Hashable, tuple[torch.Tensor, torch.Tensor]] = {}

    @functools.wraps(search)
    def remembered(observer: HistogramObserver) -> tuple[torch.Tensor, torch.Tensor]:
        seen = (observer.histogram, observer.min_val, observer.max_val)
        key = (observer.bins, observer.dst_nbins, *((each.dtype, each.numpy().tobytes()) for each in seen))
        if key not in known:
            known[key] = search(observer)
        low, high = known[key]
        return low.clone(), high.clone()

    return remembered


def _closed(function: types.FunctionType) -> Hashable:
    """Return what a pattern is written as, and the choices that it closes over."""
    return function.__code__, tuple(cell.cell_contents for cell in function.__closure__ or ())


def _sort(value: Any) -> Hashable:
    return (value.dtype, value.shape) if isinstance(value, torch.Tensor) else value
