"""Static flows whose configuration or data says nothing: dynamic qconfigs, none, other dtypes, data of zeros."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from qviz.document.causes import by_cause
from qviz.document.configuration import QConfig, Quantizer, QuantizerRule, Rule
from qviz.document.snapshot import Level, Snapshot
from tests.faults.cases import GIVEN, IMAGE, ROW, ran
from tests.faults.models import conv, linear, made, scaled

TWO = made(lambda m, x: m.fc2(m.fc(x)), fc=linear(), fc2=linear())
UNEVEN = made(lambda m, x: m.fc2(m.fc(x)), fc=linear(), fc2=scaled(linear(32), 30.0, first=2))
BY_NAME = QuantizerRule("module_name", "fc", enabled=False)
CONVOLUTIONS = made(lambda m, x: m.fc(m.conv(x).mean((2, 3))), conv=conv(8), fc=linear())


def said(snapshot: Snapshot) -> list[str]:
    assert snapshot.run.error is None
    return [each.cause.rule for each in by_cause(snapshot.findings) if each.cause.level is not Level.INFO]


@pytest.mark.parametrize(
    ("make", "shape", "qconfig"),
    [
        (TWO, ROW, "default_dynamic_qconfig"),
        (TWO, ROW, "float16_dynamic_qconfig"),
        (CONVOLUTIONS, IMAGE, "default_dynamic_qconfig"),
    ],
)
def test_a_dynamic_qconfig(make, shape: tuple[int, ...], qconfig: str):
    snapshot = ran(make, "fx-static", [shape], qconfig=qconfig)()
    assert said(snapshot)[:1] == ["calibration_without_effect"]
    assert snapshot.findings[0].nodes[-1] in ("fc", "fc2")


def test_a_quantizer_for_dynamic_quantization():
    snapshot = ran(TWO, "pt2e-static", [ROW], quantizer=f"{GIVEN}:dynamic_xnnpack")()
    assert said(snapshot)[:1] == ["calibration_without_effect"]


def test_one_dynamic_layer_among_others_is_a_choice():
    rule = Rule("module_name", "fc2", QConfig("default_dynamic_qconfig"))
    assert said(ran(TWO, "fx-static", [ROW], rules=(rule,))()) == []
    options = Quantizer(rules=(QuantizerRule("module_name", "fc2", dynamic=True),))
    assert said(ran(TWO, "pt2e-static", [ROW], quantizer_options=options)()) == []


@pytest.mark.parametrize("flow", ["fx-dynamic", "pt2e-dynamic", "fx-static", "pt2e-static"])
def test_other_flows_are_left_alone(flow: str):
    assert said(ran(TWO, flow, [ROW])()) == []


@pytest.mark.parametrize("flow", ["fx-static", "pt2e-static"])
def test_data_of_zeros(flow: str):
    snapshot = ran(TWO, flow, [ROW], batches=lambda: [(torch.zeros(ROW),)])()
    assert said(snapshot)[0] == "degenerate_scale"
    assert (
        "x" in snapshot.findings[0].nodes
        or "activation_post_process_0" in snapshot.findings[0].nodes
        or ("quantize_per_tensor" in snapshot.findings[0].nodes)
    )


@pytest.mark.parametrize("flow", ["fx-static", "pt2e-static"])
def test_batches_without_samples(flow: str):
    snapshot = ran(TWO, flow, [ROW], batches=lambda: [(torch.zeros(0, ROW[1]),)])()
    assert said(snapshot)[0] == "never_calibrated"
    assert snapshot.findings[0].reason.startswith("no sample went through the prepared model")
    told = [each.reason for each in snapshot.findings]
    assert not any("Division" in each or "stretch" in each for each in told)  # measured on the example inputs


@pytest.mark.parametrize(("batches", "rules"), [([], {"never_calibrated"}), (None, {"uneven_channels"})])
def test_a_weight_that_no_data_gave_a_scale_has_no_uneven_channels(batches: list[Any] | None, rules: set[str]):
    given: dict[str, Any] = {} if batches is None else {"batches": lambda: batches}
    snapshot = ran(UNEVEN, "pt2e-static", [ROW], quantizer=f"{GIVEN}:own_xnnpack", **given)()
    assert {"never_calibrated", "uneven_channels"}.intersection(each.rule for each in snapshot.findings) == rules


@pytest.mark.parametrize(
    ("qconfig", "code"),
    [
        (f"{GIVEN}:functions_alone", "nothing_quantized.no_qconfig"),
        (f"{GIVEN}:unsigned_weights", "nothing_quantized.no_kernel"),
    ],
)
def test_why_nothing_is_quantized(qconfig: str, code: str):
    snapshot = ran(TWO, "fx-static", [ROW], qconfig=qconfig)()
    assert code in {each.code for each in snapshot.findings}
    assert snapshot.findings[0].rule == ("asked_but_float" if code.endswith("kernel") else "nothing_quantized")


@pytest.mark.parametrize("quantizer", ["bare_xnnpack", "bare_x86"])
def test_a_quantizer_without_a_configuration_is_told_before_what_comes_of_it(quantizer: str):
    snapshot = ran(TWO, "pt2e-static", [ROW], quantizer=f"{GIVEN}:{quantizer}")()
    first = snapshot.findings[0]
    assert first.code == "quantizer_without_effect.no_configuration"
    assert "set_global(" in first.hint
    nothing = next(each for each in snapshot.findings if each.rule == "nothing_quantized")
    assert nothing.because_of is not None
    assert nothing.because_of.rule == "quantizer_without_effect"


def test_a_quantizer_with_one_has_an_effect():
    for given in ({"quantizer": f"{GIVEN}:own_xnnpack"}, {"quantizer_options": Quantizer(rules=(BY_NAME,))}):
        snapshot = ran(TWO, "pt2e-static", [ROW], **given)()
        assert "quantizer_without_effect" not in said(snapshot)


def test_where_rules_leave_all_in_float_they_are_the_cause():
    rules = tuple(QuantizerRule("module_name", each, enabled=False) for each in ("fc", "fc2"))
    snapshot = ran(TWO, "pt2e-static", [ROW], quantizer_options=Quantizer(rules=rules))()
    (nothing,) = [each for each in snapshot.findings if each.rule == "nothing_quantized"]
    assert nothing.code == "nothing_quantized.left_by_rules"
