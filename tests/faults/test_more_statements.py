"""What is said of models as public reports have them: shared adders, dicts that forward() fills, replaced attention."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn
from torch.ao.nn.quantized import FloatFunctional
from torch.ao.quantization import DeQuantStub, QuantStub

from qviz.document.causes import by_cause
from qviz.document.configuration import Factory, QConfig, Rule
from qviz.document.snapshot import Level
from tests.faults.cases import IMAGE, ROW
from tests.faults.models import conv, linear, made
from tests.faults.test_statements import codes, inspect

ROWS = (2, 5, 16)


class Skips(nn.Module):
    """Two skip connections by one FloatFunctional, or by one each."""

    def __init__(self, shared: bool) -> None:
        super().__init__()
        self.quant, self.dequant, self.first = QuantStub(), DeQuantStub(), FloatFunctional()
        self.second = self.first if shared else FloatFunctional()
        self.a, self.b, self.c = (nn.Conv2d(each, 8, 3, padding=1) for each in (3, 8, 8))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.a(self.quant(x))
        x = self.first.add(self.b(x), x)
        return self.dequant(self.second.add(self.c(x), x))


@pytest.mark.parametrize("shared", [True, False])
def test_no_kernel_is_blamed_for_an_adder_that_is_called_twice(shared: bool):
    snapshot = inspect(Skips(shared).eval(), "eager-static", torch.randn(4, 3, 16, 16))
    assert snapshot.measurements is not None
    assert snapshot.measurements.operators == ()
    assert ("module_used_twice.observed" in codes(snapshot)) is shared


class Fills(nn.Module):
    """Puts what it computes into the dict that it was given, as the parts of sentence encoders do."""

    def __init__(self, returned: bool) -> None:
        super().__init__()
        self.returned, self.words, self.dense = returned, nn.Embedding(50, 16), nn.Linear(16, 8)

    def forward(self, features: dict[str, Any]) -> Any:
        encoded = self.dense(self.words(features["ids"]).mean(1))
        if self.returned:
            features.update({"encoded": encoded})
        return features


@pytest.mark.parametrize("flow", ["eager-dynamic", "fx-dynamic"])
@pytest.mark.parametrize("returned", [True, False])
def test_what_a_dict_is_filled_with_is_no_dead_branch(returned: bool, flow: str):
    features: Any = {"ids": torch.arange(24).reshape(4, 6)}
    assert ("dead_branch" in codes(inspect(Fills(returned).eval(), flow, features))) is not returned


class Caches(nn.Module):
    """Writes keys into a buffer; what it computes for a buffer that nothing keeps is dead."""

    def __init__(self, written: bool) -> None:
        super().__init__()
        self.written, self.query, self.key = written, nn.Linear(8, 8), nn.Linear(8, 8)
        self.keys: torch.Tensor
        self.register_buffer("keys", torch.zeros(4, 8))

    def forward(self, x: torch.Tensor, at: torch.Tensor) -> torch.Tensor:
        key = self.key(x)
        if self.written:
            self.keys[at] = key
        return self.query(x) @ self.keys.T


@pytest.mark.parametrize("written", [True, False])
def test_what_is_written_into_a_buffer_is_no_dead_branch(written: bool):
    snapshot = inspect(Caches(written).eval(), "eager-dynamic", torch.randn(2, 8), torch.tensor([0, 1]))
    assert ("dead_branch" in codes(snapshot)) is not written


class Attends(nn.Module):
    def __init__(self, batch_first: bool) -> None:
        super().__init__()
        self.quant, self.dequant, self.fc = QuantStub(), DeQuantStub(), nn.Linear(16, 4)
        self.attention = nn.MultiheadAttention(16, 2, batch_first=batch_first)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.quant(x)
        if self.attention.batch_first:
            return self.dequant(self.fc(self.attention(x, x, x)[0]))
        x = x.transpose(0, 1)
        return self.dequant(self.fc(self.attention(x, x, x)[0].transpose(0, 1)))


def test_attention_that_prepare_replaces_by_one_that_mixes_its_heads_is_named_and_the_hint_works():
    (first, *_) = inspect(Attends(batch_first=True).eval(), "eager-static", torch.randn(ROWS)).findings
    assert (first.code, first.level, first.nodes) == (
        "capture_differs.replaced_attention",
        Level.ERROR,
        ("attention",),
    )
    assert "batch_first=True" in first.reason
    hinted = inspect(Attends(batch_first=False).eval(), "eager-static", torch.randn(ROWS))
    assert [each for each in hinted.findings if each.level is not Level.INFO] == []


def test_attention_that_the_backend_leaves_alone_is_not_to_become_a_dropout():
    attention = made(
        lambda m, x: m.fc(m.attention(x, x, x)[0]), fc=linear(), attention=lambda: nn.MultiheadAttention(8, 2)
    )
    told = [
        f"{each.reason} {each.hint}" for each in inspect(attention().eval(), "fx-static", torch.randn(5, 1, 8)).findings
    ]
    assert told
    assert not any("functional.dropout" in each for each in told)


def test_a_fuse_list_that_takes_what_is_called_elsewhere_is_the_cause_of_other_values():
    model = made(lambda m, x: m.relu(m.second(m.relu(m.first(x)))), first=conv(), second=conv(), relu=nn.ReLU)
    stubbed = nn.Sequential(QuantStub(), model(), DeQuantStub()).eval()
    fused = (("1.second", "1.relu"),)
    snapshot = inspect(stubbed, "eager-static", torch.randn(IMAGE), fuse_list=fused)
    first = by_cause(snapshot.findings)[0]
    assert first.cause.rule == snapshot.findings[0].rule == "fuse_list_out_of_order"


def rules(activation: str) -> tuple[Rule, ...]:
    arguments: dict[str, Any] = {"dtype": activation}
    observed = QConfig(activation=Factory("MinMaxObserver", arguments), weight=Factory("default_weight_observer"))
    return (Rule("global", qconfig=observed),)


def test_dtypes_that_the_backend_does_not_take_are_named_at_fused_layers_too():
    model = nn.Sequential(conv()(), nn.BatchNorm2d(4), nn.ReLU()).eval()
    (first, *_) = inspect(model, "fx-static", torch.randn(IMAGE), rules=rules("torch.qint8")).findings
    assert (first.rule, first.level) == ("nothing_quantized", Level.ERROR)
    assert "activation qint8" in first.reason
    quantized = inspect(model, "fx-static", torch.randn(IMAGE), rules=rules("torch.quint8"))
    assert "nothing_quantized.layers" not in codes(quantized)


def test_a_batch_norm_behind_a_linear_is_left_in_training_as_no_pattern_has_it():
    model = made(lambda m, x: m.last(m.norm(m.fc(x))), fc=linear(), norm=lambda: nn.BatchNorm1d(8), last=linear())
    snapshot = inspect(model().eval(), "pt2e-qat", torch.randn(ROW))
    (left,) = [each for each in snapshot.findings if each.rule == "batch_norm_left"]
    assert left.code == "batch_norm_left.no_pattern"


@pytest.mark.parametrize("before", ["module", "function"])
def test_a_batch_norm_that_is_a_function_is_told_as_that(before: str):
    def forward(m: Any, x: torch.Tensor) -> torch.Tensor:
        y = m.conv(x) if before == "module" else nn.functional.conv2d(x, m.conv.weight, m.conv.bias)
        norm = m.norm
        return nn.functional.batch_norm(y, norm.running_mean, norm.running_var, norm.weight, norm.bias)

    model = made(forward, conv=conv(), norm=lambda: nn.BatchNorm2d(4))
    snapshot = inspect(model().eval(), "fx-static", torch.randn(IMAGE))
    (left,) = [each for each in snapshot.findings if each.rule == "batch_norm_left"]
    assert left.code == "batch_norm_left.function"


@pytest.mark.parametrize("halves", [True, False])
def test_a_slice_in_two_steps_whose_scale_changes_is_named(halves: bool):
    """torch.export makes two slices of ``y[:, :2]``, and XNNPACKQuantizer observes the second one anew."""

    def forward(m: Any, x: torch.Tensor) -> torch.Tensor:
        y = m.conv(x)
        return y[:, :2] + y[:, 2:] if halves else y + y

    snapshot = inspect(made(forward, conv=conv())().eval(), "pt2e-static", torch.randn(IMAGE))
    found = [each.level for each in snapshot.findings if each.rule == "scales_differ"]
    assert found == ([Level.INFO] if halves else [])


def test_a_number_times_a_quantized_tensor_is_told_with_what_takes_it():
    model = made(lambda m, x: m.last((m.fc(x).transpose(0, 1) * 0.5).transpose(0, 1)), fc=linear(), last=linear())
    stubbed = nn.Sequential(QuantStub(), model(), DeQuantStub()).eval()
    found = inspect(stubbed, "eager-static", torch.randn(ROW)).findings
    assert found[0].code == "converted_does_not_run.no_kernel"
    assert "FloatFunctional" in found[0].hint


def test_an_input_that_shares_its_range_with_a_product_is_told_so_and_the_hint_works():
    """FX gives ``x * 255`` one observer with x: torch's kernel keeps the scale of x."""
    model = made(lambda m, x: m.fc(x * 255 - 120), fc=linear())
    (first, *_) = inspect(model().eval(), "fx-static", torch.rand(ROW)).findings
    assert (first.code, first.level, first.roles["sharing"]) == ("range_unused.shared", Level.ERROR, ("mul",))
    left = inspect(model().eval(), "fx-static", torch.rand(ROW), rules=(Rule("object_type", "operator.mul"),))
    assert [each for each in left.findings if each.level is not Level.INFO] == []


