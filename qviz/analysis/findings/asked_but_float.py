"""An operator that was observed for its own sake and runs in float all the same."""

from __future__ import annotations

from collections.abc import Iterator

from qviz.analysis.findings.evidence import Evidence
from qviz.analysis.regions import function_name
from qviz.document.graph import Kind
from qviz.document.snapshot import Finding, Level


def find(evidence: Evidence) -> Iterator[Finding]:
    """Yield one finding for each function that the conversion left so."""
    stage, prepared = evidence.converted, evidence.prepared
    if stage is None or prepared is None or evidence.is_exported or stage.name == "reference":
        return
    nodes = evidence.index(stage).nodes
    found: dict[str, list[str]] = {}
    for each in evidence.precision.float:
        if nodes[each].kind is Kind.OP and evidence.asked.intersection(evidence.earlier(prepared, each)):
            found.setdefault(function_name(nodes[each]), []).append(each)
    for name, ids in found.items():
        yield Finding(
            rule="asked_but_float",
            level=Level.WARNING,
            stage=stage.name,
            nodes=tuple(ids),
            message=f"{name} was observed and still runs in float: {', '.join(ids[:3])}",
            reason="convert found no low-precision operator for what prepare had observed: the backend configuration "
            "of convert is another one, or has no kernel for these dtypes of activation and weight",
            hint="Give prepare and convert the same backend_config, and a qconfig whose dtypes that backend lists.",
        )
