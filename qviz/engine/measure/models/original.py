"""The user's model as it is measured: a copy that training cannot reach, with what training learned copied back."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from qviz.analysis.linking.index import LinkIndex
from qviz.document.query import Index
from qviz.document.snapshot import Link, Stage
from qviz.engine.loading.copies import own_copy
from qviz.engine.loading.forward import Arguments
from qviz.engine.measure.running import outputs
from qviz.engine.measure.simulated.simulation import copied

_SPARSE = (torch.sparse_coo, torch.sparse_csr, torch.sparse_csc, torch.sparse_bsr, torch.sparse_bsc)


class _NormPlace(NamedTuple):
    """Where a batch norm is: its path in the prepared model, or the layer before it that it was folded into."""

    path: str
    is_folded: bool = False


def apart(model: nn.Module, is_trained: bool) -> nn.Module:
    """Return a copy to run; it shares the parameters, unless these will be trained."""
    return own_copy(model, {}) if is_trained else copied(model)


def take_trained(original: nn.Module, prepared: nn.Module, stages: Sequence[Stage], links: Sequence[Link]) -> list[str]:
    """Copy trained parameters and statistics back by name; return the batch norms that have nothing to be given.

    A fused module keeps the weight at the convolution's path and the norm inside, as ``bn``. A norm that was
    folded before training has no parameters left: the weight before it holds them. That weight is taken over as it
    was trained, and the norm becomes the addition of the bias: together they compute what was trained.
    """
    trained: dict[str, Tensor] = prepared.state_dict()
    places = _norms(original, prepared, stages, links)
    lost = []
    with torch.no_grad():
        for name, value in original.state_dict().items():
            path, _, own = name.rpartition(".")
            place = places.get(path)
            found = trained.get(name if place is None or place.is_folded else f"{place.path}.{own}")
            if found is not None and found.shape == value.shape:
                value.copy_(found)
        for path, place in places.items():
            if place is None or (place.is_folded and not _take_folded(original, path, place.path, trained)):
                lost.append(path)
    return lost


def _take_folded(original: nn.Module, path: str, host: str, trained: Mapping[str, Tensor]) -> bool:
    """Give a layer the weight that holds its norm, too, and the norm what is left; return whether it could be done."""
    layer, norm = original.get_submodule(host), original.get_submodule(path)
    inside = next((each for each in (host, f"{host}.0") if f"{each}.weight" in trained), host)
    weight, bias = trained.get(f"{inside}.weight"), trained.get(f"{inside}.bias")
    own = layer._parameters.get("weight")  # noqa: SLF001
    if weight is None or bias is None or own is None or own.shape != weight.shape:
        return False
    if not isinstance(norm, _BatchNorm) or norm.running_mean is None or norm.running_var is None or not norm.affine:
        return False
    own.copy_(weight)
    if (before := layer._parameters.get("bias")) is not None:  # noqa: SLF001
        before.zero_()
    norm.running_mean.zero_()
    norm.running_var.fill_(1 - norm.eps)
    norm.weight.fill_(1)
    norm.bias.copy_(bias)
    return True


def has_moved(original: nn.Module, prepared: nn.Module) -> bool:
    """Return whether calibration changed what the model keeps between calls."""
    held = dict(prepared.named_buffers())
    return any(
        name in held and held[name].shape == each.shape and not _are_equal(held[name], each)
        for name, each in original.named_buffers()
    )


def _are_equal(one: Tensor, other: Tensor) -> bool:
    """Compare two tensors; sparse ones, which torch.equal refuses, by their values."""
    if one.layout in _SPARSE or other.layout in _SPARSE:
        return one.layout == other.layout and torch.equal(one.to_dense(), other.to_dense())
    return torch.equal(one, other)


def take_state(original: nn.Module, prepared: nn.Module) -> None:
    """Copy back by name what calibration changed: buffers alone, for the parameters are the user's own."""
    held = dict(prepared.named_buffers())
    for name, each in original.named_buffers():
        found = held.get(name)
        if found is not None and found.shape == each.shape:
            each.copy_(found)


def _norms(
    original: nn.Module, prepared: nn.Module, stages: Sequence[Stage], links: Sequence[Link]
) -> Mapping[str, _NormPlace | None]:
    """Return where each batch norm is in the prepared model; None of one that is not found."""
    captured, index = stages[0], LinkIndex(links)
    nodes = {node.id: node for stage in stages if stage.name == "prepared" for node in stage.graph.nodes}
    before, producers = Index(captured.graph).nodes, Index(captured.graph).producers
    held = {name.rpartition(".")[0] for name in prepared.state_dict()}
    modules = dict(original.named_modules())
    norms = {path for path, module in modules.items() if isinstance(module, _BatchNorm)}
    found: dict[str, _NormPlace | None] = {path: _NormPlace(path) for path in norms & held}
    for node in captured.graph.nodes:
        path = str(node.target) if node.op == "call_module" else node.place
        if path not in norms or path in found:
            continue
        partners = index.partners(captured.name, "prepared", [node.id])
        hosts = [str(nodes[each].target) for each in partners if each in nodes]
        given = [str(before[each].target) for each in producers[node.id]]  # eager fusion leaves an Identity behind
        own = (f"{path}.0", *(f"{host}.bn" for host in (*hosts, *given)))  # before a relu it is the first of two
        inside = next((each for each in own if each in held), None)
        is_gone = isinstance(dict(prepared.named_modules()).get(path), nn.Identity)
        layers = (host for host in given if is_gone and host in modules)
        folded = next((host for host in layers if hasattr(modules[host], "weight")), None)
        found[path] = _NormPlace(inside) if inside else _NormPlace(folded, is_folded=True) if folded else None
    return found


def is_random(model: nn.Module, batch: Arguments) -> bool:
    """Return whether equal calls differ by the random numbers that they draw, and not by what the model keeps.

    A copy shares its parameters with the model: one that writes into them keeps something there.
    """
    given, before = [], _writes(model)
    for seed in (0, 1):
        torch.manual_seed(seed)
        random.seed(seed)
        given.append(outputs.run(copied(model), [batch])[0])
    return not outputs.is_equal(*given) and _writes(model) == before


def _writes(model: nn.Module) -> dict[str, int]:
    """Return how often each parameter was written so far."""
    counted = ((name, each) for name, each in model.named_parameters() if not each.is_inference())
    return {name: each._version for name, each in counted}  # noqa: SLF001 - torch has no other counter


def state(model: nn.Module, batch: Arguments) -> tuple[str, ...]:
    """Return the buffers that a call changes, and the parameters that it writes into."""
    own, written = copied(model), _writes(model)
    before = {name: each.detach().clone() for name, each in own.named_buffers()}
    outputs.run(own, [batch])
    buffers = (name for name, each in own.named_buffers() if name in before and not _is_same(each, before[name]))
    now = _writes(model)
    return (*buffers, *(name for name, count in written.items() if now[name] != count))


def _is_same(one: Tensor, other: Tensor) -> bool:
    return one.shape == other.shape and torch.equal(one, other)
