"""Observers of weights that functions take: conversion runs them, and nothing before it does."""

from __future__ import annotations

import torch
from torch.fx import GraphModule


def observe_weights(model: GraphModule) -> None:
    """Run them on a copy of a prepared model, as ``convert_fx`` does first."""
    from torch.ao.quantization.backend_config import BackendConfig
    from torch.ao.quantization.fx.convert import _run_weight_observers

    with torch.no_grad():
        _run_weight_observers(model, BackendConfig())
