"""Models of the reports in `later_reports.py`."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from torch.ao.nn.quantized import FloatFunctional
from torch.ao.quantization import DeQuantStub, QuantStub
from torch.nn import functional as F  # noqa: N812 - torch's own name


class Bottleneck(nn.Module):
    """Adds before its last relu, which is the one that it also calls before."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(8, 8, 3, padding=1), nn.Conv2d(8, 8, 3, padding=1)
        self.bn1, self.bn2, self.relu, self.add = nn.BatchNorm2d(8), nn.BatchNorm2d(8), nn.ReLU(), FloatFunctional()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.relu(self.bn1(self.conv1(x)))
        return self.relu(self.add.add(self.bn2(self.conv2(y)), x))


def resnet() -> nn.Module:
    """Return a stem and a block."""
    return nn.Sequential(nn.Conv2d(3, 8, 3), Bottleneck())


class Attention(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.attention, self.fc = nn.MultiheadAttention(16, 2, batch_first=True), nn.Linear(16, 4)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.fc(self.attention(x, x, x)[0])


class Adder(nn.Module):
    """Two skips by one FloatFunctional."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.b, self.c = (nn.Conv2d(each, 8, 3, padding=1) for each in (3, 8, 8))
        self.add = FloatFunctional()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.a(x)
        x = self.add.add(self.b(x), x)
        return self.add.add(self.c(x), x)


class VisionAttention(nn.Module):
    """That of timm's vision transformers."""

    def __init__(self) -> None:
        super().__init__()
        self.scale, self.qkv, self.proj = 8**-0.5, nn.Linear(16, 48), nn.Linear(16, 16)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        q, k, v = self.qkv(x).reshape(*x.shape[:2], 3, 2, 8).permute(2, 0, 3, 1, 4).unbind(0)
        weights = ((q * self.scale) @ k.transpose(-2, -1)).softmax(-1)
        return self.proj((weights @ v).transpose(1, 2).reshape(x.shape))


class WrappedConv(nn.Conv2d):
    """That of mmcv and detectron2, which looks at empty tensors and norms."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x if x.numel() == 0 else super().forward(x)


class ConvModule(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv, self.bn, self.act = WrappedConv(3, 8, 3, bias=False), nn.BatchNorm2d(8), nn.ReLU()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.act(self.bn(self.conv(x)))


def linear_and_norm() -> nn.Module:
    """Return a batch norm behind a linear."""
    return nn.Sequential(nn.Linear(16, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 4))


class Preprocesses(nn.Module):
    """Scales images to bytes and normalizes them."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.conv((x * 255 - 116.0) / 58.0)


class Sentences(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.words, self.dense = nn.Embedding(50, 16), nn.Linear(16, 8)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.dense(self.words(x).mean(1))


class TwoNorms(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv, self.bn, self.check = nn.Conv2d(3, 16, 3), nn.BatchNorm2d(16), nn.BatchNorm2d(16)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.check(self.bn(self.conv(x)))


class Cell(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.cell, self.fc = nn.LSTMCell(16, 16), nn.Linear(16, 4)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.fc(self.cell(x)[0])


class Streaming(nn.Module):
    """Keeps its hidden state for the next piece of sound."""

    def __init__(self) -> None:
        super().__init__()
        self.quant, self.dequant, self.add = QuantStub(), DeQuantStub(), FloatFunctional()
        self.into, self.back = nn.Linear(16, 16), nn.Linear(16, 16)
        self.hidden: Any = None

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.into(self.quant(x))
        if self.hidden is not None:
            y = self.add.add(y, self.back(self.hidden))
        self.hidden = torch.tanh(y).detach()
        return self.dequant(self.hidden)


def exported_in_training(rows: torch.Tensor) -> nn.Module:
    """Return a graph with a dropout that was exported in training mode."""
    model = nn.Sequential(nn.Linear(16, 16), nn.Dropout(0.5), nn.Linear(16, 4)).train()
    return torch.export.export(model, (rows,)).module()


def hooked() -> nn.Module:
    """Return a linear in a model whose hook changes what it gives."""
    model = nn.Sequential(nn.Linear(16, 4))
    model.register_forward_hook(lambda _, __, result: result * 3 + 1)
    return model


class Excitation(nn.Module):
    """Squeeze and excitation with a PReLU, as IR-SE networks have it."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.pool = nn.Conv2d(3, 8, 3), nn.AdaptiveAvgPool2d(1)
        self.gate = nn.Sequential(nn.Conv2d(8, 4, 1), nn.PReLU(), nn.Conv2d(4, 8, 1), nn.Sigmoid())

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.conv(x)
        return y * self.gate(self.pool(y))


def in_large_steps(images: torch.Tensor) -> Any:
    """Return a training whose loss explodes."""

    def train(model: nn.Module) -> None:
        optimizer = torch.optim.SGD(model.parameters(), 1e4)
        for _ in range(5):
            optimizer.zero_grad()
            F.mse_loss(model(images), torch.zeros(len(images), 4)).backward()
            optimizer.step()

    return train
