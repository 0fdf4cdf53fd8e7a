"""Layers that stay in float for what they are or how they are written."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812 - torch's own name
from torch.nn.utils.parametrizations import spectral_norm

from tests.faults.cases import GIVEN, ROW, Case, ran
from tests.faults.models import conv, linear, made

SEQUENCE = (2, 5, 8)
VOLUME = (1, 4, 6, 6, 6)


class _Projects(nn.Module):
    """Calls a function with a weight of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.fc, self.weight = nn.Linear(8, 8), nn.Parameter(torch.randn(8, 8))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return F.linear(self.fc(x), self.weight)


class Transposed(nn.Module):
    """What a linear layer computes, with a weight of (in, out), as some language models have it."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.weight, self.bias = nn.Parameter(torch.randn(inputs, outputs) * 0.3), nn.Parameter(torch.zeros(outputs))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.addmm(self.bias, x, self.weight)


class _Attends(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.fc, self.attention = nn.Linear(8, 8), nn.MultiheadAttention(8, 2, batch_first=True)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.fc(x)
        return self.attention(x, x, x, need_weights=False)[0]


class Generates(nn.Module):
    """Computes the weight of a layer, from the input or from parameters alone."""

    def __init__(self, from_input: bool = True) -> None:
        super().__init__()
        self.fc, self.weight, self.from_input = nn.Linear(8, 8), nn.Parameter(torch.randn(8, 8)), from_input

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        factor = torch.sigmoid(x.mean() if self.from_input else self.weight.mean())
        return F.linear(self.fc(x), self.weight * factor)


class Tied(nn.Module):
    """An embedding and the last layer have one weight; its words are the places of the largest numbers."""

    def __init__(self, ties: bool = True) -> None:
        super().__init__()
        self.emb, self.fc, self.relu = nn.Embedding(8, 8), nn.Linear(8, 8), nn.ReLU()
        self.head = nn.Linear(8, 8, bias=False)
        if ties:
            self.head.weight = self.emb.weight

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.head(self.relu(self.fc(self.emb(x.argmax(-1)))))


def _in_words():
    return nn.Conv2d(4, 4, 3, padding="same")


def _upwards():
    return nn.ConvTranspose2d(4, 4, 2)


LSTM = made(lambda m, x: m.fc(m.recurrent(x)[0]), recurrent=lambda: nn.LSTM(8, 8, batch_first=True), fc=linear())
PRODUCT = made(lambda m, x: m.fc(torch.relu(m.wide(x))), wide=lambda: Transposed(8, 32), fc=lambda: nn.Linear(32, 8))
PLAIN = made(
    lambda m, x: m.fc(m.recurrent(x)[0]), recurrent=lambda: nn.RNN(8, 32, batch_first=True), fc=lambda: nn.Linear(32, 8)
)
CELL = made(lambda m, x: m.fc(m.cell(x)), cell=lambda: nn.GRUCell(8, 8), fc=linear())
WORDS = made(lambda m, x: m.conv2(m.conv(x)), conv=_in_words, conv2=conv())
WORDS_RELU = made(lambda m, x: m.conv2(m.relu(m.conv(x))), conv=_in_words, relu=nn.ReLU, conv2=conv())
UPWARDS = made(lambda m, x: m.up(m.conv(x)), conv=conv(), up=_upwards)
BETWEEN = made(lambda m, x: m.conv2(m.up(m.conv(x))), conv=conv(), up=_upwards, conv2=conv())
VOLUMES = made(lambda m, x: m.two(torch.relu(m.one(x))), one=lambda: nn.Conv3d(4, 4, 3), two=lambda: nn.Conv3d(4, 4, 3))

NORMED = made(lambda m, x: m.fc2(m.fc(x)), fc=lambda: spectral_norm(nn.Linear(8, 8)), fc2=linear())

FC = made(lambda m, x: m.fc(x), fc=linear())

LAYERS = (
    Case(
        "L an activation per channel",
        "activation_per_channel",
        (),
        ran(FC, "pt2e-static", [ROW], quantizer=f"{GIVEN}:per_channel_activations"),
    ),
    Case(
        "L a bias with a scale of its own",
        "bias_scale_differs",
        ("linear",),
        ran(FC, "pt2e-static", [ROW], quantizer=f"{GIVEN}:bias_apart"),
    ),
    Case(
        "L a bias that is cut off",
        "bias_scale_differs",
        ("linear",),
        ran(FC, "pt2e-static", [ROW], quantizer=f"{GIVEN}:bias_cut_off"),
    ),
    Case(
        "L a tied weight, PT2E",
        "tied_weights_split",
        ("embedding", "linear_1"),
        ran(Tied, "pt2e-static", [SEQUENCE]),
    ),
    Case("L a tied weight, eager", "tied_weights_split", ("emb", "head"), ran(Tied, "eager-dynamic", [SEQUENCE])),
    Case("L a weight of the input", "weight_not_folded", ("linear_1",), ran(Generates, "pt2e-dynamic", [ROW])),
    Case("L a parametrization, FX", "asked_but_float", ("fc",), ran(NORMED, "fx-static", [ROW])),
    Case("L a recurrent layer, static", "layer_in_float", ("recurrent",), ran(LSTM, "fx-static", [SEQUENCE])),
    Case("L a recurrent layer, PT2E", "layer_in_float", ("lstm",), ran(LSTM, "pt2e-static", [SEQUENCE])),
    Case("L a recurrent layer, PT2E dynamic", "layer_in_float", ("lstm",), ran(LSTM, "pt2e-dynamic", [SEQUENCE])),
    *(
        Case(f"L a product in place of a linear layer, {flow}", "layer_in_float", ("addmm",), ran(PRODUCT, flow, [ROW]))
        for flow in ("eager-dynamic", "fx-dynamic", "fx-static", "pt2e-static", "pt2e-dynamic")
    ),
    *(
        Case(f"L a plain recurrent layer, {flow}", "layer_in_float", (node,), ran(PLAIN, flow, [SEQUENCE]))
        for flow, node in (
            ("eager-dynamic", "recurrent"),
            ("fx-dynamic", "recurrent"),
            ("fx-static", "recurrent"),
            ("pt2e-static", "rnn_tanh"),
            ("pt2e-dynamic", "rnn_tanh"),
        )
    ),
    Case("L a recurrent cell, static", "layer_in_float", ("cell",), ran(CELL, "fx-static", [ROW])),
    Case("L attention as a whole", "layer_in_float", ("attention",), ran(_Attends, "fx-static", [SEQUENCE])),
    Case("L a function, dynamic", "layer_in_float", ("linear",), ran(_Projects, "eager-dynamic", [ROW])),
    Case("L a transposed convolution at the end", "layer_in_float", ("conv_transpose2d",), ran(UPWARDS, "pt2e-static")),
    Case("L a transposed convolution between", "layer_in_float", ("conv_transpose2d",), ran(BETWEEN, "pt2e-static")),
    Case(
        "L a convolution in three dimensions",
        "layer_in_float",
        ("conv3d_1",),
        ran(VOLUMES, "pt2e-static", [VOLUME]),
    ),
    Case("L padding in words", "padding_outside_patterns", ("conv2d",), ran(WORDS, "pt2e-static")),
    Case("L padding in words before a relu", "padding_outside_patterns", ("conv2d",), ran(WORDS_RELU, "pt2e-static")),
    Case(
        "L padding in words, QAT",
        "padding_outside_patterns",
        ("conv2d",),
        ran(WORDS, "pt2e-qat", train=lambda model: model(torch.randn(2, 4, 8, 8)).sum().backward()),
    ),
)
