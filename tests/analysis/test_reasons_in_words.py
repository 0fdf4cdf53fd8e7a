"""The reason that the inspector tells: one sentence, and a second one for who asked for low precision."""

from __future__ import annotations

import pytest

from qviz.analysis.inspecting.inspected_run import NodePlace
from qviz.analysis.inspecting.node_page import _reason, node_page
from qviz.document.graph import Json, Why
from tests.factories import inspected, node, snapshot, stage

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


def test_the_name_of_a_node_that_is_its_path_is_not_told_beside_it():
    nodes = [
        node("x", kind="input"),
        node("block_conv1", "x", path="block.conv1", type="Conv2d"),
        node("conv_7", "block_conv1", path="block.conv2", type="Conv2d"),
    ]
    run = inspected(snapshot(stage("captured", *nodes)))
    about = {each.id: page.about for each in nodes if (page := node_page(run, NodePlace("captured", each.id)))}
    assert "block_conv1" not in about["block_conv1"]
    assert "block.conv1" in about["block_conv1"]
    assert {"conv_7", "block.conv2"} <= set(about["conv_7"])
