"""A dynamic flow on a model whose work is done by convolutions."""

from __future__ import annotations

import re
from collections.abc import Iterator

from qviz.analysis.findings.evidence import Evidence
from qviz.analysis.findings.layer_in_float import LARGE
from qviz.analysis.findings.rules import finds
from qviz.analysis.regions import function_name
from qviz.document.flows import Method
from qviz.document.snapshot import Finding, Level

_CONVOLUTION = re.compile(r"conv(_?transpose)?[123]d(relu)?|conv(bn)?(relu)?[123]d|convolution")


@finds("dynamic_on_convolutions")
def find(evidence: Evidence) -> Iterator[Finding]:
    """Yield the convolutions that a dynamic flow left in float; beside larger layers, as a note."""
    stage = evidence.converted
    if stage is None or evidence.flow is None or evidence.flow.method is not Method.DYNAMIC:
        return
    nodes = evidence.index(stage).nodes
    found = [each for each in evidence.precision.float if _CONVOLUTION.fullmatch(function_name(nodes[each]))]
    if found:
        share = evidence.low_precision.share_in_float(found) if evidence.low_precision is not None else None
        yield Finding(
            rule="dynamic_on_convolutions",
            level=Level.WARNING if share is None or share >= LARGE else Level.INFO,
            stage=stage.name,
            nodes=tuple(found),
            code="dynamic_on_convolutions.left_in_float",
            roles={"subject": tuple(found)},
        )
