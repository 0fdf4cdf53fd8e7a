"""Which nodes nothing hides: no seam, and no box that stands for equal siblings with other findings."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping

from qviz.document.graph import NodeId
from qviz.document.snapshot import Finding, Level, StageName


def loud_nodes(findings: Iterable[Finding], stage: StageName) -> Mapping[NodeId, Collection[str]]:
    """Return the nodes of a stage that a warning or an error speaks of, with the codes of what it says."""
    found: defaultdict[NodeId, set[str]] = defaultdict(set)
    for each in findings:
        if each.stage == stage and each.level is not Level.INFO:
            for node in each.nodes:
                found[node].add(each.code)
    return found
