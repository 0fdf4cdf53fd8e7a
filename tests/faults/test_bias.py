"""A bias whose scale is derived from input and weight is in order."""

from __future__ import annotations

from tests.faults.broken_parts.layers import FC
from tests.faults.cases import GIVEN, ROW, ran


def test_a_derived_scale_is_not_told():
    snapshot = ran(FC, "pt2e-static", [ROW], quantizer=f"{GIVEN}:bias_derived")()
    assert snapshot.run.error is None
    node = next(each for each in snapshot.stages[-1].graph.nodes if each.id == "linear")
    assert node.quant is not None
    assert node.quant.bias is not None
    assert [each.rule for each in snapshot.findings] == []
