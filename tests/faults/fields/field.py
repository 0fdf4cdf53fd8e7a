"""How a sound model of one field is run: as a good engineer prepares it, calibrated on data like those it will meet."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import nn

from qviz.document.configuration import Quantizer
from qviz.document.plan import Plan
from qviz.document.snapshot import Snapshot
from qviz.engine.loading.forward import Arguments
from qviz.engine.loading.source import Loaded
from qviz.engine.loading.training import given
from qviz.engine.serving.run import run_loaded
from tests.faults.inspection import faults_of, tensors

Batch = tuple[Any, ...]


@dataclass(frozen=True)
class FieldModel:
    """A sound model.

    Attributes:
        name: Its field, and what it is.
        make: The float model.
        batch: Inputs as the model will meet them, other ones at each call.
        flows: In which it is sound.
        plan: Fields of the plan, besides weights per channel, which FX has by itself.
    """

    name: str
    make: Callable[[], nn.Module]
    batch: Callable[[], Batch]
    flows: tuple[str, ...]
    plan: dict[str, Any] = field(default_factory=dict)

    def model(self) -> nn.Module:
        """Return it with weights and batch norms as after some training."""
        torch.manual_seed(0)
        model = self.make()
        with torch.no_grad():
            for _ in range(8):
                model.train()(*self.batch())
        return model.eval()

    def run(self, flow: str) -> Snapshot:
        model = self.model()
        torch.manual_seed(1)
        data = [self.batch() for _ in range(8)]
        loaded = Loaded(model, Arguments(self.batch(), {}), data, training=given(self.train))
        chosen = self.plan | ({"quantizer_options": Quantizer(per_channel=True)} if flow.startswith("pt2e") else {})
        return run_loaded(loaded, Plan(source="fields", flow=flow, **chosen), lambda _: None)

    def faults(self, flow: str) -> list[str]:
        """Return what torch alone shows to be wrong."""
        model = self.model()
        torch.manual_seed(1)
        return faults_of(flow, model, self.batch())

    def train(self, model: nn.Module) -> None:
        optimizer = torch.optim.SGD(model.parameters(), lr=1e-4)
        for _ in range(3):
            optimizer.zero_grad()
            torch.stack([each.pow(2).mean() for each in tensors(model(*self.batch()))]).sum().backward()
            optimizer.step()


def images(channels: int = 3, size: int = 16, count: int = 4) -> Callable[[], Batch]:
    """Return a maker of batches of images, normalized as for training."""
    return lambda: (torch.rand(count, channels, size, size) * 2 - 1,)


def rows(*shape: int) -> Callable[[], Batch]:
    """Return a maker of batches of features or signals."""
    return lambda: (torch.randn(shape),)


def words(*shape: int, vocabulary: int = 64) -> Callable[[], Batch]:
    """Return a maker of batches of token ids."""
    return lambda: (torch.randint(0, vocabulary, shape),)
