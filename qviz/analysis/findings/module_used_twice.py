"""A module with a weight that FX converts once and calls several times."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from qviz.analysis.findings.evidence import Evidence
from qviz.analysis.findings.rules import finds
from qviz.document.flows import Mode
from qviz.document.graph import Kind
from qviz.document.snapshot import Finding, Level


@finds("module_used_twice")
def find(evidence: Evidence) -> Iterator[Finding]:
    """Yield each quantized module of an FX flow whose calls share one output scale."""
    stage = evidence.converted
    if stage is None or (evidence.flow is not None and evidence.flow.mode is Mode.EAGER):
        return  # eager mode is asked before it runs
    calls: defaultdict[str, list[str]] = defaultdict(list)
    for node in stage.whole.nodes:
        if node.op == "call_module" and node.kind is Kind.QUANTIZED_OP and node.quant and node.quant.output:
            calls[node.target].append(node.id)
    for path, nodes in calls.items():
        if len(nodes) > 1:
            yield Finding(
                rule="module_used_twice",
                level=Level.WARNING,
                stage=stage.name,
                nodes=tuple(nodes),
                code="module_used_twice.one_scale",
                roles={"subject": tuple(nodes)},
                args={"module": path, "calls": len(nodes)},
            )
