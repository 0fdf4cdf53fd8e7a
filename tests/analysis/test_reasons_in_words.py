"""The reason that the inspector tells: one sentence, and a second one for who asked for low precision."""

from __future__ import annotations

import pytest

from qviz.analysis.inspecting.node_page import _reason
from qviz.document.graph import Json, Why

QCONFIG: Json = {"code": "quantized.qconfig", "roles": {"subject": ["conv"]}, "args": {"setter": "set_global"}}
ANNOTATED: Json = {"code": "origin.annotated_inputs", "roles": {"subject": ["conv"], "inputs": ["x", "weight"]}}


@pytest.mark.parametrize(
    ("why", "told"),
    [
        (
            Why("quantized.kernel", args={"kernel": "quantized.Conv2d", "replaced": "Conv2d", "asked": QCONFIG}),
            "Runs in low precision by quantized.Conv2d; convert put it in place of Conv2d. "
            "Its qconfig comes from set_global.",
        ),
        (
            Why("quantized.annotated", args={"origin": ANNOTATED}),
            "Quantized: the quantizer annotated it. The annotation has specs for x, weight.",
        ),
        (
            Why("quantized.annotated", args={"origin": {"code": "origin.annotated_output", "roles": {}}}),
            "Quantized: the quantizer annotated it.",
        ),
        (Why("quantized.kernel", args={"kernel": "quantized.add"}), "Runs in low precision by quantized.add."),
        (Why("operator.float", args={"target": "conv"}), "Float operator, unchanged."),
    ],
)
def test_who_asked_for_low_precision_is_the_second_sentence(why: Why, told: str):
    assert _reason(why) == told
