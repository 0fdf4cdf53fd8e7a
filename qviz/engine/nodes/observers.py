"""Reads the state of observers and fake-quants: ranges, switches, histograms."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from torch._subclasses import FakeTensor

from qviz.document.graph import Number
from qviz.document.snapshot import Histogram, ObserverFact
from qviz.engine.nodes.arguments import number
from qviz.engine.nodes.module_roles import OBSERVING, role_of

MAX_BINS = 64


def statistics(observer: nn.Module) -> nn.Module:
    """Return what keeps the range: a fake-quant holds an observer that does, an observer is it itself."""
    inner = getattr(observer, "activation_post_process", None)
    return inner if isinstance(inner, nn.Module) else observer


def is_calibrated(observer: nn.Module) -> bool | None:
    """Return whether an observer saw data; None for those that keep no range (placeholder, fixed)."""
    keeper = statistics(observer)
    low, high = getattr(keeper, "min_val", None), getattr(keeper, "max_val", None)
    if not isinstance(low, torch.Tensor) or not isinstance(high, torch.Tensor):
        return None
    if low.numel() == 0 or high.numel() == 0 or isinstance(low, FakeTensor):
        return False
    empty = (low == float("inf")) & (high == float("-inf"))
    return not bool(empty.all())


def observer_fact(observer: nn.Module) -> ObserverFact:
    """Return the state of an observer or fake-quant as it is now."""
    keeper = statistics(observer)
    return ObserverFact(
        min=_range(getattr(keeper, "min_val", None)),
        max=_range(getattr(keeper, "max_val", None)),
        calibrated=is_calibrated(observer),
        observer_enabled=_switch(observer, "observer_enabled"),
        fake_quant_enabled=_switch(observer, "fake_quant_enabled"),
        histogram=_histogram(keeper),
    )


def observers_inside(module: nn.Module) -> dict[str, nn.Module]:
    """Return the observers and fake-quants inside a module by their path in it, outermost only."""
    found: dict[str, nn.Module] = {}
    for name, child in module.named_children():
        if role_of(child) in OBSERVING:
            found[name] = child
        else:
            found |= {f"{name}.{path}": each for path, each in observers_inside(child).items()}
    return found


def _range(value: Any) -> Number | tuple[Number, ...] | None:
    if not isinstance(value, torch.Tensor) or value.numel() == 0:
        return None
    flat = tuple(number(each) for each in value.detach().reshape(-1).tolist())
    return flat[0] if len(flat) == 1 and value.dim() == 0 else flat


def _switch(observer: nn.Module, name: str) -> bool | None:
    value = getattr(observer, name, None)
    return bool(value) if isinstance(value, torch.Tensor | bool | int) else None


def _histogram(keeper: nn.Module) -> Histogram | None:
    counts = getattr(keeper, "histogram", None)
    if not isinstance(counts, torch.Tensor) or not is_calibrated(keeper):
        return None
    per_bin = -(-counts.numel() // MAX_BINS)
    missing = -counts.numel() % per_bin
    padded = torch.nn.functional.pad(counts.detach().reshape(-1).double(), (0, missing))
    reduced = padded.reshape(-1, per_bin).sum(dim=1)
    low, high = (float(each) for each in (keeper.get_buffer("min_val"), keeper.get_buffer("max_val")))
    end = high + missing * (high - low) / counts.numel()
    return Histogram(number(low), number(end), tuple(number(each) for each in reduced.tolist()))
