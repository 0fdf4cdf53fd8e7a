"""No node of any stage of any flow goes without a reason."""

from __future__ import annotations

import pytest

from qviz.document.flows import FLOWS
from qviz.document.plan import Plan
from qviz.engine.serving.run import run_plan


@pytest.mark.parametrize("flow", [flow.id for flow in FLOWS])
@pytest.mark.parametrize("sample", ["residual", "transformer"])
def test_every_node_says_why(sample: str, flow: str):
    snapshot = run_plan(Plan(source=f"sample:{sample}", flow=flow), lambda _: None)
    bare = [
        (stage.name, node.id)
        for stage in snapshot.stages
        for node in stage.graph.nodes
        if node.why is None or not node.why.rule or not node.why.evidence
    ]
    assert bare == []
    assert not any("0x" in str(node.why) for stage in snapshot.stages for node in stage.graph.nodes)
