"""An eager model that returns quantized tensors: no DeQuantStub stands before its output."""

from __future__ import annotations

from collections.abc import Iterator

from qviz.analysis.findings.evidence import Evidence
from qviz.analysis.findings.rules import finds
from qviz.document.flows import Mode
from qviz.document.graph import Kind, Node
from qviz.document.snapshot import Finding, Level

_QUANTIZED = ("torch.quint8", "torch.qint8", "torch.qint32")


@finds("output_stays_quantized")
def find(evidence: Evidence) -> Iterator[Finding]:
    """Yield the values that the converted model returns quantized; FX returns such only where it is told to."""
    stage = evidence.converted
    if stage is None or evidence.flow is None or evidence.flow.mode is not Mode.EAGER:
        return
    index = evidence.index(stage)
    returned = [
        index.nodes[each] for node in stage.graph.nodes if node.kind is Kind.OUTPUT for each in index.producers[node.id]
    ]
    found = {node.id: dtype for node in returned if (dtype := _quantized(node)) is not None}
    if found:
        subject = tuple(found)
        args = {"dtype": next(iter(found.values()))}
        yield Finding(
            "output_stays_quantized",
            Level.WARNING,
            stage.name,
            subject,
            "output_stays_quantized",
            {"subject": subject},
            {**args},
        )


def _quantized(node: Node) -> str | None:
    return next((value.dtype for value in node.values if value.dtype in _QUANTIZED), None)
