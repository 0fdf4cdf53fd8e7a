"""QConfigs that a model of the draw has for some of its modules."""

from __future__ import annotations

import torch
from torch.ao.quantization import (
    HistogramObserver,
    MinMaxObserver,
    MovingAverageMinMaxObserver,
    QConfig,
    default_per_channel_weight_observer,
    default_weight_observer,
)


def unsigned_weights() -> QConfig:
    return QConfig(HistogramObserver.with_args(reduce_range=True), MinMaxObserver.with_args(dtype=torch.quint8))


def plain() -> QConfig:
    return QConfig(MinMaxObserver.with_args(reduce_range=True), default_per_channel_weight_observer)


def coarse() -> QConfig:
    return QConfig(MovingAverageMinMaxObserver.with_args(reduce_range=True), default_weight_observer)
