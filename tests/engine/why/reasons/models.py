"""Small models of different fields, and the flows in which their reasons are drawn."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn
from torch.ao.nn.quantized import FloatFunctional
from torch.ao.quantization import DeQuantStub, QuantStub
from torch.nn import functional as F  # noqa: N812 - torch's own name

Forward = Callable[[Any, torch.Tensor], torch.Tensor]


class Drawn(nn.Module):
    """A model whose forward is given beside its modules."""

    def __init__(self, forward: Forward, **modules: nn.Module) -> None:
        super().__init__()
        for name, module in modules.items():
            self.add_module(name, module)
        self.how = (forward,)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.how[0](self, x)


def _conv(inputs: int = 4, **options: Any) -> nn.Module:
    return nn.Conv2d(inputs, 4, 3, padding=1, **options)


def _chain() -> nn.Module:
    def forward(m: Any, x: torch.Tensor) -> torch.Tensor:
        x = m.pool(m.relu(m.bn(m.conv(x))))
        return m.fc2(F.gelu(m.fc(m.drop(torch.flatten(x, 1)))))

    block = {"conv": _conv(), "bn": nn.BatchNorm2d(4), "relu": nn.ReLU(), "pool": nn.MaxPool2d(2)}
    return Drawn(forward, **block, drop=nn.Dropout(), fc=nn.Linear(64, 8), fc2=nn.Linear(8, 8))


def _residual() -> nn.Module:
    def forward(m: Any, x: torch.Tensor) -> torch.Tensor:
        y = m.bn1(m.conv1(x))
        y = F.relu(y + x)
        z = torch.cat([y, m.conv2(y)], 1)
        return m.head(m.avg(z).flatten(1)) * 2.0

    avg, head = nn.AdaptiveAvgPool2d(1), nn.Linear(8, 8)
    return Drawn(forward, conv1=_conv(), bn1=nn.BatchNorm2d(4), conv2=_conv(), avg=avg, head=head)


def _attention() -> nn.Module:
    def forward(m: Any, x: torch.Tensor) -> torch.Tensor:
        y = m.norm(x)
        b, n, c = y.shape
        q, k, v = (each(y).view(b, n, 2, c // 2).transpose(1, 2) for each in (m.q, m.k, m.v))
        weights = torch.softmax(torch.matmul(q, k.transpose(-2, -1)) * 0.5, -1)
        y = torch.matmul(weights, v).transpose(1, 2).reshape(b, n, c)
        return x + m.out(y)

    layers = {name: nn.Linear(8, 8) for name in ("q", "k", "v", "out")}
    return Drawn(forward, norm=nn.LayerNorm(8), **layers)


def _unfused() -> nn.Module:
    """Everything that keeps a batch norm or a relu from being fused."""

    def forward(m: Any, x: torch.Tensor) -> torch.Tensor:
        x = m.bn2(m.bn1(m.first(x)))
        x = m.bn3(m.drop(m.second(x)))
        y = m.third(x)
        x = m.bn4(y) + y
        x = torch.relu(m.fourth(x))
        return m.bn5(m.twice(m.twice(x)))

    convs = {name: _conv() for name in ("first", "second", "third", "fourth", "twice")}
    norms = {f"bn{index}": nn.BatchNorm2d(4) for index in range(1, 6)}
    return Drawn(forward, drop=nn.Dropout(), **convs, **norms)


def _functional() -> nn.Module:
    def forward(m: Any, x: torch.Tensor) -> torch.Tensor:
        y = F.relu(F.linear(x, m.fc.weight, m.fc.bias))
        y = y.contiguous().view(x.size(0), -1)
        return m.last(torch.sigmoid(y) * F.hardtanh(y)).mean(-1)

    return Drawn(forward, fc=nn.Linear(8, 8), last=nn.Linear(8, 8))


def _mobile() -> nn.Module:
    def forward(m: Any, x: torch.Tensor) -> torch.Tensor:
        x = m.act(m.bn(m.wide(x)))
        x = x * m.gate(m.squeeze(F.adaptive_avg_pool2d(x, 1)))
        return m.up(x)

    parts = {"wide": _conv(groups=4, bias=False), "bn": nn.BatchNorm2d(4), "act": nn.Hardswish()}
    more = {"squeeze": nn.Conv2d(4, 4, 1), "gate": nn.Sigmoid(), "up": nn.ConvTranspose2d(4, 4, 2)}
    return Drawn(forward, **parts, **more)


def _recurrent() -> nn.Module:
    return Drawn(lambda m, x: m.fc(torch.tanh(m.rnn(x)[0])), rnn=nn.LSTM(8, 8), fc=nn.Linear(8, 8))


def _looked_up() -> nn.Module:
    return Drawn(lambda m, x: m.fc(m.table(x)), table=nn.Embedding(16, 8), fc=nn.Linear(8, 8))


def _without_grad() -> nn.Module:
    def forward(m: Any, x: torch.Tensor) -> torch.Tensor:
        with torch.no_grad():
            y = torch.sigmoid(m.frozen(x))
        return m.fc(m.norm(y))

    return Drawn(forward, frozen=nn.Linear(8, 8), norm=nn.LayerNorm(8), fc=nn.Linear(8, 8))


def _stubbed() -> nn.Module:
    def forward(m: Any, x: torch.Tensor) -> torch.Tensor:
        x = m.quant(x)
        x = m.plus.add(m.relu(m.bn(m.conv(x))), x)
        return torch.relu(m.last(m.dequant(m.pool(m.second(x)))))

    parts = {"conv": _conv(), "bn": nn.BatchNorm2d(4), "relu": nn.ReLU(), "second": _conv(), "pool": nn.MaxPool2d(2)}
    return Drawn(forward, quant=QuantStub(), dequant=DeQuantStub(), plus=FloatFunctional(), last=nn.Tanh(), **parts)


def _regions() -> nn.Module:
    """A region of a mode, and the same model without it."""

    def forward(m: Any, x: torch.Tensor) -> torch.Tensor:
        if not m.has_region:
            return m.last(m.second(torch.sigmoid(m.first(x))))
        with torch.autocast("cpu", enabled=False):
            y = m.second(torch.sigmoid(m.first(x)))
        return m.last(y).float()

    model = Drawn(forward, first=nn.Linear(8, 8), second=nn.Linear(8, 8), last=nn.Linear(8, 8))
    model.has_region = True  # type: ignore[assignment]
    return model


def _rows() -> nn.Module:
    return Drawn(lambda m, x: m.last(m.fc(x)), fc=nn.Linear(8, 8), last=nn.Linear(8, 8))


def _up() -> nn.Module:
    """Transposed convolutions: no pattern fuses them with a relu."""

    def forward(m: Any, x: torch.Tensor) -> torch.Tensor:
        return F.relu(m.more(m.relu(m.up(m.conv(x)))))

    up, more = nn.ConvTranspose2d(4, 4, 2), nn.ConvTranspose2d(4, 4, 2)
    return Drawn(forward, conv=_conv(), up=up, relu=nn.ReLU(), more=more)


def _unlisted() -> nn.Module:
    def forward(m: Any, x: torch.Tensor) -> torch.Tensor:
        x = m.bn(m.first(m.quant(x)))
        x = m.bn2(m.second(m.relu(x)))
        return m.dequant(torch.relu(m.third(x)))

    convs = {name: _conv() for name in ("first", "second", "third")}
    norms = {"bn": nn.BatchNorm2d(4), "bn2": nn.BatchNorm2d(4)}
    return Drawn(forward, quant=QuantStub(), dequant=DeQuantStub(), relu=nn.ReLU(), **convs, **norms)


def _shared() -> nn.Module:
    """One convolution for two images, one linear layer twice in a row."""

    def forward(m: Any, x: torch.Tensor) -> torch.Tensor:
        y = (m.conv(x) + m.conv(x.flip(-1))).flatten(2)
        return m.fc(torch.relu(m.fc(y)))

    return Drawn(forward, conv=_conv(), fc=nn.Linear(64, 64))


class Gate(nn.Module):
    """A block of functions: what a rule says of its class is said of them."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(4, 4, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.add(x, torch.sigmoid(self.conv(x))).contiguous()


