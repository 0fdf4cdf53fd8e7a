"""A module with a scale of its own that FX converts once and calls several times."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from qviz.analysis.findings.evidence import Evidence
from qviz.analysis.findings.rules import finds
from qviz.document.flows import Mode
from qviz.document.graph import Kind, Node
from qviz.document.snapshot import Finding, Level


@finds("module_used_twice")
def find(evidence: Evidence) -> Iterator[Finding]:
    """Yield each quantized module of an FX flow whose calls share one output scale."""
    stage = evidence.converted
    if stage is None or (evidence.flow is not None and evidence.flow.mode is Mode.EAGER):
        return  # eager mode is asked before it runs
    calls: defaultdict[str, list[Node]] = defaultdict(list)
    for node in stage.whole.nodes:
        if node.op == "call_module" and node.kind is Kind.QUANTIZED_OP and node.quant and node.quant.output:
            calls[node.target].append(node)
    for path, nodes in calls.items():
        if len(nodes) > 1 and _have_one_scale(nodes):
            subject = tuple(node.id for node in nodes)
            yield Finding(
                rule="module_used_twice",
                level=Level.WARNING,
                stage=stage.name,
                nodes=subject,
                code="module_used_twice.one_scale",
                roles={"subject": subject},
                args={"module": path, "calls": len(nodes)},
            )


def _have_one_scale(calls: list[Node]) -> bool:
    """Return whether a module gives all of its calls the scale that it holds; a relu hands on that of each input."""
    quants = [node.quant for node in calls if node.quant is not None and node.quant.output is not None]
    outputs = {(each.output.scale, each.output.zero_point) for each in quants if each.output is not None}
    handed_on = all(each.input is not None and each.input.scale == each.output.scale for each in quants if each.output)
    return len(outputs) == 1 and not (handed_on and all(each.weight is None for each in quants))
