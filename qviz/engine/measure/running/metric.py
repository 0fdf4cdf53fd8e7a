"""The user's own metric of original, simulated and converted model: the mean over the batches."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, TypeAlias

import torch
from torch import Tensor
from torch.nn import Module
from torch.utils import _pytree as pytree

from qviz.document.graph import Number
from qviz.document.measurements import Metric
from qviz.engine.loading.forward import Arguments
from qviz.engine.loading.metric import UserMetric
from qviz.engine.nodes.arguments import number

JudgedModel: TypeAlias = Literal["original", "simulated", "converted"]


class Judge:
    """Asks a metric about the models of a run; about no more of them once it failed.

    Args:
        metric: None asks nothing.
        batches: Those made from data are judged; the example inputs, which have no labels, where there are no others.
    """

    def __init__(self, metric: UserMetric | None, batches: Sequence[Arguments]) -> None:
        self._metric = metric
        self._batches = [batch for batch in batches if batch.given is not None] or list(batches)
        self._values: dict[JudgedModel, Number] = {}
        self._failed = False

    def judge(self, which: JudgedModel, module: Module) -> None:
        """Take the metric of a model; whatever the user's function raises comes through."""
        if self._metric is not None and not self._failed:
            self._failed = True
            self._values[which] = _mean(self._metric, module, self._batches)
            self._failed = False

    @property
    def result(self) -> Metric | None:
        """What came of it; None where the metric never gave a number."""
        if self._metric is None or not self._values:
            return None
        return Metric(self._metric.name, *(self._values.get(each) for each in ("original", "simulated", "converted")))


def _mean(metric: UserMetric, module: Module, batches: Sequence[Arguments]) -> Number:
    with torch.no_grad():
        values = [float(metric.function(_floats(batch.cloned().call(module)), _as_given(batch))) for batch in batches]
    return number(sum(values) / len(values))


def _as_given(batch: Arguments) -> Any:
    """Return a batch as its data gave it, labels included; the arguments of example inputs."""
    return batch.values if batch.given is None else batch.given


def _floats(result: Any) -> Any:
    """Return what a model returned with quantized tensors as the numbers they represent."""
    return pytree.tree_map_only(Tensor, lambda each: each.dequantize() if each.is_quantized else each, result)
