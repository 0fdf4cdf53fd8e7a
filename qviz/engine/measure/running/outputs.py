"""The float outputs of a model by name, and how far those of two models are apart."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import torch
from torch import Tensor
from torch.nn import Module
from torch.utils import _pytree as pytree

from qviz.document.graph import Number
from qviz.engine.loading.forward import Arguments
from qviz.engine.nodes.arguments import number

Outputs: TypeAlias = dict[str, Tensor]
"""By name: ``output`` of a model that returns one tensor, else keys and indices joined by dots."""


def outputs_of(result: Any) -> Outputs:
    """Return the float tensors in what a model returned; quantized ones as the numbers they represent."""
    found: Outputs = {}
    for name, leaf in _named_leaves(opened(result)):
        if isinstance(leaf, Tensor) and (leaf.is_floating_point() or leaf.is_quantized):
            found[name] = (leaf.dequantize() if leaf.is_quantized else leaf).detach()
    return found


def opened(result: Any) -> Any:
    """Return what a model gave with dataclasses as dicts, and dicts of a class of their own as plain ones."""
    return pytree.tree_map(_opened, result, is_leaf=_is_of_own_class)


def _is_of_own_class(value: Any) -> bool:
    is_dict = isinstance(value, Mapping) and type(value) not in pytree.BUILTIN_TYPES
    return is_dict or (dataclasses.is_dataclass(value) and not isinstance(value, type))


def _named_leaves(result: Any) -> list[tuple[str, Any]]:
    """Return what is in a result by its path; by number where a class was registered without names."""
    try:
        leaves, _ = pytree.tree_flatten_with_path(result)
    except ValueError:
        return [(str(at), each) for at, each in enumerate(pytree.tree_leaves(result))]
    return [(".".join(_key(each) for each in path) or "output", leaf) for path, leaf in leaves]


def _opened(leaf: Any) -> Any:
    if isinstance(leaf, Mapping):
        return opened(dict(leaf))
    if dataclasses.is_dataclass(leaf) and not isinstance(leaf, type):
        return opened({each.name: getattr(leaf, each.name, None) for each in dataclasses.fields(leaf)})
    return leaf


def raw_outputs(result: Any) -> dict[str, Tensor]:
    """Return the outputs by name, with their gradients."""
    named = outputs_of(result)
    leaves = [each for each in pytree.tree_leaves(opened(result)) if isinstance(each, Tensor)]
    floats = [each for each in leaves if each.is_floating_point() or each.is_quantized]
    return dict(zip(named, floats, strict=True))


def _key(entry: Any) -> str:
    for attribute in ("idx", "key", "name"):
        if hasattr(entry, attribute):
            return str(getattr(entry, attribute))
    return str(entry)


def run(module: Module, batches: Sequence[Arguments]) -> list[Outputs]:
    """Return the outputs of each batch; ``forward`` may change its inputs, so it gets copies."""
    with torch.no_grad():
        return [
            {name: each.clone() for name, each in outputs_of(batch.cloned().call(module)).items()} for batch in batches
        ]


def power(tensor: Tensor) -> float:
    """Return the sum of squares, in float64: float32 would add up rounding errors of millions of terms."""
    return float(torch.linalg.vector_norm(tensor, dtype=torch.float64).square())


def decibels(signal: float, noise: float) -> Number | None:
    """Return 10 lg(signal / noise): "inf" without noise; None without a signal, or where one is not finite.

    Four decimals: what comes behind is the rounding of the sums, not of the model.
    """
    if not (math.isfinite(signal) and math.isfinite(noise)):
        return None
    if noise == 0:
        return "inf"
    return None if signal == 0 else number(round(10 * math.log10(signal / noise), 4) + 0.0)


def noise_to_signal(expected: Sequence[Outputs], got: Sequence[Outputs]) -> dict[str, tuple[float, float]]:
    """Return (noise power, signal power) of each output that both have in one shape in every batch."""
    found: dict[str, tuple[float, float]] = {}
    broken: set[str] = set()
    for wanted, have in zip(expected, got, strict=True):
        for name, reference in wanted.items():
            value = have.get(name)
            if value is None or value.shape != reference.shape:
                broken.add(name)
                continue
            noise, signal = found.get(name, (0.0, 0.0))
            difference = reference.double() - value.double()
            found[name] = (noise + float(difference.square().sum()), signal + power(reference))
    return {name: each for name, each in found.items() if name not in broken}


def sqnr(expected: Sequence[Outputs], got: Sequence[Outputs]) -> dict[str, Number | None]:
    """Return the signal-to-noise ratio of each output in dB, over all batches.

    Source:
        ``torch.ao.ns.fx.utils.compute_sqnr``: 20 lg(‖x‖ / ‖x − y‖).
    """
    return {name: decibels(signal, noise) for name, (noise, signal) in noise_to_signal(expected, got).items()}


def together(expected: Sequence[Outputs], got: Sequence[Outputs]) -> Number | None:
    """Return the ratio of all outputs together: the mean of their noise-to-signal ratios, in dB.

    Each output counts alike, so that a small head beside a large one does not vanish.
    """
    ratios = [noise / signal for noise, signal in noise_to_signal(expected, got).values() if signal]
    return decibels(1.0, sum(ratios) / len(ratios)) if ratios else None


def agreement(expected: Sequence[Outputs], got: Sequence[Outputs], name: str, samples: int = 0) -> float | None:
    """Return the share of samples whose largest class score is the same; None unless they are tables of scores.

    ``samples`` is how many the batches hold: a graph of many nodes, say, has one row of scores, no class of each node.
    """
    same = rows = 0
    for wanted, have in zip(expected, got, strict=True):
        scores, others = wanted.get(name), have.get(name)
        if scores is None or others is None or scores.shape != others.shape or scores.dim() != 2 or scores.shape[1] < 2:
            return None
        same += int((scores.argmax(1) == others.argmax(1)).sum())
        rows += len(scores)
    return same / rows if rows and rows >= samples else None


def samples_in(batches: Sequence[Arguments], given: Sequence[Outputs] = ()) -> int:
    """Return how many samples the batches hold, by the first dimension of their first tensor.

    Args:
        batches: What the model is called with.
        given: What it gave for each: where all outputs have the first dimension of another input, that is the number,
            as of an ``EmbeddingBag``, whose first input holds the indices of all bags.
    """
    known = given if len(given) == len(batches) else [{}] * len(batches)
    return sum(map(_samples, batches, known))


def _samples(batch: Arguments, given: Outputs) -> int:
    tensors = [each for each in pytree.tree_leaves((batch.args, batch.kwargs)) if isinstance(each, Tensor)]
    rows = [len(each) if each.dim() else 1 for each in tensors] or [1]
    wanted = {len(each) if each.dim() else 1 for each in given.values()}
    return next((each for each in rows if wanted == {each}), rows[0])


def is_equal(one: Mapping[str, Tensor], other: Mapping[str, Tensor]) -> bool:
    """Return whether outputs are the same bit by bit; nan equals nan."""
    return one.keys() == other.keys() and all(
        torch.equal(torch.nan_to_num(value, nan=12345.0), torch.nan_to_num(other[name], nan=12345.0))
        for name, value in one.items()
    )
