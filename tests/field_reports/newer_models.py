"""Models of reports that were tried later."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812 - torch's own name


class Softmax(nn.Module):
    """Calls softmax as a function behind a layer."""

    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(16, 8)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return F.softmax(self.fc(x), -1)


class Padded(nn.Module):
    """A convolution whose padding is given in words, and a relu."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Sequential(nn.Conv2d(1, 16, (32, 1), padding="same"), nn.ReLU())

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.conv(x.reshape(1, 1, 256, 1))


class Named(nn.Module):
    """Calls a function with the names of its arguments."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.conv(x)
        return torch.add(input=y, other=y * 2)


class Pooled(nn.Module):
    """Normalizes what was pooled to one value per channel, as the head of DeepLab does."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.pool = nn.Conv2d(3, 8, 3), nn.AdaptiveAvgPool2d(1)
        self.last, self.norm = nn.Conv2d(8, 8, 1, bias=False), nn.BatchNorm2d(8)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.norm(self.last(self.pool(self.conv(x))))


class Siamese(nn.Module):
    """One branch for two images."""

    def __init__(self) -> None:
        super().__init__()
        self.branch = nn.Conv2d(3, 8, 3)

    def forward(self, one: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
        return self.branch(one) + self.branch(other)
