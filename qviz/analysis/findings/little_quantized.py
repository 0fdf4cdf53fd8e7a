"""A flow that left most of what it could have quantized in float."""

from __future__ import annotations

from collections.abc import Iterator

from qviz.analysis.findings.evidence import Evidence
from qviz.analysis.findings.rules import finds
from qviz.analysis.regions import function_name
from qviz.document.snapshot import Finding, Level


@finds("little_quantized")
def find(evidence: Evidence) -> Iterator[Finding]:
    """Yield a finding when less than half of the quantizable operators run in low precision.

    Dynamic and weight-only flows are made for few types of operators and are not judged by that.
    """
    low, stays_float = evidence.precision
    if evidence.converted is None or not low or len(low) >= len(stays_float):
        return
    if evidence.flow is not None and evidence.flow.keeps_activations_float:
        return
    nodes = evidence.index(evidence.converted).nodes
    names = list(dict.fromkeys(function_name(nodes[each]) for each in stays_float))
    yield Finding(
        rule="little_quantized",
        level=Level.WARNING,
        stage=evidence.converted.name,
        nodes=stays_float,
        code="little_quantized",
        roles={"subject": stays_float},
        args={"low": len(low), "total": len(low) + len(stays_float), "operators": [*names]},
    )
