"""What capture changes is found before anything is rounded, and trained models are compared with what was trained."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.ao.quantization import DeQuantStub, QuantStub

from qviz.document.configuration import Rule
from qviz.document.measurements import Measurements
from qviz.document.plan import Plan
from qviz.document.snapshot import Level, Snapshot
from qviz.engine.loading.forward import Arguments
from qviz.engine.loading.source import Loaded
from qviz.engine.loading.training import given
from qviz.engine.serving.run import run_loaded

IMAGE, ROWS = torch.randn(4, 3, 8, 8), torch.randn(8, 6)


def steps(model: nn.Module) -> None:
    """Train in earnest: weights, batch norms and their statistics move."""
    torch.manual_seed(1)
    optimizer = torch.optim.SGD(model.parameters(), 0.5)
    for _ in range(4):
        optimizer.zero_grad()
        model(torch.randn(8, 3, 8, 8) * 3 + 1).square().sum().sqrt().backward()
        optimizer.step()


def run(model: nn.Module, x: torch.Tensor, flow: str, train: object = None, **fields: object) -> Snapshot:
    torch.manual_seed(0)
    loaded = Loaded(model.eval(), Arguments((x,)), None, training=given(train) if train else None)  # type: ignore[arg-type]
    return run_loaded(loaded, Plan(source="test", flow=flow, **fields), lambda _: None)  # type: ignore[arg-type]


def measured(snapshot: Snapshot) -> Measurements:
    assert snapshot.measurements is not None
    return snapshot.measurements


def said(snapshot: Snapshot) -> list[tuple[str, Level, tuple[str, ...]]]:
    return [(each.code, each.level, each.nodes) for each in snapshot.findings if each.level is not Level.INFO]


class Normed(nn.Module):
    def __init__(self, eps: float = 1e-5) -> None:
        super().__init__()
        self.quant, self.dequant = QuantStub(), DeQuantStub()
        self.conv, self.bn, self.relu = nn.Conv2d(3, 6, 3), nn.BatchNorm2d(6, eps=eps), nn.ReLU()
        self.pool, self.fc = nn.AdaptiveAvgPool2d(1), nn.Linear(6, 4)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.relu(self.bn(self.conv(self.quant(x))))
        return self.dequant(self.fc(self.pool(y).flatten(1)))


class NormLast(nn.Module):
    def __init__(self, eps: float) -> None:
        super().__init__()
        self.fc, self.norm = nn.Linear(6, 5), nn.BatchNorm1d(5, eps=eps)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.norm(torch.sigmoid(self.fc(x)))


class Dropping(nn.Module):
    def __init__(self, bakes: bool) -> None:
        super().__init__()
        self.fc, self.drop, self.bakes = nn.Linear(6, 6), nn.Dropout(0.3), bakes

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = torch.softmax(self.fc(x), 1)
        return nn.functional.dropout(y, 0.3, training=self.training) if self.bakes else self.drop(y)


class Branching(nn.Module):
    """Takes another way in training mode, which a trace of the trained model keeps."""

    def __init__(self) -> None:
        super().__init__()
        self.fc, self.act = nn.Linear(6, 6), nn.Sequential(nn.Linear(6, 6), nn.ReLU())

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.act(self.fc(x) if self.training else self.fc(x) * 2)


class Counting(nn.Module):
    """Adds what it was given before; a trace keeps the sum of its first call."""

    seen: torch.Tensor

    def __init__(self, by_buffer: bool) -> None:
        super().__init__()
        self.fc, self.by_buffer = nn.Linear(6, 4), by_buffer
        self.register_buffer("seen", torch.zeros(4))
        self.kept: torch.Tensor | None = None

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.fc(x)
        if self.by_buffer:
            self.seen.add_(y.detach().mean(0) * 5)
            return y + self.seen
        result = y if self.kept is None else y + 3 * self.kept
        self.kept = y.detach()
        return result


class Noisy(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(6, 4)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return (y := torch.sigmoid(self.fc(x))) + torch.rand_like(y)


@pytest.mark.parametrize("flow", ["fx-qat", "pt2e-qat", "eager-qat"])
def test_a_trained_model_is_compared_with_the_original_that_has_what_was_trained(flow):
    torch.manual_seed(0)
    model = Normed()
    before = {name: each.clone() for name, each in model.state_dict().items()}
    found = measured(run(model, IMAGE, flow, steps))
    assert found.not_measured == ()
    assert found.sqnr_db is not None
    assert float(found.sqnr_db.prepared or 0) > 90
    assert found.capture is None
    assert all(torch.equal(each, before[name]) for name, each in model.state_dict().items())


class Biased(nn.Module):
    """Norms behind a convolution with a bias, and one without."""

    def __init__(self) -> None:
        super().__init__()
        self.quant, self.dequant = torch.ao.quantization.QuantStub(), torch.ao.quantization.DeQuantStub()
        self.one, self.bn1, self.relu = nn.Conv2d(3, 6, 3), nn.BatchNorm2d(6, eps=1e-3), nn.ReLU()
        self.two, self.bn2 = nn.Conv2d(6, 4, 3, bias=False), nn.BatchNorm2d(4)
        with torch.no_grad():
            for name, each in self.state_dict().items():
                if "bn" in name and each.is_floating_point():
                    each.uniform_(0.5, 2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.relu(self.bn1(self.one(self.quant(x))))
        return self.dequant(self.bn2(self.two(x)))


@pytest.mark.parametrize("make", [Normed, Biased])
def test_norms_folded_before_training_are_compared_with_the_weights_that_hold_them(make):
    torch.manual_seed(0)
    model = make()
    before = {name: each.clone() for name, each in model.state_dict().items()}
    found = measured(run(model, IMAGE, "eager-qat", steps, fuse_for_training=False))
    assert found.not_measured == ()
    assert found.sqnr_db is not None
    assert float(found.sqnr_db.prepared or 0) > 90
    assert found.capture is None
    assert all(torch.equal(each, before[name]) for name, each in model.state_dict().items())


class Remembering(nn.Module):
    """Counts its calls in a buffer; eager fusion folds its norm."""

    calls: torch.Tensor

    def __init__(self) -> None:
        super().__init__()
        self.inner = Biased()
        self.register_buffer("calls", torch.zeros(()))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.calls.add_(1)
        return self.inner(x)


def test_what_calibration_changes_is_given_to_the_original_and_its_weights_stay_its_own():
    torch.manual_seed(0)
    model = Remembering()
    before = {name: each.clone() for name, each in model.state_dict().items()}
    found = measured(run(model, IMAGE, "eager-static"))
    assert "not_measured.trained" not in [each.code for each in found.not_measured]
    assert found.sqnr_db is not None
    assert float(found.sqnr_db.prepared or 0) > 90
    assert all(torch.equal(each, before[name]) for name, each in model.state_dict().items())


def test_an_eps_that_the_move_to_eval_rewrites_is_an_error_at_any_damage():
    torch.manual_seed(0)
    snapshot = run(NormLast(1e-3), ROWS, "pt2e-qat")
    first = snapshot.findings[0]
    assert (first.code, first.level) == ("capture_differs.setting", Level.ERROR)
    assert (first.args["was"], first.args["eps"]) == (1e-3, 1e-5)
    assert first.nodes[0].startswith("batch_norm")
    assert [each.rule for each in run(NormLast(1e-5), ROWS, "pt2e-qat").findings if each.level is Level.ERROR] == []


def test_a_training_flag_that_is_baked_in_is_an_error_and_names_the_dropout():
    torch.manual_seed(0)
    float_dropout = (Rule("object_type", "torch.nn.functional.dropout"),)
    snapshot = run(Dropping(bakes=True), ROWS, "fx-qat", rules=float_dropout)
    assert said(snapshot)[0] == ("capture_differs.training", Level.ERROR, ("dropout",))
    assert measured(snapshot).repeat is not None
    assert all(
        not each.startswith("capture_differs") for each, _, _ in said(run(Dropping(bakes=False), ROWS, "fx-qat"))
    )


def test_another_way_through_forward_is_named_at_the_first_module_that_differs():
    torch.manual_seed(0)
    snapshot = run(Branching(), ROWS, "fx-qat")
    found = measured(snapshot).capture
    assert found is not None
    assert found.module in ("act.0", "act.1")
    assert ("capture_differs.values", Level.ERROR) in [each[:2] for each in said(snapshot)]


def test_a_state_that_a_trace_loses_is_told_by_the_second_call():
    torch.manual_seed(0)
    snapshot = run(Counting(by_buffer=False), ROWS, "fx-static")
    assert [each[0] for each in said(snapshot)] == ["state_lost.attributes"]


def test_a_write_into_a_buffer_that_conversion_removes_is_named():
    torch.manual_seed(0)
    snapshot = run(Counting(by_buffer=True), ROWS, "fx-dynamic")
    first = snapshot.findings[0]
    assert (first.code, first.level, first.args["writers"]) == ("kernel_differs.dropped_write", Level.ERROR, ["add_"])
    assert first.nodes[-1] == "add"
    repeat = measured(snapshot).repeat
    assert repeat is not None
    assert (repeat.is_random, repeat.state) == (False, ("seen",))


def test_random_numbers_in_eval_mode_are_told_and_blame_no_kernel():
    torch.manual_seed(0)
    snapshot = run(Noisy(), ROWS, "fx-static")
    found = measured(snapshot)
    assert found.operators == ()
    assert found.sqnr_db is not None
    assert float(found.sqnr_db.prepared or 0) > 90  # both draw the same
    codes = [each.code for each in snapshot.findings]
    assert [each for each in codes if each.startswith(("not_repeatable", "capture"))] in (
        ["not_repeatable.both"],
        ["not_repeatable.original"],
    )
