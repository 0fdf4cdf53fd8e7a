"""What a model keeps between calls: its buffers, also those that a call puts another tensor in the place of.

And weights that torch's own modules write into when they run: embeddings with max_norm scale their rows down.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import NamedTuple, TypeAlias, TypeGuard

import torch
from torch import Tensor, nn

BufferPlace: TypeAlias = tuple[nn.Module, str]
"""A module and the name of its buffer."""


class BufferBefore(NamedTuple):
    """A buffer as it was."""

    place: BufferPlace
    buffer: Tensor
    before: Tensor

    @property
    def is_changed(self) -> bool:
        """Whether another tensor took its place since, or it holds other numbers."""
        now = _at(self.place)
        if now is None or now.shape != self.before.shape or now.layout is not torch.strided:
            return True
        return not torch.equal(now, self.before)


def _at(place: BufferPlace) -> Tensor | None:
    owner, name = place
    return dict(owner.named_buffers(recurse=False)).get(name)


def places_of(*models: nn.Module) -> list[BufferPlace]:
    """Return where all buffers are."""
    owners = {id(each): each for model in models for each in model.modules()}.values()
    return [(each, name) for each in owners for name, _ in each.named_buffers(recurse=False)]


def hold(places: Iterable[BufferPlace]) -> list[BufferBefore]:
    """Return copies of buffers; weights that Inductor packed cannot be written, by nobody."""
    found = [(place, _at(place)) for place in places]
    return [
        BufferBefore(place, buffer, buffer.detach().clone())
        for place, buffer in found
        if buffer is not None and not buffer.is_mkldnn
    ]


def give_back(held: Iterable[BufferBefore]) -> None:
    """Put buffers back as they were."""
    with torch.no_grad():
        for each in held:
            owner, name = each.place
            if not isinstance(owner, torch.jit.ScriptModule):
                owner._buffers[name] = each.buffer  # noqa: SLF001 - register_buffer would make it persistent
            if each.buffer.shape == each.before.shape:
                each.buffer.copy_(each.before)


@contextmanager
def buffers_kept(*models: nn.Module) -> Iterator[list[BufferBefore]]:
    """Give the buffers of models back as they were."""
    held = hold(places_of(*models))
    try:
        yield held
    finally:
        give_back(held)


@contextmanager
def written_weights_kept(model: nn.Module) -> Iterator[None]:
    """Give the weights that a call of a model scales in place back as they were: a plain run has not called it yet."""
    weights = {id(each.weight): each.weight for each in model.modules() if _writes_its_weight(each)}.values()
    held = [(each, each._version, each.detach().clone()) for each in weights]  # noqa: SLF001
    try:
        yield
    finally:
        with torch.no_grad():
            for weight, version, before in held:
                if weight._version != version:  # noqa: SLF001
                    weight.copy_(before)


def _writes_its_weight(module: nn.Module) -> TypeGuard[nn.Embedding | nn.EmbeddingBag]:
    return isinstance(module, nn.Embedding | nn.EmbeddingBag) and module.max_norm is not None
