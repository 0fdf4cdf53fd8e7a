"""Small models for the engine's tests, and the flows as torch's own tutorials write them, without qviz."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from torch.ao.quantization import get_default_qat_qconfig_mapping, get_default_qconfig_mapping
from torch.ao.quantization.quantize_fx import prepare_fx, prepare_qat_fx
from torch.ao.quantization.quantize_pt2e import prepare_pt2e
from torch.ao.quantization.quantizer.xnnpack_quantizer import XNNPACKQuantizer, get_symmetric_quantization_config
from torch.fx import GraphModule
from torch.nn import functional as F  # noqa: N812 - torch's own name


class Block(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(4, 4, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(4)
        self.relu = nn.ReLU()
        self.conv2 = nn.Conv2d(4, 4, 3, padding=1)
        self.bn2 = nn.BatchNorm2d(4)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.relu(self.bn1(self.conv1(x)))
        y = self.bn2(self.conv2(y))
        y = y + x
        return self.relu(y)


class Net(nn.Module):
    """Two residual blocks under a Sequential, a pool, a flatten, a linear."""

    def __init__(self) -> None:
        super().__init__()
        self.layer1 = nn.Sequential(Block(), Block())
        self.pool = nn.MaxPool2d(2)
        self.fc = nn.Linear(64, 10)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.pool(self.layer1(x))
        return self.fc(torch.flatten(x, 1))


class Words(nn.Module):
    """An embedding, a functional relu, an LSTM, a cat of two tensors, a method."""

    def __init__(self) -> None:
        super().__init__()
        self.emb = nn.Embedding(10, 16)
        self.fc = nn.Linear(16, 8)
        self.lstm = nn.LSTM(8, 4)
        self.out = nn.Linear(4, 2)

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        x = F.relu(self.fc(self.emb(ids)))
        y, _ = self.lstm(x)
        return torch.cat([self.out(y), y[..., :2].sigmoid()], -1)


class Branches(nn.Module):
    """Control flow, which torch.export keeps as two nested graphs."""

    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(4, 4)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        def rise(x: torch.Tensor) -> torch.Tensor:
            return x.cos() + 1

        def fall(x: torch.Tensor) -> torch.Tensor:
            return x.sin()

        return torch.cond(x.sum() > 0, rise, fall, (self.fc(x),))


NET_INPUTS = (torch.ones(2, 4, 8, 8),)
WORDS_INPUTS = (torch.arange(6).reshape(3, 2),)


def fx_prepared(model: nn.Module, inputs: tuple[Any, ...], calibrate: bool = True) -> GraphModule:
    prepared = prepare_fx(model.eval(), get_default_qconfig_mapping("x86"), inputs)
    if calibrate:
        prepared(*inputs)
    return prepared


def fx_qat_prepared(model: nn.Module, inputs: tuple[Any, ...]) -> GraphModule:
    prepared = prepare_qat_fx(model.train(), get_default_qat_qconfig_mapping("x86"), inputs)
    prepared(*inputs)
    return prepared


def exported(model: nn.Module, inputs: tuple[Any, ...], **options: Any) -> GraphModule:
    torch._dynamo.reset()
    options.setdefault("strict", True)
    made: Any = torch.export.export(model, inputs, **options).module()
    return made


def quantizer(**options: Any) -> XNNPACKQuantizer:
    return XNNPACKQuantizer().set_global(get_symmetric_quantization_config(**options))


def pt2e_prepared(captured: GraphModule, inputs: tuple[Any, ...], **options: Any) -> GraphModule:
    prepared = prepare_pt2e(captured, quantizer(**options))
    prepared(*inputs)
    return prepared
