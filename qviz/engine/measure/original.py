"""The user's model as it is measured: a copy that training cannot reach, with what training learned copied back."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from qviz.analysis.linking.index import LinkIndex
from qviz.document.query import Index
from qviz.document.snapshot import Link, Stage
from qviz.engine.loading.copies import own_copy
from qviz.engine.loading.forward import Arguments
from qviz.engine.measure import outputs
from qviz.engine.measure.simulation import copied


def apart(model: nn.Module, is_trained: bool) -> nn.Module:
    """Return a copy to run; it shares the parameters, unless these will be trained."""
    return own_copy(model, {}) if is_trained else copied(model)


def take_trained(original: nn.Module, prepared: nn.Module, stages: Sequence[Stage], links: Sequence[Link]) -> list[str]:
    """Copy trained parameters and statistics back by name; return the batch norms that have nothing to be given.

    A fused module keeps the weight at the convolution's path and the norm inside, as ``bn``. A norm that was
    folded before training has no parameters left: the weight holds them, and cannot be taken apart.
    """
    trained: dict[str, Tensor] = prepared.state_dict()
    places = _norms(original, prepared, stages, links)
    folded = [path for path, place in places.items() if place is None]
    with torch.no_grad():
        for name, value in original.state_dict().items():
            path, _, own = name.rpartition(".")
            place = places.get(path)
            found = trained.get(name if place is None else f"{place}.{own}")
            if found is not None and found.shape == value.shape:
                value.copy_(found)
    return folded


def has_moved(original: nn.Module, prepared: nn.Module) -> bool:
    """Return whether calibration changed what the model keeps between calls."""
    held = dict(prepared.named_buffers())
    return any(
        name in held and held[name].shape == each.shape and not torch.equal(held[name], each)
        for name, each in original.named_buffers()
    )


def _norms(
    original: nn.Module, prepared: nn.Module, stages: Sequence[Stage], links: Sequence[Link]
) -> Mapping[str, str | None]:
    """Return where each batch norm is in the prepared model; None of one that was folded."""
    captured, index = stages[0], LinkIndex(links)
    nodes = {node.id: node for stage in stages if stage.name == "prepared" for node in stage.graph.nodes}
    before, producers = Index(captured.graph).nodes, Index(captured.graph).producers
    held = {name.rpartition(".")[0] for name in prepared.state_dict()}
    norms = {path for path, module in original.named_modules() if isinstance(module, _BatchNorm)}
    found: dict[str, str | None] = {path: path for path in norms & held}
    for node in captured.graph.nodes:
        path = str(node.target) if node.op == "call_module" else node.place
        if path not in norms or path in found:
            continue
        partners = index.partners(captured.name, "prepared", [node.id])
        hosts = [str(nodes[each].target) for each in partners if each in nodes]
        hosts += [str(before[each].target) for each in producers[node.id]]  # eager fusion leaves an Identity behind
        found[path] = next((f"{host}.bn" for host in hosts if f"{host}.bn" in held), None)
    return found


def is_random(model: nn.Module, batch: Arguments) -> bool:
    """Return whether equal calls differ by the random numbers that they draw, and not by what the model keeps."""
    given = []
    for seed in (0, 1):
        torch.manual_seed(seed)
        random.seed(seed)
        given.append(outputs.run(copied(model), [batch])[0])
    return not outputs.is_equal(*given)


def state(model: nn.Module, batch: Arguments) -> tuple[str, ...]:
    """Return the buffers that a call changes."""
    own = copied(model)
    before = {name: each.detach().clone() for name, each in own.named_buffers()}
    outputs.run(own, [batch])
    return tuple(name for name, each in own.named_buffers() if name in before and not _is_same(each, before[name]))


def _is_same(one: Tensor, other: Tensor) -> bool:
    return one.shape == other.shape and torch.equal(one, other)
