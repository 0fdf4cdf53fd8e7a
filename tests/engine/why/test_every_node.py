"""No node of any stage of any flow goes without a reason, and every reason has its words."""

from __future__ import annotations

import pytest

from qviz.document.flows import FLOWS
from qviz.document.plan import Plan
from qviz.document.snapshot import Snapshot
from qviz.engine.serving.run import run_plan
from tests.words.rendering import unfilled


def run(sample: str, flow: str) -> Snapshot:
    return run_plan(Plan(source=f"sample:{sample}", flow=flow), lambda _: None)


@pytest.mark.parametrize("flow", [flow.id for flow in FLOWS])
@pytest.mark.parametrize("sample", ["residual", "transformer"])
def test_every_node_says_why(sample: str, flow: str):
    whys = {(stage.name, node.id): node.why for stage in run(sample, flow).stages for node in stage.graph.nodes}
    assert [place for place, why in whys.items() if why is None] == []
    told = [why for why in whys.values() if why is not None]
    assert [why for why in told if not why.rule or not why.evidence] == []
    assert not any("0x" in str(why) for why in told)
    assert [missing for why in told for missing in unfilled(why)] == []
