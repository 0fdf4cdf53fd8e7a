"""Next to a fault of the corpus: the same model in order, of which nothing above info is said."""

from __future__ import annotations

import torch
from torch import nn

from qviz.document.snapshot import Level, Snapshot
from tests.faults.cases import ROW, ran
from tests.faults.models import made


def loud(snapshot: Snapshot) -> list[tuple[str, tuple[str, ...]]]:
    assert snapshot.run.error is None
    return [(each.rule, each.nodes) for each in snapshot.findings if each.level is not Level.INFO]


class Dropping(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.fc, self.drop, self.out = nn.Linear(8, 8), nn.Dropout(0.1), nn.Linear(8, 4)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.out(self.drop(self.fc(x)))


def exported_in_eval() -> nn.Module:
    torch._dynamo.reset()
    return torch.export.export(Dropping().eval(), (torch.randn(ROW),), strict=True).module()


def test_a_program_exported_in_eval_mode():
    snapshot = ran(exported_in_eval, "pt2e-static", (ROW,))()
    assert snapshot.run.config["captured_by"] == "exported program"
    assert loud(snapshot) == []


def test_a_recurrent_layer_that_does_little_of_the_work():
    wide = made(
        lambda m, x: m.lstm(m.fc2(m.fc(x)))[0],
        fc=lambda: nn.Linear(8, 64),
        fc2=lambda: nn.Linear(64, 8),
        lstm=lambda: nn.LSTM(8, 2, batch_first=True),
    )
    snapshot = ran(wide, "pt2e-dynamic", ((2, 5, 8),))()
    assert [each.level for each in snapshot.findings if each.rule == "layer_in_float"] == [Level.INFO]
    assert loud(snapshot) == []
