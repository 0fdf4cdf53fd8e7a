"""Faults that only running the models side by side shows."""

from __future__ import annotations

import torch
from torch import nn

from tests.faults.cases import IMAGE, ROW, STUBS, Case, ran


class _Slopes(nn.Module):
    """quantized::prelu of torch 2.8 multiplies positive values, too."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.slope, self.head = nn.Conv2d(4, 16, 3), nn.PReLU(16, init=0.05), nn.Conv2d(16, 4, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.head(self.slope(self.conv(x)))


class _Joined(nn.Module):
    """torch.cat of quantized tensors has the scale of the first one."""

    def __init__(self) -> None:
        super().__init__()
        self.quant, self.dequant = STUBS["quant"](), STUBS["dequant"]()
        self.near, self.far, self.out = nn.Linear(8, 4), nn.Linear(8, 4), nn.Linear(8, 4)
        with torch.no_grad():
            self.far.weight.mul_(40)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.quant(x)
        return self.dequant(self.out(torch.cat([self.near(x), self.far(x)], 1)))


class _WritesIntoHalf(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Linear(8, 8), nn.Linear(8, 4)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.first(x)
        y[:, ::2].mul_(8)
        return self.second(y)


class _Accumulates(nn.Module):
    """Keeps a sum in a buffer, which convert_fx takes for dead code."""

    total: torch.Tensor

    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(8, 4)
        self.register_buffer("total", torch.zeros(8, 4))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.fc(x)
        self.total.add_(y.detach() * 3)
        return y + self.total


class Counts(nn.Module):
    """Counts its calls in a buffer, and adds the count."""

    def __init__(self, reads: bool = True) -> None:
        super().__init__()
        self.fc, self.out, self.reads = nn.Linear(8, 8), nn.Linear(8, 4), reads
        self.register_buffer("count", torch.zeros(8))
        self.count: torch.Tensor

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.count.add_(1)
        y = self.fc(x)
        return self.out(y + self.count if self.reads else y)


class Computes(nn.Module):
    """Reads a buffer by what it computes of it: a tensor, or a number."""

    def __init__(self, by_number: bool = False, updates: bool = True) -> None:
        super().__init__()
        self.fc, self.by_number, self.updates = nn.Linear(8, 8), by_number, updates
        self.register_buffer("count", torch.ones(()))
        self.count: torch.Tensor

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        factor = 1 / (1 + float(self.count)) if self.by_number else 1 / self.count
        if self.updates:
            self.count += 1
        return self.fc(x) * factor


class _Remembers(nn.Module):
    """Keeps the last output as an attribute; a trace has none."""

    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(8, 4)
        self.last: torch.Tensor | None = None

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.fc(x)
        result = y if self.last is None else y + 2 * self.last
        self.last = y.detach()
        return result


class _NormFirst(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.norm, self.fc = nn.BatchNorm1d(8, eps=0.02), nn.Linear(8, 4)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.fc(self.norm(x))


class _DropsInTraining(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.fc, self.out = nn.Linear(8, 8), nn.Linear(8, 4)
        with torch.no_grad():
            self.out.weight[:, ::2] = 0  # nor do products overflow in 16 bits, where a processor adds in pairs

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return nn.functional.alpha_dropout(self.out(torch.tanh(self.fc(x))), 0.3, self.training)


class _DropsATenth(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.fc, self.drop, self.out = nn.Linear(8, 8), nn.Dropout(0.1), nn.Linear(8, 4)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.out(self.drop(self.fc(x)))


class _SlowNorm(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv, self.norm = nn.Conv2d(4, 4, 3), nn.BatchNorm2d(4, momentum=0.02)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.norm(self.conv(x))


def _exported_in_training() -> nn.Module:
    torch._dynamo.reset()
    return torch.export.export(_DropsATenth().train(), (torch.randn(ROW),), strict=True).module()


def _train_rows(model: nn.Module) -> None:
    model.train()
    model(torch.randn(ROW)).sum().backward()
    model.eval()


def _train_images(model: nn.Module) -> None:
    model(torch.randn(IMAGE)).sum().backward()


SIDE_BY_SIDE = (
    Case(
        "dropout drops more",
        "setting_rewritten",
        ("dropout_2",),
        ran(_DropsATenth, "pt2e-qat", (ROW,), train=_train_rows),
    ),
    Case(
        "a batch norm forgets faster",
        "setting_rewritten",
        ("batch_norm_1",),
        ran(_SlowNorm, "pt2e-qat", train=_train_images),
    ),
    Case("a kernel miscomputes", "kernel_differs", ("slope",), ran(_Slopes, "fx-static")),
    Case("cat takes the first scale", "kernel_differs", ("cat",), ran(_Joined, "eager-static", (ROW,))),
    Case("a write is lost", "kernel_differs", ("mul_",), ran(_WritesIntoHalf, "pt2e-static", (ROW,))),
    Case("a write is removed", "kernel_differs", ("add",), ran(_Accumulates, "fx-dynamic", (ROW,))),
    Case("a norm gets another eps", "capture_differs", ("batch_norm_1",), ran(_NormFirst, "pt2e-qat", (ROW,))),
    Case("dropout is baked in", "capture_differs", ("alpha_dropout",), ran(_DropsInTraining, "fx-qat", (ROW,))),
    Case("a buffer is folded", "buffer_frozen", (), ran(Counts, "pt2e-static", (ROW,))),
    Case("a buffer is written by the trace", "buffer_frozen", ("add",), ran(Counts, "fx-static", (ROW,))),
    Case("a trace computes", "buffer_frozen", ("_tensor_constant0",), ran(Computes, "fx-static", (ROW,))),
    Case(
        "a trace takes a number",
        "buffer_frozen",
        ("mul",),
        ran(lambda: Computes(True), "fx-static", (ROW,)),
    ),
    Case("a program drops", "capture_differs", ("dropout",), ran(_exported_in_training, "pt2e-static", (ROW,))),
    Case("a state is lost", "state_lost", (), ran(_Remembers, "fx-dynamic", (ROW,))),
)
