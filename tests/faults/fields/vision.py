"""Images: classes, boxes, masks, depth."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from torch.ao.nn.quantized import FloatFunctional
from torch.ao.quantization import DeQuantStub, QuantStub
from torch.nn import functional as F  # noqa: N812 - torch's own name

from tests.faults.fields.field import FieldModel, images

STATIC = ("fx-static", "pt2e-static")


def block(inputs: int, outputs: int, activation: type[nn.Module] = nn.ReLU, **options: Any) -> nn.Sequential:
    """Return a convolution with what usually follows it."""
    options = {"kernel_size": 3, "padding": 1, "bias": False} | options
    return nn.Sequential(nn.Conv2d(inputs, outputs, **options), nn.BatchNorm2d(outputs), activation())


class LeNet(nn.Module):
    """Digits."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(1, 6, 5, padding=2), nn.Conv2d(6, 12, 5, padding=2)
        self.relu1, self.relu2, self.relu3 = nn.ReLU(), nn.ReLU(), nn.ReLU()
        self.pool1, self.pool2 = nn.MaxPool2d(2), nn.MaxPool2d(2)
        self.fc1, self.fc2 = nn.Linear(192, 32), nn.Linear(32, 10)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.pool1(self.relu1(self.conv1(x)))
        x = self.pool2(self.relu2(self.conv2(x)))
        return self.fc2(self.relu3(self.fc1(torch.flatten(x, 1))))


class StubbedLeNet(LeNet):
    """The same for eager mode."""

    def __init__(self) -> None:
        super().__init__()
        self.quant, self.dequant = QuantStub(), DeQuantStub()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.dequant(super().forward(self.quant(x)))


class Bottleneck(nn.Module):
    """A residual block with a projection."""

    def __init__(self) -> None:
        super().__init__()
        self.reduce, self.conv = block(3, 8, kernel_size=1, padding=0), block(8, 8, stride=2)
        self.expand = nn.Sequential(nn.Conv2d(8, 16, 1, bias=False), nn.BatchNorm2d(16))
        self.project = nn.Sequential(nn.Conv2d(3, 16, 1, stride=2, bias=False), nn.BatchNorm2d(16))
        self.relu, self.pool, self.fc = nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Linear(16, 10)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.relu(self.expand(self.conv(self.reduce(x))) + self.project(x))
        return self.fc(torch.flatten(self.pool(y), 1))