def _nested() -> nn.Module:
    """Blocks in blocks, for rules of every kind."""

    def forward(m: Any, x: torch.Tensor) -> torch.Tensor:
        x = m.gate(m.body(x))
        x = m.last(m.tail(x))
        return m.head(F.relu(m.tail_end(torch.add(torch.add(x, x), x))).mean((2, 3)))

    body = nn.Sequential(nn.Sequential(_conv(), nn.BatchNorm2d(4), nn.ReLU()), _conv())
    tail = nn.Sequential(*(_conv() for _ in range(4)), nn.Sigmoid())
    ends = {"last": _conv(), "tail_end": _conv(), "head": nn.Linear(4, 4)}
    return Drawn(forward, body=body, gate=Gate(), tail=tail, **ends)


class OwnConv(nn.Conv2d):
    """Computes as torch's."""


class OwnNorm(nn.BatchNorm2d):
    """Computes as torch's, by a forward that a trace can follow."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return F.batch_norm(x, self.running_mean, self.running_var, self.weight, self.bias, self.training)


def _own_classes() -> nn.Module:
    def forward(m: Any, x: torch.Tensor) -> torch.Tensor:
        return m.own_norm(m.conv(m.norm(m.own_conv(x))))

    own = {"own_conv": OwnConv(4, 4, 3, padding=1), "own_norm": OwnNorm(4)}
    return Drawn(forward, **own, norm=nn.BatchNorm2d(4), conv=_conv())


def _parametrized() -> nn.Module:
    first = nn.utils.parametrizations.weight_norm(nn.Linear(8, 8))
    second = nn.utils.parametrizations.weight_norm(nn.Linear(8, 8))
    return Drawn(
        lambda m, x: m.last(torch.relu(m.second(m.first(x)))), first=first, second=second, last=nn.Linear(8, 8)
    )


def _called_twice() -> nn.Module:
    def forward(m: Any, x: torch.Tensor) -> torch.Tensor:
        return m.dequant(m.bn(m.twice(m.twice(m.quant(x)))))

    return Drawn(forward, quant=QuantStub(), dequant=DeQuantStub(), twice=_conv(), bn=nn.BatchNorm2d(4))


IMAGE, ROWS, WORDS = (2, 4, 8, 8), (8, 8), (2, 6, 8)
PT2E = ("pt2e-static", "pt2e-dynamic")
FX = ("fx-static", "fx-dynamic")


@dataclass(frozen=True)
class Origin:
    """Where reasons are drawn from.

    Attributes:
        name: Of the model.
        make: Makes it; always with the same weights.
        shape: Of its input; whole numbers for an embedding.
        flows: In which it runs.
        left_out: Module paths whose qconfig is None.
        fuse_list: Of the eager flows.
        qconfigs: Module paths, and which of `qconfigs.py` they have.
        rules: More of a `QConfigMapping`: a kind, what the setter of that kind takes, and which of `qconfigs.py`.
    """

    name: str
    make: Callable[[], nn.Module]
    shape: tuple[int, ...]
    flows: tuple[str, ...]
    left_out: tuple[str, ...] = ()
    fuse_list: tuple[tuple[str, ...], ...] = ()
    qconfigs: tuple[tuple[str, str], ...] = ()
    rules: tuple[tuple[str, tuple[Any, ...], str], ...] = ()

    def model(self) -> nn.Module:
        torch.manual_seed(0)
        return self.make().eval()

    def inputs(self) -> tuple[torch.Tensor, ...]:
        torch.manual_seed(1)
        return (torch.randint(0, 16, self.shape) if self.name == "looked_up" else torch.randn(self.shape),)


RULES = (
    ("object_type", (nn.Linear,), "plain"),
    ("object_type", (torch.add,), "plain"),
    ("object_type", (Gate,), "coarse"),
    ("module_name_regex", ("tail.*",), "plain"),
    ("module_name", ("body.0",), "plain"),
    ("module_name_object_type_order", ("tail", nn.Conv2d, 1), "coarse"),
    ("module_name_object_type_order", ("", torch.add, 1), "coarse"),
)
LEFT = (
    ("object_type", (Gate,), ""),
    ("object_type", ("contiguous",), ""),
    ("module_name_regex", (".*_end",), ""),
    ("module_name_object_type_order", ("tail", nn.Conv2d, 2), ""),
    ("module_name_object_type_order", ("", torch.add, 0), ""),
)

ORIGINS = (
    Origin("chain", _chain, IMAGE, (*FX, *PT2E, "fx-qat", "eager-dynamic")),
    Origin("chain_with_rule", _chain, IMAGE, ("fx-static",), left_out=("fc2",)),
    Origin("residual", _residual, IMAGE, (*FX, *PT2E, "fx-qat")),
    Origin("attention", _attention, WORDS, (*FX, *PT2E, "eager-dynamic")),
    Origin("unfused", _unfused, IMAGE, ("fx-static", "fx-qat", "pt2e-static")),
    Origin("functional", _functional, ROWS, (*FX, *PT2E)),
    Origin("mobile", _mobile, IMAGE, ("fx-static", "pt2e-static")),
    Origin("recurrent", _recurrent, WORDS, ("fx-dynamic", "eager-dynamic")),
    Origin("looked_up", _looked_up, (2, 6), ("fx-weight-only", "eager-weight-only", "pt2e-static")),
    Origin("without_grad", _without_grad, ROWS, PT2E),
    Origin("stubbed", _stubbed, IMAGE, ("eager-static",), ("second",), (("conv", "bn", "relu"),)),
    Origin("regions", _regions, ROWS, PT2E),
    Origin("unsigned_weights", _rows, ROWS, ("fx-static",), qconfigs=(("fc", "unsigned_weights"),)),
    Origin("nested", _nested, IMAGE, ("fx-static", "fx-qat"), rules=RULES),
    Origin("nested_left", _nested, IMAGE, ("fx-static",), ("tail.0", "body"), rules=LEFT),
    Origin("own_classes", _own_classes, IMAGE, ("fx-static", "fx-fuse")),
    Origin("parametrized", _parametrized, ROWS, ("fx-static", "pt2e-static")),
    Origin("called_twice", _called_twice, IMAGE, ("eager-static",)),
    Origin("up", _up, IMAGE, ("fx-static", "fx-fuse", "pt2e-static")),
    Origin("shared", _shared, IMAGE, ("pt2e-static",)),
    Origin("stubbed_apart", _stubbed, IMAGE, ("eager-static",), fuse_list=(("second", "relu"),)),
    Origin("unlisted", _unlisted, IMAGE, ("eager-static",), fuse_list=(("first", "bn"),)),
    Origin("stubbed_whole", _stubbed, IMAGE, ("eager-static", "eager-qat"), fuse_list=(("conv", "bn", "relu"),)),
)
