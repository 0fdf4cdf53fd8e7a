"""An observer that saw no data: its range is empty and the scale will be 1."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from qviz.analysis.findings.evidence import Evidence
from qviz.document.graph import Kind
from qviz.document.kept import kept_finding
from qviz.document.snapshot import Finding, Level, Stage


def find(evidence: Evidence) -> Iterator[Finding]:
    """Yield one finding for each stage that has such observers, or what came of them where no observer is left."""
    empty: defaultdict[str, list[str]] = defaultdict(list)
    for stage, node, fact in evidence.watched():
        if fact.calibrated is False:
            empty[stage.name].append(node.id)
    for name, nodes in empty.items():
        yield _finding(name, nodes, f"{len(nodes)} observers" if len(nodes) > 1 else f"the observer {nodes[0]}")
    if evidence.prepared is None and evidence.converted is not None and (nodes := _fallen_back(evidence.converted)):
        yield _finding(evidence.converted.name, nodes, f"what gave {', '.join(nodes[:3])} a scale")


def _fallen_back(stage: Stage) -> list[str]:
    """Return the quantizes with exactly the scale and zero point that torch falls back to."""
    return [
        node.id
        for node in stage.graph.nodes
        if node.kind is Kind.QUANTIZE
        and node.quant is not None
        and node.quant.output is not None
        and (node.quant.output.scale, node.quant.output.zero_point) == (1.0, 0)
    ]


def _finding(stage: str, nodes: list[str], who: str) -> Finding:
    return kept_finding(
        rule="never_calibrated",
        level=Level.WARNING,
        stage=stage,
        nodes=tuple(nodes),
        message=f"{who} saw no data",
        reason="min is inf and max -inf, so torch falls back to scale 1 and zero point 0",
        hint="Calibrate with data that reaches every branch of the model (--calibrate).",
    )
