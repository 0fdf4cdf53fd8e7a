"""A flow that ran without an error and quantized nothing."""

from __future__ import annotations

from collections.abc import Iterator

from qviz.analysis.findings.evidence import Evidence
from qviz.document.flows import Method
from qviz.document.kept import kept_finding
from qviz.document.snapshot import Finding, Level


def find(evidence: Evidence) -> Iterator[Finding]:
    """Yield a finding when no quantizable operator of the converted stage runs in low precision."""
    low, stays_float = evidence.precision
    if evidence.converted is None or low or not stays_float:
        return
    reason, hint = _cause(evidence)
    yield kept_finding(
        rule="nothing_quantized",
        level=Level.ERROR,
        stage=evidence.converted.name,
        nodes=stays_float,
        message=f"none of the {len(stays_float)} quantizable operators runs in low precision",
        reason=reason,
        hint=hint,
    )


def _cause(evidence: Evidence) -> tuple[str, str]:
    if evidence.flow is not None and evidence.flow.method is Method.WEIGHT_ONLY:
        return (
            "of weights only, torch quantizes embeddings (8 or 4 bits) and Linear in float16, and found none to take",
            "Take the weight dtype float16 for Linear, or a dynamic or static flow; 8 and 4 bits are for embeddings.",
        )
    if not any(stage.name == "prepared" for stage in evidence.snapshot.stages):
        return (
            "this flow swaps modules of certain types only, and the model has none of them",
            "Dynamic quantization takes Linear and recurrent modules, weights only embeddings; "
            "the static flows take convolutions too.",
        )
    return (
        "no observer was asked for around them, or the capture lost what the quantizer needs",
        "Look at the prepared stage: an operator without observers was not annotated.",
    )