def test_what_keeps_all_layers_in_float_is_the_reason_that_nothing_is_quantized():
    arguments: dict[str, Any] = {"dtype": "torch.float16"}
    half = QConfig(
        activation=Factory("PlaceholderObserver", arguments), weight=Factory("PlaceholderObserver", arguments)
    )
    model = nn.Sequential(conv()(), nn.ReLU(), nn.Flatten(), nn.Linear(256, 4)).eval()
    found = inspect(model, "fx-static", torch.randn(IMAGE), rules=(Rule("global", qconfig=half),)).findings
    (first,) = [each for each in found if each.level is not Level.INFO]
    assert first.code == "nothing_quantized.layers"
    cause: Any = first.args["cause"]
    assert cause["code"] == "layer_in_float.dtypes"
    assert "fits activation float16 with weight float16" in first.reason


def test_the_operator_that_stops_is_named_and_not_what_was_unpacked_before_it():
    """A run that is written down unpacks what unbind gave only where the product takes a part of it."""

    def forward(m: Any, x: torch.Tensor) -> torch.Tensor:
        rows, columns = x.shape  # torch.fx cannot unpack it
        q, k = m.fc(x).reshape(rows, 2, columns // 2).unbind(1)
        return m.last(torch.cat([q * 0.5, k], 1))

    stubbed = nn.Sequential(QuantStub(), made(forward, fc=linear(), last=linear())(), DeQuantStub()).eval()
    (first, *_) = inspect(stubbed, "eager-static", torch.randn(ROW)).findings
    assert (first.code, first.nodes) == ("converted_does_not_run.no_kernel", ("mul",))


@pytest.mark.parametrize("hooked", [True, False])
def test_a_hook_of_the_model_itself_which_a_trace_passes_by_is_named(hooked: bool):
    model = made(lambda m, x: m.fc(x), fc=linear())().eval()
    if hooked:
        model.register_forward_hook(lambda _, __, result: result * 3 + 1)
    assert ("capture_differs.own_hooks" in codes(inspect(model, "fx-static", torch.randn(ROW)))) is hooked


@pytest.mark.parametrize(("with_relu", "told"), [(True, ["batch_norm_left.taken_with_relu"]), (False, [])])
def test_a_batch_norm_that_is_fused_with_its_relu_is_good_to_know(with_relu: bool, told: list[str]):
    parts = [nn.ConvTranspose2d(4, 4, 2, stride=2), nn.BatchNorm2d(4), *([nn.ReLU()] if with_relu else [])]
    found = inspect(nn.Sequential(*parts).eval(), "fx-static", torch.randn(IMAGE), backend="qnnpack").findings
    left = [each for each in found if each.rule == "batch_norm_left"]
    assert [each.code for each in left] == told
    assert all(each.level is Level.INFO for each in left)