class StubbedBottleneck(nn.Module):
    """A residual block for eager mode: what adds is a FloatFunctional."""

    def __init__(self) -> None:
        super().__init__()
        self.quant, self.dequant, self.sum = QuantStub(), DeQuantStub(), FloatFunctional()
        self.first, self.second = block(3, 8), block(8, 8)
        self.last = nn.Conv2d(8, 4, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.first(self.quant(x))
        return self.dequant(self.last(self.sum.add(self.second(x), x)))


class Inverted(nn.Module):
    """MobileNetV2."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = block(3, 8, nn.ReLU6)
        self.wide, self.depth = block(8, 16, nn.ReLU6, kernel_size=1, padding=0), block(16, 16, nn.ReLU6, groups=16)
        self.narrow = nn.Sequential(nn.Conv2d(16, 8, 1, bias=False), nn.BatchNorm2d(8))
        self.pool, self.fc = nn.AdaptiveAvgPool2d(1), nn.Linear(8, 10)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.stem(x)
        x = x + self.narrow(self.depth(self.wide(x)))
        return self.fc(torch.flatten(self.pool(x), 1))


class Excited(nn.Module):
    """MobileNetV3: hard activations, a gate from the pooled image."""

    def __init__(self) -> None:
        super().__init__()
        self.stem, self.pool = block(3, 8, nn.Hardswish), nn.AdaptiveAvgPool2d(1)
        self.squeeze, self.relu, self.excite = nn.Conv2d(8, 4, 1), nn.ReLU(), nn.Conv2d(4, 8, 1)
        self.gate, self.last = nn.Hardsigmoid(), block(8, 8, nn.Hardswish)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.stem(x)
        return self.last(x * self.gate(self.excite(self.relu(self.squeeze(self.pool(x))))))


class Dense(nn.Module):
    """Layers that read all before them."""

    def __init__(self) -> None:
        super().__init__()
        self.stem, self.one, self.two = block(3, 8), block(8, 4), block(12, 4)
        self.last = nn.Conv2d(16, 8, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.stem(x)
        x = torch.cat([x, self.one(x)], 1)
        return self.last(torch.cat([x, self.two(x)], 1))


class Inception(nn.Module):
    """Branches of several sizes."""

    def __init__(self) -> None:
        super().__init__()
        self.one, self.three = block(3, 4, kernel_size=1, padding=0), block(3, 4)
        self.five, self.pool = block(3, 4, kernel_size=5, padding=2), nn.AvgPool2d(3, stride=1, padding=1)
        self.pooled, self.last = block(3, 4, kernel_size=1, padding=0), nn.Conv2d(16, 8, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.last(torch.cat([self.one(x), self.three(x), self.five(x), self.pooled(self.pool(x))], 1))


class Shuffled(nn.Module):
    """ShuffleNet: channels go through each other."""

    def __init__(self) -> None:
        super().__init__()
        self.stem, self.branch, self.last = block(3, 8), block(4, 4), block(8, 8)
        self.shuffle = nn.ChannelShuffle(2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        one, other = torch.chunk(self.stem(x), 2, 1)
        return self.last(self.shuffle(torch.cat([one, self.branch(other)], 1)))


class Segmented(nn.Module):
    """A U-Net of two levels."""

    def __init__(self, classes: int = 3) -> None:
        super().__init__()
        self.down, self.deep, self.up = block(3, 8), block(8, 16), block(24, 8)
        self.pool, self.head = nn.MaxPool2d(2), nn.Conv2d(8, classes, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.down(x)
        grown = F.interpolate(self.deep(self.pool(x)), scale_factor=2.0)  # nn.Upsample has no pattern in FX
        return self.head(self.up(torch.cat([grown, x], 1)))


class Pyramid(nn.Module):
    """A feature pyramid with heads for classes and boxes."""

    def __init__(self) -> None:
        super().__init__()
        self.one, self.two = block(3, 8, stride=2), block(8, 8, stride=2)
        self.classes, self.boxes = nn.Conv2d(8, 6, 3, padding=1), nn.Conv2d(8, 4, 3, padding=1)

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        x = self.one(x)
        x = x + F.interpolate(self.two(x), scale_factor=2.0)
        return self.classes(x), self.boxes(x)


class SingleShot(nn.Module):
    """Boxes at two scales, in one list."""

    def __init__(self) -> None:
        super().__init__()
        self.one, self.two = block(3, 8, stride=2), block(8, 8, stride=2)
        self.near, self.far = nn.Conv2d(8, 4, 3, padding=1), nn.Conv2d(8, 4, 3, padding=1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.one(x)
        near, far = self.near(x), self.far(self.two(x))
        return torch.cat([near.permute(0, 2, 3, 1).reshape(4, -1, 4), far.permute(0, 2, 3, 1).reshape(4, -1, 4)], 1)


class Keypoints(nn.Module):
    """Heat maps and offsets of a pose."""

    def __init__(self) -> None:
        super().__init__()
        self.stem, self.body, self.heat, self.off = block(3, 8), block(8, 8), nn.Conv2d(8, 5, 1), nn.Conv2d(8, 10, 1)
        self.sigmoid = nn.Sigmoid()

    def forward(self, x: torch.Tensor) -> dict[str, torch.Tensor]:
        x = self.body(self.stem(x))
        return {"heat": self.sigmoid(self.heat(x)), "offsets": self.off(x)}


class SuperResolution(nn.Module):
    """ESPCN."""

    def __init__(self) -> None:
        super().__init__()
        self.one, self.two, self.last = nn.Conv2d(1, 8, 5, padding=2), nn.Conv2d(8, 8, 3, padding=1), nn.Conv2d(8, 4, 1)
        self.relu1, self.relu2, self.shuffle = nn.ReLU(), nn.ReLU(), nn.PixelShuffle(2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.shuffle(self.last(self.relu2(self.two(self.relu1(self.one(x))))))


class PatchClassifier(nn.Module):
    """A vision transformer whose patches go through a Linear."""

    def __init__(self) -> None:
        super().__init__()
        self.embed, self.norm, self.norm2, self.head = (
            nn.Linear(48, 16),
            nn.LayerNorm(16),
            nn.LayerNorm(16),
            nn.Linear(16, 10),
        )
        self.qkv, self.out = nn.Linear(16, 48), nn.Linear(16, 16)
        self.wide, self.act, self.narrow = nn.Linear(16, 32), nn.GELU(), nn.Linear(32, 16)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = x.reshape(4, 3, 4, 4, 4, 4).permute(0, 2, 4, 1, 3, 5).reshape(4, 16, 48)
        x = self.embed(x)
        q, k, v = self.qkv(self.norm(x)).chunk(3, -1)
        x = x + self.out(F.scaled_dot_product_attention(q, k, v))
        x = x + self.narrow(self.act(self.wide(self.norm2(x))))
        return self.head(x.mean(1))


class Mixer(nn.Module):
    """An MLP over patches and channels."""

    def __init__(self) -> None:
        super().__init__()
        self.embed, self.norm, self.tokens, self.head = (
            nn.Linear(48, 16),
            nn.LayerNorm(16),
            nn.Linear(16, 16),
            nn.Linear(16, 10),
        )
        self.act, self.channels = nn.GELU(), nn.Linear(16, 16)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.embed(x.reshape(4, 16, 48))
        x = x + self.tokens(self.norm(x).transpose(1, 2)).transpose(1, 2)
        return self.head((x + self.act(self.channels(x))).mean(1))


class Siamese(nn.Module):
    """Two images, one encoder: they are one batch to it."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder, self.pool, self.fc = (
            nn.Sequential(block(3, 8), block(8, 8)),
            nn.AdaptiveAvgPool2d(1),
            nn.Linear(8, 8),
        )

    def forward(self, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        return self.fc(torch.flatten(self.pool(self.encoder(torch.cat([x, y]))), 1))


DYNAMIC = ("eager-dynamic", "fx-dynamic", "pt2e-dynamic")
VISION = (
    FieldModel("digits: LeNet", LeNet, images(1), (*STATIC, "fx-qat", "pt2e-qat")),
    FieldModel("digits: LeNet with stubs", StubbedLeNet, images(1), ("eager-static", "eager-qat")),
    FieldModel("classes: bottleneck", Bottleneck, images(), (*STATIC, "fx-qat", "fx-fuse")),
    FieldModel("classes: residual with stubs", StubbedBottleneck, images(), ("eager-static", "eager-qat")),
    FieldModel("classes: inverted residual", Inverted, images(), STATIC),
    FieldModel("classes: squeeze and excite", Excited, images(), ("fx-static",)),
    FieldModel("classes: dense block", Dense, images(), STATIC),
    FieldModel("classes: inception", Inception, images(), STATIC),
    FieldModel("classes: channel shuffle", Shuffled, images(), ("fx-static",)),
    FieldModel("classes: patches", PatchClassifier, images(), DYNAMIC),
    FieldModel("classes: mixer", Mixer, images(), DYNAMIC),
    FieldModel("similarity: siamese", Siamese, lambda: (*images()(), *images()()), STATIC),
    FieldModel("segmentation: U-Net", Segmented, images(), ("fx-static",)),
    FieldModel("medical segmentation: U-Net", Segmented, images(), ("fx-qat",)),
    FieldModel("detection: pyramid", Pyramid, images(), ("fx-static",)),
    FieldModel("detection: single shot", SingleShot, images(), ("fx-static",)),
    FieldModel("pose: heat maps", Keypoints, images(), ("fx-static",)),
    FieldModel("super resolution: sub-pixels", SuperResolution, images(1), ("fx-static",)),
)
