"""A static flow whose configuration is a dynamic one: calibration sets nothing."""

from __future__ import annotations

import pytest

from qviz.document.causes import by_cause
from qviz.document.configuration import QConfig, Quantizer, QuantizerRule, Rule
from qviz.document.snapshot import Level, Snapshot
from tests.faults.cases import GIVEN, IMAGE, ROW, ran
from tests.faults.models import conv, linear, made

TWO = made(lambda m, x: m.fc2(m.fc(x)), fc=linear(), fc2=linear())
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
