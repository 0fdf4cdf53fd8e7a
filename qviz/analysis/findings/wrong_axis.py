"""A weight per channel whose scales do not go along the output channels of its operator."""

from __future__ import annotations

import re
from collections.abc import Iterator

from qviz.analysis.findings.evidence import Evidence
from qviz.analysis.findings.rules import finds
from qviz.analysis.regions import function_name
from qviz.document.snapshot import Finding, Level

_TRANSPOSED = re.compile(r"conv_?transpose[123]d")
_OTHERS = re.compile(r"conv[123]d|convolution|linear")


@finds("wrong_axis")
def find(evidence: Evidence) -> Iterator[Finding]:
    """Yield each operator whose weight has its scales along another axis than its output channels."""
    for stage, node, _ in evidence.watched():
        params, index = node.quant.output if node.quant is not None else None, evidence.index(stage)
        if params is None or params.axis is None or not isinstance(params.scale, tuple):
            continue
        for user in index.users[node.id]:
            expected = _output_axis(function_name(index.nodes[user]))
            is_weight = len(inputs := index.producers[user]) > 1 and inputs[1] == node.id
            if is_weight and expected is not None and params.axis != expected:
                yield Finding(
                    rule="wrong_axis",
                    level=Level.WARNING,
                    stage=stage.name,
                    nodes=(user, node.id),
                    code="wrong_axis",
                    roles={"subject": (user,)},
                    args={"axis": params.axis, "expected": expected},
                )


def _output_axis(function: str) -> int | None:
    return 1 if _TRANSPOSED.fullmatch(function) else 0 if _OTHERS.fullmatch(function) else None
