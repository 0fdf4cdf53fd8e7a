"""Sound, text, time series, writing: what comes one after the other."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from torch.ao.quantization import DeQuantStub, QuantStub
from torch.nn import functional as F  # noqa: N812 - torch's own name

from tests.faults.fields.field import FieldModel, rows, words
from tests.faults.fields.vision import DYNAMIC, STATIC


def block(inputs: int, outputs: int, **options: Any) -> nn.Sequential:
    """Return a convolution over time with what usually follows it."""
    return nn.Sequential(nn.Conv1d(inputs, outputs, 3, **options), nn.BatchNorm1d(outputs), nn.ReLU())


class Keywords(nn.Module):
    """Spoken commands in a spectrogram: depthwise and pointwise."""

    def __init__(self) -> None:
        super().__init__()
        self.stem, self.depth = block(20, 16, padding=1), block(16, 16, padding=1, groups=16)
        self.point, self.relu = nn.Conv1d(16, 16, 1), nn.ReLU()
        self.pool, self.fc = nn.AdaptiveAvgPool1d(1), nn.Linear(16, 12)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.relu(self.point(self.depth(self.stem(x))))
        return self.fc(torch.flatten(self.pool(x), 1))


class Gated(nn.Module):
    """A step of WaveNet: one convolution gates another."""

    def __init__(self) -> None:
        super().__init__()
        self.stem, self.filter, self.gate = (
            nn.Conv1d(1, 8, 3, padding=1),
            nn.Conv1d(8, 8, 3, padding=1),
            nn.Conv1d(8, 8, 3, padding=1),
        )
        self.tanh, self.sigmoid, self.out = nn.Tanh(), nn.Sigmoid(), nn.Conv1d(8, 4, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.stem(x)
        return self.out(self.tanh(self.filter(x)) * self.sigmoid(self.gate(x)))


class Enhanced(nn.Module):
    """A mask over the frequencies of noisy speech."""

    def __init__(self) -> None:
        super().__init__()
        self.inside, self.gru, self.mask = nn.Linear(33, 32), nn.GRU(32, 32, batch_first=True), nn.Linear(32, 33)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y, _ = self.gru(F.relu(self.inside(x)))
        return x * torch.sigmoid(self.mask(y))


class Tagger(nn.Module):
    """A tag for each word."""

    def __init__(self) -> None:
        super().__init__()
        self.table, self.lstm = nn.Embedding(64, 16), nn.LSTM(16, 16, batch_first=True, bidirectional=True)
        self.fc = nn.Linear(32, 9)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.fc(self.lstm(self.table(x))[0])


class Bag(nn.Module):
    """Topics of a text by the mean of its words."""

    def __init__(self) -> None:
        super().__init__()
        self.table, self.fc = nn.EmbeddingBag(64, 16, mode="sum"), nn.Linear(16, 4)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.fc(self.table(x))


class Encoder(nn.Module):
    """A transformer encoder layer over words."""

    def __init__(self, is_causal: bool = False) -> None:
        super().__init__()
        self.table, self.norm, self.norm2, self.head = (
            nn.Embedding(64, 16),
            nn.LayerNorm(16),
            nn.LayerNorm(16),
            nn.Linear(16, 64),
        )
        self.q, self.k, self.v, self.out = (nn.Linear(16, 16) for _ in range(4))
        self.wide, self.narrow, self.is_causal = nn.Linear(16, 64), nn.Linear(64, 16), is_causal

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.table(x)
        y = self.norm(x)
        q, k, v = (each(y).reshape(2, 8, 2, 8).transpose(1, 2) for each in (self.q, self.k, self.v))
        y = F.scaled_dot_product_attention(q, k, v, is_causal=self.is_causal)
        x = x + self.out(y.transpose(1, 2).reshape(2, 8, 16))
        return self.head(x + self.narrow(F.gelu(self.wide(self.norm2(x)))))


class Translator(nn.Module):
    """Step by step, with a state."""

    def __init__(self) -> None:
        super().__init__()
        self.table, self.encoder, self.cell = nn.Embedding(64, 16), nn.GRU(16, 16, batch_first=True), nn.GRUCell(16, 16)
        self.start, self.head = nn.Linear(16, 16), nn.Linear(16, 64)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        _, last = self.encoder(self.table(x))
        return self.head(self.cell(self.start(last[0]), last[0]))


class Dilated(nn.Module):
    """A temporal convolutional network."""

    def __init__(self) -> None:
        super().__init__()
        self.stem, self.near, self.far = (
            block(4, 8, padding=1),
            block(8, 8, padding=2, dilation=2),
            block(8, 8, padding=4, dilation=4),
        )
        self.out = nn.Conv1d(8, 2, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.stem(x)
        x = x + self.near(x)
        return self.out(x + self.far(x))


class Beats(nn.Module):
    """What a block explains is taken from its input."""

    def __init__(self) -> None:
        super().__init__()
        self.one, self.back, self.ahead = nn.Linear(24, 32), nn.Linear(32, 24), nn.Linear(32, 6)
        self.two, self.last = nn.Linear(24, 32), nn.Linear(32, 6)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = F.relu(self.one(x))
        left = x - self.back(y)
        return self.ahead(y) + self.last(F.relu(self.two(left)))


class Anomaly(nn.Module):
    """An autoencoder over sensors."""

    def __init__(self) -> None:
        super().__init__()
        self.one, self.two, self.three, self.four = (
            nn.Linear(24, 12),
            nn.Linear(12, 6),
            nn.Linear(6, 12),
            nn.Linear(12, 24),
        )
        self.relu1, self.relu2, self.relu3 = nn.ReLU(), nn.ReLU(), nn.ReLU()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.four(self.relu3(self.three(self.relu2(self.two(self.relu1(self.one(x)))))))


class StubbedAnomaly(Anomaly):
    """The same for eager mode."""

    def __init__(self) -> None:
        super().__init__()
        self.quant, self.dequant = QuantStub(), DeQuantStub()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.dequant(super().forward(self.quant(x)))


class Forecast(nn.Module):
    """Mean and spread of what comes next."""

    def __init__(self) -> None:
        super().__init__()
        self.lstm, self.mean, self.spread = nn.LSTM(4, 16, batch_first=True), nn.Linear(16, 1), nn.Linear(16, 1)

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        y = self.lstm(x)[0][:, -1]
        return self.mean(y), F.softplus(self.spread(y))


class Writing(nn.Module):
    """Columns of a line of writing to letters."""

    def __init__(self) -> None:
        super().__init__()
        self.column, self.lstm, self.letters = nn.Linear(32, 24), nn.LSTM(24, 24, batch_first=True), nn.Linear(24, 30)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y, _ = self.lstm(F.relu(self.column(x.squeeze(1).transpose(1, 2))))
        return F.log_softmax(self.letters(y), -1)


class Heartbeat(nn.Module):
    """Classes of an ECG."""

    def __init__(self) -> None:
        super().__init__()
        self.one, self.two, self.pool = (
            block(2, 8, padding=1, stride=2),
            block(8, 16, padding=1, stride=2),
            nn.MaxPool1d(2),
        )
        self.relu, self.drop, self.fc, self.fc2 = nn.ReLU(), nn.Dropout(0.2), nn.Linear(128, 16), nn.Linear(16, 5)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = torch.flatten(self.pool(self.two(self.one(x))), 1)
        return self.fc2(self.drop(self.relu(self.fc(x))))


SEQUENCES = (
    FieldModel("audio: keywords", Keywords, rows(4, 20, 32), ("fx-static",)),
    FieldModel("audio: gated convolutions", Gated, rows(4, 1, 32), ("fx-static",)),
    FieldModel("audio: speech enhancement", Enhanced, rows(2, 10, 33), ("eager-dynamic", "fx-dynamic")),
    FieldModel("text: tags", Tagger, words(2, 8), ("eager-dynamic", "fx-dynamic")),
    FieldModel("text: bag of words", Bag, words(4, 8), ("eager-weight-only", "fx-weight-only", "eager-dynamic")),
    FieldModel("text: encoder", Encoder, words(2, 8), DYNAMIC),
    FieldModel("text: decoder", lambda: Encoder(is_causal=True), words(2, 8), DYNAMIC),
    FieldModel("text: translation", Translator, words(2, 8), ("eager-dynamic", "fx-dynamic")),
    FieldModel("time series: dilated convolutions", Dilated, rows(4, 4, 32), STATIC),
    FieldModel("time series: blocks", Beats, rows(8, 24), DYNAMIC),
    FieldModel("time series: anomalies", Anomaly, rows(16, 24), (*STATIC, "fx-qat", "pt2e-qat")),
    FieldModel("time series: anomalies with stubs", StubbedAnomaly, rows(16, 24), ("eager-static", "eager-qat")),
    FieldModel("time series: forecast", Forecast, rows(4, 12, 4), ("eager-dynamic", "fx-dynamic")),
    FieldModel("writing: lines", Writing, rows(2, 1, 32, 20), ("eager-dynamic", "fx-dynamic")),
    FieldModel("medicine: heartbeat", Heartbeat, rows(4, 2, 64), ("fx-static", "fx-qat")),
)
