"""A flow that was given a graph which another flow has been at already, or which it cannot read."""

from __future__ import annotations

from collections.abc import Iterator

from qviz.analysis.findings.evidence import CASTING, WATCHING, Evidence, listed
from qviz.document.graph import Kind
from qviz.document.snapshot import Finding, Level

_DONE = WATCHING | CASTING | {Kind.QUANTIZED_OP}


def find_twice(evidence: Evidence) -> Iterator[Finding]:
    """Yield that the captured stage has observers, casts or quantized operators already."""
    stage = evidence.captured
    if stage is None or evidence.flow is None:
        return
    found = [node.id for node in stage.graph.nodes if node.kind in _DONE]
    if found:
        yield Finding(
            rule="applied_twice",
            level=Level.ERROR,
            stage=stage.name,
            nodes=tuple(found),
            message=f"the model has been quantized or prepared before: {listed(found)} came with it",
            reason="torch prepares such a graph without a word and observes the observers, or leaves what is quantized "
            "as it is",
            hint="Give the float model; a graph that is prepared or converted already is shown by qviz.snapshot.",
        )


def find_wrong_kind(evidence: Evidence) -> Iterator[Finding]:
    """Yield that an FX flow was given a graph of torch.export."""
    stage = evidence.captured
    if stage is None or not evidence.snapshot.run.flow.startswith(("fx", "eager")):
        return
    found = [node.id for node in stage.graph.nodes if node.target.startswith("aten.")]
    if found:
        yield Finding(
            rule="wrong_kind_of_graph",
            level=Level.ERROR,
            stage=stage.name,
            nodes=tuple(found),
            message=f"{evidence.snapshot.run.flow} was given a graph of ATen operators: {listed(found)}",
            reason="its patterns are modules and torch functions; none of them matches an exported graph, and torch "
            "says nothing",
            hint="Take a PT2E flow for an exported graph, or give the module that was exported.",
        )
