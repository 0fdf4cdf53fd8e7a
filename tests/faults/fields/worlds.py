"""Graphs, points, tables, games, films, and what is made from noise."""

from __future__ import annotations

import torch
from torch import nn
from torch.ao.quantization import DeQuantStub, QuantStub
from torch.nn import functional as F  # noqa: N812 - torch's own name

from tests.faults.fields.field import FieldModel, images, rows
from tests.faults.fields.vision import DYNAMIC, STATIC, block
from tests.processor import HAS_VNNI


class GraphConvolution(nn.Module):
    """Nodes learn from their neighbors, by a matrix of who is next to whom."""

    def __init__(self) -> None:
        super().__init__()
        self.one, self.two = nn.Linear(8, 16), nn.Linear(16, 4)

    def forward(self, x: torch.Tensor, near: torch.Tensor) -> torch.Tensor:
        return near @ self.two(F.relu(near @ self.one(x)))


class GraphMessages(nn.Module):
    """Messages along edges, added at their ends."""

    def __init__(self) -> None:
        super().__init__()
        self.message, self.update, self.head = nn.Linear(16, 16), nn.Linear(24, 16), nn.Linear(16, 3)

    def forward(self, x: torch.Tensor, edges: torch.Tensor) -> torch.Tensor:
        start, end = edges[0], edges[1]
        messages = F.relu(self.message(torch.cat([x[start], x[end]], -1)))
        summed = torch.zeros(x.shape[0], 16).index_add(0, end, messages)
        return self.head(F.relu(self.update(torch.cat([x, summed], -1))))


class Points(nn.Module):
    """PointNet: each point by itself, then the largest of each feature."""

    def __init__(self) -> None:
        super().__init__()
        self.one, self.norm1, self.relu1 = nn.Conv1d(3, 16, 1), nn.BatchNorm1d(16), nn.ReLU()
        self.two, self.norm2, self.relu2 = nn.Conv1d(16, 16, 1), nn.BatchNorm1d(16), nn.ReLU()
        self.pool, self.fc = nn.MaxPool1d(32), nn.Linear(16, 5)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.relu1(self.norm1(self.one(x)))
        return self.fc(torch.flatten(self.pool(self.relu2(self.norm2(self.two(x)))), 1))


class PointRows(nn.Module):
    """The same by layers over the last axis."""

    def __init__(self) -> None:
        super().__init__()
        self.one, self.two, self.fc = nn.Linear(3, 16), nn.Linear(16, 16), nn.Linear(16, 5)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.fc(F.relu(self.two(F.relu(self.one(x)))).amax(1))


class Generator(nn.Module):
    """DCGAN."""

    def __init__(self) -> None:
        super().__init__()
        self.one, self.norm, self.relu = nn.ConvTranspose2d(8, 8, 4), nn.BatchNorm2d(8), nn.ReLU()
        self.two, self.tanh = nn.ConvTranspose2d(8, 3, 4, stride=2, padding=1), nn.Tanh()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.tanh(self.two(self.relu(self.norm(self.one(x)))))


class Variational(nn.Module):
    """The encoder of a VAE, and its decoder."""

    def __init__(self) -> None:
        super().__init__()
        self.inside, self.relu, self.mean, self.spread = (
            nn.Linear(32, 16),
            nn.ReLU(),
            nn.Linear(16, 8),
            nn.Linear(16, 8),
        )
        self.up, self.relu2, self.out = nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 32)

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        y = self.relu(self.inside(x))
        mean = self.mean(y)
        return self.out(self.relu2(self.up(mean))), mean, self.spread(y)


class Denoiser(nn.Module):
    """A step of a diffusion model: an image, and the time as features."""

    def __init__(self) -> None:
        super().__init__()
        self.stem, self.time = block(3, 8, nn.Hardswish), nn.Linear(8, 8)
        self.body, self.out = block(8, 8, nn.Hardswish), nn.Conv2d(8, 3, 3, padding=1)

    def forward(self, x: torch.Tensor, time: torch.Tensor) -> torch.Tensor:
        shift = self.time(time).unsqueeze(-1).unsqueeze(-1)
        return self.out(self.body(self.stem(x) + shift))


