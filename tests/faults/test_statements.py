"""Statements that were false of a model, or said nothing of it, and what is said instead."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import pytest
import torch
from torch import nn
from torch.ao.quantization import DeQuantStub, QuantStub, convert, get_default_qconfig, prepare

from qviz.document.causes import by_cause
from qviz.document.plan import Plan
from qviz.document.snapshot import Level, Snapshot
from qviz.engine.loading.forward import Arguments
from qviz.engine.loading.source import Loaded
from qviz.engine.serving.run import run_loaded
from tests.faults.cases import GIVEN, IMAGE, ROW
from tests.faults.models import conv, linear, made


def inspect(
    model: nn.Module, flow: str, *inputs: torch.Tensor, data: Iterable[Any] | None = None, **fields: Any
) -> Snapshot:
    plan = Plan(source="corpus", flow=flow, **fields)
    return run_loaded(Loaded(model, Arguments(inputs, {}), data), plan, lambda _: None)


def codes(snapshot: Snapshot) -> set[str]:
    return {each.code for each in snapshot.findings}


def test_a_converted_model_lacks_no_stub():
    model = nn.Sequential(QuantStub(), conv()(), nn.ReLU(), DeQuantStub()).eval()
    model.qconfig = get_default_qconfig("x86")
    prepared = prepare(model)
    prepared(torch.randn(IMAGE))
    snapshot = inspect(convert(prepared), "eager-static", torch.randn(IMAGE))
    (group,) = [each for each in by_cause(snapshot.findings) if each.cause.level is not Level.INFO]
    assert group.cause.rule == "applied_twice"
    assert "missing_quant_stub" not in codes(snapshot)


def test_where_no_module_is_to_be_quantized_no_stub_is_missing():
    model = made(lambda m, x: torch.nn.functional.hardswish(x))()
    assert "missing_quant_stub" not in codes(inspect(model.eval(), "eager-static", torch.randn(ROW)))


def test_infinite_data_is_no_data_of_zeros_and_what_follows_is_told_under_it():
    x = torch.rand(ROW)
    x[0, 0] = 0
    model = made(lambda m, x: m.fc(torch.log(x)), fc=linear())().eval()
    groups = by_cause(inspect(model, "fx-static", x).findings)
    assert [each.cause.rule for each in groups] == ["not_finite"]
    assert not {"degenerate_scale.all_zeros", "not_repeatable.converted"}.intersection(
        each.code for group in groups for each in group.consequences
    )


def test_torchs_own_mapping_is_not_offered_where_it_was_taken():
    model = made(lambda m, x: m.other(m.act(m.conv(x))), conv=conv(), act=nn.PReLU, other=conv())().eval()
    found = inspect(model, "fx-static", torch.randn(IMAGE)).findings
    (mismatch,) = [each for each in found if each.rule == "reduce_range_mismatch"]
    assert "PReLU" in mismatch.hint
    assert "get_default_qconfig_mapping" not in mismatch.hint


def test_zeros_and_ones_are_not_stretched():
    x = nn.functional.one_hot(torch.randint(0, 2000, (4,)), 2000).float()
    model = nn.Sequential(nn.Linear(2000, 4)).eval()
    assert not [each for each in inspect(model, "fx-static", x).findings if each.rule == "stretched_by_outliers"]


class State(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("state", torch.zeros(8))
        self.fc = nn.Linear(8, 8)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.fc(x) + self.state


def test_a_buffer_of_zeros_is_exact_and_no_weight():
    snapshot = inspect(State().eval(), "fx-static", torch.randn(ROW))
    (finding,) = snapshot.findings
    assert (finding.code, finding.level) == ("degenerate_scale.constant_of_zeros", Level.INFO)
    whys = {node.id: node.why for node in snapshot.stage("captured").graph.nodes}
    assert whys["state"] is not None
    assert whys["state"].code == "constant.operand"


def test_a_weight_of_zeros_needs_no_other_data():
    last = nn.Linear(8, 4)
    nn.init.zeros_(last.weight)
    model = nn.Sequential(nn.Linear(8, 8), nn.ReLU(), last).eval()
    found = [each for each in inspect(model, "fx-static", torch.randn(ROW)).findings if each.rule == "degenerate_scale"]
    assert [each.code for each in found] == ["degenerate_scale.weight_of_zeros"]
    assert "alibrate" not in found[0].hint


def test_no_pattern_of_fx_has_a_transposed_convolution_with_a_relu():
    model = nn.Sequential(nn.ConvTranspose2d(4, 4, 2), nn.ReLU(), conv()()).eval()
    assert "fusible_but_unfused" not in {each.rule for each in inspect(model, "fx-static", torch.randn(IMAGE)).findings}


def test_observers_of_a_run_that_stopped_before_its_data_are_not_blamed():
    def broken() -> Iterator[tuple[torch.Tensor]]:
        raise ValueError("no such file")
        yield (torch.randn(ROW),)

    model = nn.Sequential(nn.Linear(8, 8)).eval()
    snapshot = inspect(model, "fx-static", torch.randn(ROW), data=broken(), measure=False)
    assert snapshot.run.status == "failed"
    assert "never_calibrated" not in {each.rule for each in snapshot.findings}


@pytest.mark.parametrize(
    ("module", "code"),
    [
        (nn.BatchNorm1d(8), "mode_changed.to_eval"),
        (nn.Dropout(), "mode_changed.to_eval_dropout"),
        (nn.ReLU(), "mode_changed.to_eval_only"),
    ],
)
def test_the_mode_is_told_by_what_the_model_has(module: nn.Module, code: str):
    snapshot = inspect(nn.Sequential(nn.Linear(8, 8), module).train(), "fx-dynamic", torch.randn(ROW))
    assert code in codes(snapshot)


class Shared(nn.Module):
    """One relu behind two additions: it gives each the scale that it is given."""

    def __init__(self) -> None:
        super().__init__()
        self.one, self.other, self.relu = nn.Linear(8, 8), nn.Linear(8, 8), nn.ReLU6()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.relu(self.other(self.relu(self.one(x) * 0.1)) * 3.0)


def test_a_module_without_a_scale_may_be_called_twice():
    snapshot = inspect(Shared().eval(), "fx-static", torch.randn(ROW))
    assert "module_used_twice.one_scale" not in codes(snapshot)
    assert [node.target for node in snapshot.stage("converted").graph.nodes].count("relu") == 2


def test_a_kernel_is_named_with_what_it_replaces():
    model = nn.Sequential(conv()(), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(4, 2, 1)).eval()
    nodes = inspect(model, "fx-static", torch.randn(IMAGE)).stage("converted").graph.nodes
    rules = {node.id: node.why.rule for node in nodes if node.why is not None}
    kernel = "torch.ao.nn.intrinsic.quantized.ConvReLU2d"
    assert rules["_0"] == f"Runs in low precision by {kernel}; convert put it in place of ConvReLU2d"
    assert "torch.nn.MaxPool2d computes on the quantized tensors" in rules["_2"]
    assert rules["_3"].endswith("torch.ao.nn.quantized.Conv2d; convert put it in place of Conv2d")


def test_the_eps_of_a_norm_is_a_lost_constant_and_not_untrained():
    model = made(lambda m, x: m.fc(x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + 1e-6)), fc=linear())().eval()
    snapshot = inspect(model, "pt2e-static", torch.randn(ROW))
    assert "constant_lost" in codes(snapshot)
    assert "degenerate_scale.one_step" not in codes(snapshot)


@pytest.mark.parametrize(("qconfig", "levels"), [("six_bits", 64), ("reduced_twice", 64), ("seven_bits", None)])
def test_less_than_seven_bits_are_few_levels(qconfig: str, levels: int | None):
    model = nn.Sequential(linear()()).eval()
    found = inspect(model, "fx-static", torch.randn(ROW), qconfig=f"{GIVEN}:{qconfig}", measure=False).findings
    assert [each.args["levels"] for each in found if each.rule == "few_levels"] == ([levels] if levels else [])


@pytest.mark.parametrize("flow", ["fx-static", "pt2e-static"])
def test_images_in_bytes_for_an_input_in_float_are_a_fault_of_the_data(flow: str):
    data = [(torch.randint(0, 255, ROW, dtype=torch.uint8),)]
    model = nn.Sequential(linear()()).eval()
    snapshot = inspect(model, flow, torch.randn(ROW), data=data, measure=False)
    first = snapshot.findings[0]
    assert snapshot.run.error is not None
    assert snapshot.run.error.code == "stop.dtype_of_data"
    assert "image.float() / 255" in first.hint
    assert inspect(model, flow, torch.randn(ROW), data=[(data[0][0].float() / 255,)], measure=False).run.error is None


def test_what_7_bits_are_on_onednn_depends_on_the_processor():
    """Without VNNI its kernels overflow for 8 bits, so that it is no fault to have 7."""
    model = made(lambda m, x: m.fc(x), fc=linear())().eval()
    found = inspect(model, "fx-static", torch.randn(ROW), backend="onednn", qconfig=f"{GIVEN}:x86_mapping").findings
    (mismatch,) = [each for each in found if each.rule == "reduce_range_mismatch"]
    assert (mismatch.code, mismatch.level) == ("reduce_range_mismatch.by_processor", Level.INFO)
    whole = inspect(model, "fx-static", torch.randn(ROW), backend="qnnpack", qconfig=f"{GIVEN}:x86_mapping").findings
    assert "reduce_range_mismatch.wastes_levels" in {each.code for each in whole}
