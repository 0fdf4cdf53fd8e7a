"""Operators that XNNPACKQuantizer leaves out for a weight or a bias that it took with another one."""

from __future__ import annotations

import copy
from collections.abc import Callable

import pytest
import torch
from torch import nn

from qviz.document.causes import by_cause
from qviz.document.snapshot import Level, Snapshot
from tests.faults.cases import IMAGE, ROW, ran
from tests.faults.models import conv, linear, made


def twice(is_copied: bool) -> Callable[[], nn.Module]:
    """Return a model that calls one convolution for two images, or a copy of it for the second."""

    def make() -> nn.Module:
        model = made(lambda m, x: m.conv(x) + m.other(x.flip(-1)), conv=conv(), other=conv())()
        shared = model.get_submodule("conv")
        model.set_submodule("other", copy.deepcopy(shared) if is_copied else shared)
        return model

    return make


def loud(snapshot: Snapshot) -> list[str]:
    return [each.cause.code for each in by_cause(snapshot.findings) if each.cause.level is not Level.INFO]


def test_the_second_call_of_a_convolution_stays_in_float_for_its_weight():
    snapshot = ran(twice(is_copied=False), "pt2e-static", [IMAGE], measure=False)()
    first, *_ = by_cause(snapshot.findings)
    assert first.cause.code == "layer_in_float.parameter_taken"
    assert (first.cause.nodes, first.cause.roles["taken_with"]) == (("conv2d_1",), ("conv2d",))
    assert [each.rule for each in first.consequences] == ["tied_weights_split"]
    assert "embedding" not in first.consequences[0].hint
    for stage in snapshot.stages[1:]:
        whys = {node.id: node.why for node in stage.graph.nodes}
        why = whys["conv2d_1"]
        assert why is not None
        assert (why.code, why.roles["taken_with"]) == ("float.parameter_taken", ("conv2d",))
        assert len(why.roles["parameters"]) == 2


def test_a_copy_of_its_own_is_quantized_as_the_hint_says():
    assert loud(ran(twice(is_copied=True), "pt2e-static", [IMAGE], measure=False)()) == []


@pytest.mark.parametrize("is_shared", [True, False])
def test_a_bias_alone_is_enough(is_shared: bool):
    def make() -> nn.Module:
        model = made(lambda m, x: m.other(m.conv(x)), conv=conv(), other=conv())()
        if is_shared:
            model.get_submodule("other").bias = model.get_submodule("conv").bias
        return model

    wanted = ["layer_in_float.parameter_taken"] if is_shared else []
    assert loud(ran(make, "pt2e-static", [IMAGE], measure=False)()) == wanted


@pytest.mark.parametrize("is_copied", [False, True])
def test_a_linear_layer_that_is_called_again_is_not_fused_with_its_relu(is_copied: bool):
    def make() -> nn.Module:
        model = made(lambda m, x: torch.relu(m.other(torch.relu(m.fc(x)))), fc=linear(), other=linear())()
        shared = model.get_submodule("fc")
        model.set_submodule("other", copy.deepcopy(shared) if is_copied else shared)
        return model

    wanted = [] if is_copied else ["fusible_but_unfused.parameter_taken"]
    assert loud(ran(make, "pt2e-static", [ROW], measure=False)()) == wanted
