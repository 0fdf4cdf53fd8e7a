"""A flow that was given a graph which it cannot read."""

from __future__ import annotations

from collections.abc import Iterator

from qviz.analysis.findings.evidence import Evidence, listed
from qviz.document.kept import kept_finding
from qviz.document.snapshot import Finding, Level


def find(evidence: Evidence) -> Iterator[Finding]:
    """Yield that an eager or FX flow was given a graph of torch.export."""
    stage = evidence.captured
    if stage is None or evidence.flow is None or evidence.flow.takes_exported_programs:
        return
    found = [node.id for node in stage.graph.nodes if node.target.startswith("aten.")]
    if found:
        yield kept_finding(
            rule="wrong_kind_of_graph",
            level=Level.ERROR,
            stage=stage.name,
            nodes=tuple(found),
            message=f"{evidence.snapshot.run.flow} was given a graph of ATen operators: {listed(found)}",
            reason="its patterns are modules and torch functions; none of them matches an exported graph, and torch "
            "says nothing",
            hint="Take a PT2E flow for an exported graph, or give the module that was exported.",
        )
