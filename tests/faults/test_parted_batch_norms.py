"""A batch norm that something parts from its convolution, though it computes nothing, is named with what parts them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from torch import nn

from qviz.document.snapshot import Finding, Level
from tests.faults.cases import IMAGE, STUBS, ran
from tests.faults.models import conv, made, norm


def left(between: Callable[[], nn.Module], flow: str) -> list[Finding]:
    parts = {"conv": conv(bias=False), "between": between, "bn": norm, "relu": nn.ReLU, **STUBS}
    model = made(lambda m, x: m.dequant(m.relu(m.bn(m.between(m.conv(m.quant(x)))))), **parts)
    return [each for each in ran(model, flow, [IMAGE], measure=False)().findings if each.rule == "batch_norm_left"]


@pytest.mark.parametrize(
    ("between", "flow", "nodes"),
    [
        (nn.Identity, "eager-static", ("bn", "between")),
        (nn.Identity, "fx-static", ("bn", "between")),
        (nn.Dropout, "eager-static", ("bn", "between")),
        (nn.Dropout, "pt2e-static", ("batch_norm", "dropout")),
    ],
)
def test_what_parts_them_is_named(between: Callable[[], nn.Module], flow: str, nodes: tuple[str, str]):
    (found,) = left(between, flow)
    assert (found.code, found.level) == ("batch_norm_left.operator_between", Level.WARNING)
    assert (found.nodes, found.roles["between"]) == (nodes[:1], nodes[1:])


@pytest.mark.parametrize("flow", ["eager-static", "fx-static", "pt2e-static"])
def test_what_computes_something_parts_them_for_good(flow: str):
    assert [(each.code, each.level) for each in left(nn.Hardswish, flow)] == [
        ("batch_norm_left.nothing_before", Level.INFO)
    ]


def test_the_hint_is_a_remedy():
    assert left(nn.Identity, "pt2e-static") == []  # export leaves it out, as the hint advises
    parts = {"conv": conv(bias=False), "between": nn.Identity, "bn": norm, **STUBS}
    behind = made(lambda m, x: m.dequant(m.between(m.bn(m.conv(m.quant(x))))), **parts)
    for flow in ("eager-static", "fx-static"):
        found = ran(behind, flow, [IMAGE], measure=False)().findings
        assert "batch_norm_left" not in {each.rule for each in found}
