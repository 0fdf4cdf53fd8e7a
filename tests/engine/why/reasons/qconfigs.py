"""QConfigs that a model of the draw has for some of its modules."""

from __future__ import annotations

import torch
from torch.ao.quantization import HistogramObserver, MinMaxObserver, QConfig


def unsigned_weights() -> QConfig:
    return QConfig(HistogramObserver.with_args(reduce_range=True), MinMaxObserver.with_args(dtype=torch.quint8))
