"""Faults met in models of others, each with a twin of which nothing is said."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn
from torch.ao.quantization import (
    DeQuantStub,
    QConfigMapping,
    QuantStub,
    default_dynamic_qconfig,
    get_default_qconfig,
    get_default_qconfig_mapping,
)

from qviz.document.plan import Plan
from qviz.document.snapshot import Finding, Level, Snapshot
from qviz.engine.loading.forward import Arguments
from qviz.engine.loading.source import Loaded
from qviz.engine.loading.training import given
from qviz.engine.serving.run import run_loaded
from qviz.errors import QvizError

ROWS = torch.linspace(-1, 1, 24).reshape(4, 6)
IMAGE = torch.linspace(-1, 1, 108).reshape(1, 3, 6, 6)


def static_qconfig() -> QConfigMapping:
    return QConfigMapping().set_global(get_default_qconfig("x86"))


def dynamic_qconfig() -> QConfigMapping:
    return QConfigMapping().set_global(default_dynamic_qconfig)


def named_in_vain() -> QConfigMapping:
    return get_default_qconfig_mapping("x86").set_module_name("encoder.head", None)


def named() -> QConfigMapping:
    return get_default_qconfig_mapping("x86").set_module_name("1", None).set_module_name_regex("2.*", None)


def run(
    model: nn.Module, flow: str, inputs: tuple[Any, ...], train: Callable[[Any], None] | None = None, **plan: Any
) -> Snapshot:
    torch.manual_seed(0)
    loaded = Loaded(model.eval(), Arguments(inputs), training=given(train) if train else None)
    return run_loaded(loaded, Plan(source="test", flow=flow, **plan), lambda _: None)


def loud(snapshot: Snapshot) -> list[Finding]:
    return [each for each in snapshot.findings if each.level is not Level.INFO]


def codes(snapshot: Snapshot) -> list[str]:
    return [each.code for each in snapshot.findings]


def chain(*layers: nn.Module) -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(6, 8), *layers, nn.Linear(8, 3))


@pytest.mark.parametrize(("flow", "nodes"), [("fx-static", ("_0",)), ("fx-dynamic", ("_0", "_1"))])
def test_a_hook_that_changes_the_result_is_named_where_convert_loses_it(flow: str, nodes: tuple[str, ...]):
    model = chain()
    model[0].register_forward_hook(lambda module, inputs, output: output * 0.25)
    first = loud(run(model, flow, (ROWS,)))[0]
    assert (first.code, first.nodes, first.roles["subject"]) == ("kernel_differs.hooks_lost", nodes, ("_0",))
    assert "register it again" in first.hint


def test_a_hook_that_only_looks_on_is_no_fault():
    model, seen = chain(), []
    model[0].register_forward_hook(lambda module, inputs, output: seen.append(output.shape))
    assert loud(run(model, "fx-static", (ROWS,))) == []
    assert seen


@dataclasses.dataclass
class Scores:
    logits: torch.Tensor
    given: torch.Tensor


class ReturnsScores(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(6, 3)

    def forward(self, x: torch.Tensor) -> Scores:
        return Scores(self.fc(x), x)


def test_the_class_of_an_output_is_no_operator_to_be_quantized():
    assert loud(run(ReturnsScores(), "fx-static", (ROWS,))) == []


@pytest.mark.parametrize(
    ("flow", "qconfig", "code", "never"),
    [
        ("fx-dynamic", "static_qconfig", "never_calibrated.dynamic_flow", "never_calibrated.observer"),
        ("fx-static", "dynamic_qconfig", None, "reduce_range_mismatch.overflows"),
        ("fx-static", "named_in_vain", "rule_matches_nothing.path", "never_calibrated.observer"),
        ("fx-static", "named", None, "rule_matches_nothing.path"),
    ],
)
def test_a_mapping_of_the_users_own(flow: str, qconfig: str, code: str | None, never: str):
    found = codes(run(chain(nn.Linear(8, 8), nn.Linear(8, 8)), flow, (ROWS,), qconfig=f"{__name__}:{qconfig}"))
    assert code is None or code in found
    assert never not in found


def test_training_that_runs_no_batch_is_named():
    snapshot = run(chain(), "fx-qat", (ROWS,), train=lambda model: None)
    assert loud(snapshot)[0].code == "never_calibrated.not_trained"
    assert "never_calibrated.not_trained" not in codes(run(chain(), "fx-qat", (ROWS,), train=lambda model: model(ROWS)))


class Stubbed(nn.Module):
    def __init__(self, body: nn.Module) -> None:
        super().__init__()
        self.quant, self.dequant, self.conv, self.body = QuantStub(), DeQuantStub(), nn.Conv2d(3, 4, 3), body

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.dequant(self.body(self.conv(self.quant(x))))


def left_in_float() -> nn.Module:
    layer = nn.Conv2d(4, 4, 3)
    layer.qconfig = None  # type: ignore[assignment]
    return layer


@pytest.mark.parametrize(
    ("body", "code"),
    [(left_in_float, "quantized_into_float"), (nn.Softplus, "no_kernel_at_all"), (nn.ReLU, None)],
)
def test_what_stops_at_quantized_tensors_has_a_hint_that_fits_it(body: Callable[[], nn.Module], code: str | None):
    found = loud(run(Stubbed(body()), "eager-static", (IMAGE,)))
    assert [each.code for each in found] == ([f"converted_does_not_run.{code}"] if code else [])
    assert all("FloatFunctional" not in each.hint for each in found)


class Projected(nn.Module):
    def __init__(self, size: int) -> None:
        super().__init__()
        self.lstm = nn.LSTM(6, 8, proj_size=size, batch_first=True)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.lstm(x)[0]


@pytest.mark.parametrize(
    ("flow", "size", "code"),
    [("fx-dynamic", 4, "lstm_projection"), ("eager-dynamic", 4, "lstm_projection"), ("fx-dynamic", 0, None)],
)
def test_an_lstm_with_a_projection_does_not_run_in_low_precision(flow: str, size: int, code: str | None):
    found = loud(run(Projected(size), flow, (ROWS[None],)))
    assert [each.code for each in found] == ([f"converted_does_not_run.{code}"] if code else [])


class Flattens(nn.Module):
    """Flattens by a view, which images in channels-last order, as quantized convolutions give them, do not have."""

    def __init__(self, way: str, channels: int) -> None:
        super().__init__()
        self.conv, self.fc, self.way = nn.Conv2d(channels, 4, 3), nn.Linear(144, 3), way

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.fc(getattr(self.conv(x), self.way)(-1, 144))


@pytest.mark.parametrize(("way", "flow"), [("view", "fx-static"), ("view", "fx-qat"), ("reshape", "fx-static")])
@pytest.mark.parametrize("channels", [1, 3])
def test_a_view_of_what_a_quantized_convolution_gives_stops_and_reshape_is_the_way_out(way, flow, channels):
    snapshot = run(Flattens(way, channels), flow, (torch.randn(2, channels, 8, 8),))
    found = loud(snapshot)
    assert [each.code for each in found] == (["converted_does_not_run.view"] if way == "view" else [])
    assert all("reshape" in each.hint for each in found)
    assert snapshot.measurements is not None
    assert snapshot.measurements.outputs or way == "view"
    assert {note.code for note in snapshot.measurements.not_measured} <= {"not_measured.converted"}


class Sparse(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("neighbors", torch.eye(4).to_sparse())
        self.fc = nn.Linear(6, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.fc(torch.sparse.mm(self.neighbors, x))


def test_a_sparse_buffer_stops_neither_the_run_nor_its_measurement():
    snapshot = run(Sparse(), "fx-static", (ROWS,))
    assert snapshot.run.error is None
    assert snapshot.measurements is not None
    assert snapshot.measurements.outputs


@pytest.mark.parametrize(
    ("batch", "words"),
    [
        ({"image": ROWS, "label": torch.zeros(4)}, ("{image: 4×6 float32, label: 4 float32}", "4×6 float32")),
        ((torch.zeros(4, dtype=torch.int64), ROWS), ("4 int64 for input", "labels come after")),
        ((ROWS.numpy(),), ("ndarray for input", "Give tensors")),
        ((ROWS, torch.zeros(4, dtype=torch.int64)), ()),
    ],
)
def test_a_batch_that_is_nothing_like_the_inputs_is_named_as_that(batch: Any, words: tuple[str, ...]):
    loaded = Loaded(chain().eval(), Arguments((ROWS,)), [batch])
    try:
        run_loaded(loaded, Plan(source="test", flow="fx-static"), lambda _: None)
        told = ""
    except QvizError as error:
        told = f"{error.message} {error.hint}"
    assert [each for each in words if each not in told] == []
    assert bool(words) == bool(told)


def test_calibration_without_a_batch_is_named_as_that():
    loaded = Loaded(chain().eval(), Arguments((ROWS,)), iter(()))
    snapshot = run_loaded(loaded, Plan(source="test", flow="fx-static"), lambda _: None)
    assert loud(snapshot)[0].code == "never_calibrated.no_batch"


class Neighbors(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.one, self.other = nn.Linear(6, 8), nn.Linear(8, 3)

    def forward(self, x: torch.Tensor, neighbors: torch.Tensor) -> torch.Tensor:
        return self.other(torch.matmul(neighbors, self.one(x)))


def test_an_operator_that_the_quantizer_leaves_alone_needs_no_observer():
    snapshot = run(Neighbors(), "pt2e-static", (ROWS, torch.eye(4)))
    assert "unobserved_input" not in codes(snapshot)
