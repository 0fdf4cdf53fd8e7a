"""Models and configurations in order: nothing that qviz looks for is wrong with them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import nn
from torch.ao.nn.quantized import FloatFunctional
from torch.ao.quantization import DeQuantStub, QuantStub

from qviz.document.configuration import Quantizer
from qviz.document.snapshot import Snapshot
from tests.faults.cases import IMAGE, ROW, STUBS, ran
from tests.faults.models import TwoInputs, conv, linear, made, norm
from tests.processor import HAS_VNNI


@dataclass(frozen=True)
class Sound:
    """A model in order, and the run of a flow on it.

    Attributes:
        make: The float model, anew.
        flow: What runs.
        shapes: Of its inputs.
    """

    name: str
    make: Callable[[], nn.Module]
    flow: str
    shapes: tuple[tuple[int, ...], ...]
    run: Callable[[], Snapshot]


def _sound(name, make, flow, *shapes, **fields) -> Sound:
    shapes = shapes or (ROW,)
    return Sound(f"{name}, {flow}", make, flow, shapes, ran(make, flow, shapes, **fields))


def _train(shape: tuple[int, ...]) -> Callable[[nn.Module], None]:
    def train(model: nn.Module) -> None:
        for _ in range(3):
            model(torch.randn(shape)).sum().backward()

    return train


def _residual(m, x):
    y = m.relu(m.bn(m.conv(x)))
    return m.relu2(m.conv2(y) + y)


def _joined(m, x):
    return m.fc3(torch.cat([m.fc(x), m.fc2(x)], 1))


def _pooled(m, x):
    return m.fc(torch.flatten(m.pool(m.relu(m.conv(x))), 1))


def _joined_eager(m, x):
    x = m.quant(x)
    return m.dequant(m.fc3(m.join.cat([m.fc(x), m.fc2(x)], 1)))


ROWS = made(lambda m, x: m.fc2(m.relu(m.fc(x))), fc=linear(), relu=nn.ReLU, fc2=linear())
FOLDED = made(lambda m, x: m.relu(m.bn(m.conv(x))), conv=conv(bias=False), bn=norm, relu=nn.ReLU)
RESIDUAL = made(_residual, conv=conv(), bn=norm, relu=nn.ReLU, conv2=conv(), relu2=nn.ReLU)
JOINED = made(_joined, fc=linear(), fc2=linear(), fc3=lambda: nn.Linear(16, 4))
POOLED = made(_pooled, conv=conv(), relu=nn.ReLU, pool=lambda: nn.MaxPool2d(2), fc=lambda: nn.Linear(64, 4))
STUBBED = made(lambda m, x: m.dequant(m.relu(m.bn(m.conv(m.quant(x))))), conv=conv(), bn=norm, relu=nn.ReLU, **STUBS)
STUBBED_ROWS = made(
    lambda m, x: m.dequant(m.fc2(m.relu(m.fc(m.quant(x))))), fc=linear(), relu=nn.ReLU, fc2=linear(), **STUBS
)
STUBBED_JOIN = made(
    _joined_eager, fc=linear(), fc2=linear(), join=FloatFunctional, fc3=lambda: nn.Linear(16, 4), **STUBS
)
UPWARDS = made(lambda m, x: m.relu(m.up(m.conv(x))), conv=conv(), up=lambda: nn.ConvTranspose2d(4, 4, 2), relu=nn.ReLU)
RECURRENT = made(lambda m, x: m.fc(m.lstm(x)[0]), lstm=lambda: nn.LSTM(8, 8, batch_first=True), fc=linear())
DROPPING = made(lambda m, x: m.fc2(m.drop(m.fc(x))), fc=linear(), drop=lambda: nn.Dropout(0.1), fc2=linear())
VIEWED = made(lambda m, x: m.conv2(m.conv(x.view(2, 4, 8, 8))), conv=conv(), conv2=conv())
PER_CHANNEL = {"quantizer_options": Quantizer(per_channel=True)}


class Added(TwoInputs):
    """Both inputs come through stubs; what is added is float again."""

    def __init__(self) -> None:
        super().__init__(both=True)
        self.sum = FloatFunctional()

    def forward(self, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        return self.dequant(self.sum.add(self.conv1(self.quant(x)), self.conv2(self.quant2(y))))


class Projected(nn.Module):
    """A function with a weight of its own, which FX quantizes."""

    def __init__(self) -> None:
        super().__init__()
        self.fc, self.weight = nn.Linear(8, 8), nn.Parameter(torch.randn(8, 8))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return nn.functional.linear(self.fc(x), self.weight)


class LeftOut(nn.Module):
    """An operator stays in float on purpose, between stubs; what is float is added by a function."""

    def __init__(self) -> None:
        super().__init__()
        self.quant, self.dequant = QuantStub(), DeQuantStub()
        self.again, self.back = QuantStub(), DeQuantStub()
        self.fc, self.act, self.fc2 = nn.Linear(8, 8), nn.LeakyReLU(), nn.Linear(8, 8)
        setattr(self.act, "qconfig", None)  # noqa: B010 - torch declares no such attribute

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.act(self.dequant(self.fc(self.quant(x))))
        return x + self.back(self.fc2(self.again(y)))


SOUND = (
    _sound("rows", ROWS, "fx-static"),
    _sound("rows", ROWS, "pt2e-static"),
    _sound("rows", ROWS, "fx-dynamic"),
    _sound("rows", ROWS, "pt2e-dynamic"),
    _sound("rows", ROWS, "eager-dynamic"),
    _sound("rows", ROWS, "fx-qat", train=_train(ROW)),
    _sound("folded", FOLDED, "fx-static", IMAGE),
    _sound("folded", FOLDED, "pt2e-static", IMAGE, **PER_CHANNEL),
    _sound("folded", FOLDED, "fx-qat", IMAGE, train=_train(IMAGE)),
    _sound("folded", FOLDED, "fx-fuse", IMAGE),
    _sound("residual", RESIDUAL, "fx-static", IMAGE),
    _sound("residual", RESIDUAL, "pt2e-static", IMAGE),
    *((_sound("residual, onednn", RESIDUAL, "fx-static", IMAGE, backend="onednn"),) if HAS_VNNI else ()),
    _sound("joined", JOINED, "fx-static"),
    _sound("joined", JOINED, "pt2e-static", batches=lambda: [(torch.randn(ROW),) for _ in range(20)]),
    _sound("pooled", POOLED, "fx-static", IMAGE),
    _sound("pooled", POOLED, "pt2e-static", IMAGE),
    _sound("pooled, x86_inductor", POOLED, "pt2e-static", IMAGE, quantizer="x86_inductor"),
    _sound("stubbed", STUBBED, "eager-static", IMAGE),
    _sound("stubbed", STUBBED, "eager-qat", IMAGE, train=_train(IMAGE)),
    _sound("stubbed rows", STUBBED_ROWS, "eager-static"),
    _sound("stubbed join", STUBBED_JOIN, "eager-static"),
    _sound("two stubs", Added, "eager-static", IMAGE, IMAGE),
    _sound("left out", LeftOut, "eager-static"),
    _sound("transposed before a relu", UPWARDS, "pt2e-static", IMAGE),
    _sound("recurrent", RECURRENT, "eager-dynamic", (2, 5, 8)),
    _sound("recurrent", RECURRENT, "fx-dynamic", (2, 5, 8)),
    _sound("dropout", DROPPING, "fx-qat", train=_train(ROW)),
    _sound("a function", Projected, "fx-static"),
    _sound("viewed first", VIEWED, "fx-static", IMAGE),
    _sound("a function", Projected, "fx-dynamic"),
)
