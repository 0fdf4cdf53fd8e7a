"""More models of public reports, smaller than those of the reports."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812 - torch's own name


class Projection(nn.Module):
    """The layer of GPT-2 that computes what a linear one does."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.weight, self.bias = nn.Parameter(torch.randn(inputs, outputs) * 0.1), nn.Parameter(torch.zeros(outputs))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        size = (*x.size()[:-1], self.bias.shape[0])
        return torch.addmm(self.bias, x.view(-1, x.size(-1)), self.weight).view(size)


class Block(nn.Module):
    """A block of GPT-2 without its attention."""

    def __init__(self) -> None:
        super().__init__()
        self.norm, self.up, self.down = nn.LayerNorm(16), Projection(16, 64), Projection(64, 16)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.down(F.gelu(self.up(self.norm(x))))


class Functional(nn.Module):
    """Calls conv2d as a function."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.weight = nn.Conv2d(3, 4, 3), nn.Parameter(torch.randn(4, 4, 3, 3) * 0.2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return F.conv2d(self.conv(x), self.weight)


class Detector(nn.Module):
    """Makes its grid anew where the image has another size."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.grid = nn.Conv2d(3, 4, 3), torch.zeros(1, 1, 1, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.conv(x)
        if self.grid.shape[2:4] != y.shape[2:4]:
            self.grid = torch.zeros(1, 1, y.shape[2], y.shape[3])
        return y + self.grid


class Gated(nn.Module):
    """Adds what a parameter scales, which is zero before training."""

    def __init__(self) -> None:
        super().__init__()
        self.one, self.other = nn.Conv2d(3, 3, 1), nn.Conv2d(3, 3, 1)
        self.beta = nn.Parameter(torch.zeros(1, 3, 1, 1))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.one(x) * self.other(x) * self.beta


class Recurrent(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.gru = nn.GRU(16, 8, batch_first=True)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.gru(x)[0]


class Slow(nn.Module):
    """Its batch norm has the momentum of YOLO."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.norm, self.fc = nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8, momentum=0.03), nn.Linear(8, 4)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.fc(torch.relu(self.norm(self.conv(x))).mean((2, 3)))


class FeedForward(nn.Module):
    """That of T5, which takes the dtype of the weight."""

    def __init__(self) -> None:
        super().__init__()
        self.up, self.down = nn.Linear(16, 32), nn.Linear(32, 16)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.down(torch.relu(self.up(x)).to(self.down.weight.dtype))


class Attends(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.attention, self.fc = nn.MultiheadAttention(16, 2, batch_first=True), nn.Linear(16, 16)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.fc(self.attention(x, x, x, need_weights=False)[0])


class Projected(nn.Module):
    """An LSTM whose output is smaller than its state."""

    def __init__(self) -> None:
        super().__init__()
        self.lstm = nn.LSTM(12, 24, proj_size=8)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.lstm(x)[0]


class Products(nn.Module):
    def forward(self, one: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
        return torch.matmul(one, other)


class Tied(nn.Module):
    """Reads its words and writes them with one weight."""

    def __init__(self) -> None:
        super().__init__()
        self.words, self.head = nn.Embedding(24, 16), nn.Linear(16, 24, bias=False)
        self.head.weight = self.words.weight

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.head(self.words(x))


def upsampling() -> nn.Module:
    """Return a transposed convolution in groups, with its batch norm."""
    return nn.Sequential(nn.ConvTranspose2d(8, 8, 2, stride=2, groups=4), nn.BatchNorm2d(8))