class Style(nn.Module):
    """Style transfer: instance norms."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.norm, self.relu = nn.Conv2d(3, 8, 3, padding=1), nn.InstanceNorm2d(8, affine=True), nn.ReLU()
        self.out = nn.Conv2d(8, 3, 3, padding=1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.out(self.relu(self.norm(self.conv(x))))


class Advertising(nn.Module):
    """DLRM: tables and numbers."""

    def __init__(self) -> None:
        super().__init__()
        self.user, self.item = nn.EmbeddingBag(64, 16, mode="sum"), nn.EmbeddingBag(64, 16, mode="sum")
        self.bottom, self.top, self.out = nn.Linear(8, 16), nn.Linear(48, 16), nn.Linear(16, 1)

    def forward(self, user: torch.Tensor, item: torch.Tensor, numbers: torch.Tensor) -> torch.Tensor:
        x = torch.cat([self.user(user), self.item(item), F.relu(self.bottom(numbers))], 1)
        return self.out(F.relu(self.top(x)))


class Towers(nn.Module):
    """Users and items in one space."""

    def __init__(self) -> None:
        super().__init__()
        self.user, self.user2 = nn.Linear(12, 16), nn.Linear(16, 8)
        self.item, self.item2 = nn.Linear(20, 16), nn.Linear(16, 8)

    def forward(self, user: torch.Tensor, item: torch.Tensor) -> torch.Tensor:
        user, item = self.user2(F.relu(self.user(user))), self.item2(F.relu(self.item(item)))
        return (user * item).sum(-1)


class WideAndDeep(nn.Module):
    """A linear model beside a deep one."""

    def __init__(self) -> None:
        super().__init__()
        self.wide, self.one, self.relu, self.two = nn.Linear(16, 2), nn.Linear(16, 16), nn.ReLU(), nn.Linear(16, 2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.wide(x) + self.two(self.relu(self.one(x)))


class Tabular(nn.Module):
    """Batch norms behind Linear."""

    def __init__(self) -> None:
        super().__init__()
        self.one, self.norm, self.relu, self.two = nn.Linear(16, 16), nn.BatchNorm1d(16), nn.ReLU(), nn.Linear(16, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.two(self.relu(self.norm(self.one(x))))


class Policy(nn.Module):
    """What to do, and what it is worth."""

    def __init__(self) -> None:
        super().__init__()
        self.one, self.tanh, self.two, self.tanh2 = nn.Linear(8, 16), nn.Tanh(), nn.Linear(16, 16), nn.Tanh()
        self.actions, self.worth = nn.Linear(16, 4), nn.Linear(16, 1)

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        x = self.tanh2(self.two(self.tanh(self.one(x))))
        return self.actions(x), self.worth(x)


class Game(nn.Module):
    """A deep Q network: four frames of a screen."""

    def __init__(self) -> None:
        super().__init__()
        self.one, self.two = nn.Conv2d(4, 8, 4, stride=2), nn.Conv2d(8, 8, 3)
        self.relu1, self.relu2 = nn.ReLU(), nn.ReLU()
        self.fc, self.relu3, self.out = nn.Linear(200, 32), nn.ReLU(), nn.Linear(32, 6)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.relu2(self.two(self.relu1(self.one(x))))
        return self.out(self.relu3(self.fc(torch.flatten(x, 1))))


class StubbedGame(Game):
    """The same for eager mode."""

    def __init__(self) -> None:
        super().__init__()
        self.quant, self.dequant = QuantStub(), DeQuantStub()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.dequant(super().forward(self.quant(x)))


class Film(nn.Module):
    """C3D: space and time."""

    def __init__(self) -> None:
        super().__init__()
        self.one, self.norm, self.relu = nn.Conv3d(3, 8, 3, padding=1), nn.BatchNorm3d(8), nn.ReLU()
        self.pool, self.two, self.relu2 = nn.MaxPool3d(2), nn.Conv3d(8, 8, 3, padding=1), nn.ReLU()
        self.whole, self.fc = nn.AdaptiveAvgPool3d(1), nn.Linear(8, 5)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.relu2(self.two(self.pool(self.relu(self.norm(self.one(x))))))
        return self.fc(torch.flatten(self.whole(x), 1))


class Frames(nn.Module):
    """Each frame by itself, then their mean."""

    def __init__(self) -> None:
        super().__init__()
        self.stem, self.body, self.pool, self.fc = block(3, 8), block(8, 8), nn.AdaptiveAvgPool2d(1), nn.Linear(8, 5)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.pool(self.body(self.stem(x.reshape(8, 3, 16, 16))))
        return self.fc(torch.flatten(x, 1))


def _bags() -> tuple[torch.Tensor, ...]:
    return torch.randint(0, 64, (4, 5)), torch.randint(0, 64, (4, 5)), torch.randn(4, 8)


def _graph() -> tuple[torch.Tensor, ...]:
    near = torch.rand(10, 10) + torch.eye(10)
    return torch.randn(10, 8), near / near.sum(1, keepdim=True)


WORLDS = (
    FieldModel("graphs: convolution", GraphConvolution, _graph, DYNAMIC),
    FieldModel(
        "graphs: messages",
        GraphMessages,
        lambda: (torch.randn(10, 8), torch.randint(0, 10, (2, 30))),
        ("eager-dynamic", "pt2e-dynamic"),
    ),
    FieldModel("points: convolutions", Points, rows(4, 3, 32), ("fx-static",)),
    FieldModel("points: rows", PointRows, rows(4, 32, 3), DYNAMIC),
    FieldModel("made images: generator", Generator, rows(4, 8, 2, 2), ("fx-static",), {"backend": "qnnpack"}),
    FieldModel("made data: variational", Variational, rows(16, 32), STATIC),
    FieldModel("made images: denoiser", Denoiser, lambda: (*images()(), torch.randn(4, 8)), ("fx-static",)),
    FieldModel("made images: style", Style, images(), ("fx-static",)),
    FieldModel("recommenders: tables", Advertising, _bags, ("eager-weight-only", "fx-weight-only", "eager-dynamic")),
    FieldModel("recommenders: towers", Towers, lambda: (torch.randn(8, 12), torch.randn(8, 20)), DYNAMIC),
    FieldModel("recommenders: wide and deep", WideAndDeep, rows(16, 16), STATIC),
    FieldModel("tables: batch norms", Tabular, rows(16, 16), ("fx-static", "fx-qat")),
    # tanh has all eight bits, which overflow without VNNI, as torch itself shows
    *((FieldModel("control: policy", Policy, rows(16, 8), ("fx-static",)),) if HAS_VNNI else ()),
    FieldModel("games: screen", Game, images(4), (*STATIC, "fx-qat")),
    FieldModel("games: screen with stubs", StubbedGame, images(4), ("eager-static", "eager-qat")),
    FieldModel("films: space and time", Film, rows(2, 3, 4, 8, 8), ("fx-static",)),
    FieldModel("films: frames", Frames, rows(2, 4, 3, 16, 16), ("pt2e-static",)),
)
