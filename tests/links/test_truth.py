"""Links of the samples' runs agree with keys planted in the nodes, and no node goes without a link."""

from __future__ import annotations

from itertools import pairwise

import pytest

from qviz.document.plan import Plan
from qviz.document.snapshot import Snapshot
from qviz.engine.run import run_loaded
from qviz.engine.source import load
from tests.links.truth import Planted

SAMPLES = ("conv-bn-relu", "residual", "transformer", "mobile", "seed-small")
FLOWS = ("fx-static", "pt2e-static")


@pytest.mark.parametrize("flow", FLOWS)
@pytest.mark.parametrize("sample", SAMPLES)
def test_links_agree_with_planted_keys(sample: str, flow: str):
    plan, keys = Plan(source=f"sample:{sample}", flow=flow), Planted()
    snapshot = run_loaded(load(plan), plan, lambda message: None, keep=keys)
    assert snapshot.run.status == "done"
    score = keys.score(snapshot)
    assert score.judged >= 0.4 * score.nodes
    assert score.right >= 0.99 * score.judged
    assert unlinked(snapshot) == []


def unlinked(snapshot: Snapshot) -> list[str]:
    """Return the nodes without a link, and those that went away without a reason."""
    found = []
    for before, after in pairwise(snapshot.stages):
        links = [link for link in snapshot.links if link.to_stage == after.name]
        old, new = ({i for link in links for i in link.from_ids}, {i for link in links for i in link.to_ids})
        found += [node.id for node in before.graph.nodes if node.id not in old]
        found += [node.id for node in after.graph.nodes if node.id not in new]
        found += [i for link in links if not link.to_ids and not link.reason for i in link.from_ids]
        found += [i for link in links if not link.from_ids and not link.evidence for i in link.to_ids]
    return found
