"""A flow that left most of what it could have quantized in float."""

from __future__ import annotations

from collections.abc import Iterator

from qviz.analysis.findings.evidence import Evidence
from qviz.analysis.findings.layer_in_float import cause_of, is_told_elsewhere
from qviz.analysis.findings.other_forms import as_args, other_forms
from qviz.analysis.findings.rules import finds
from qviz.analysis.regions import operator_name
from qviz.document.flows import Method
from qviz.document.graph import Json
from qviz.document.snapshot import Finding, Level

_LEAST, _LEAST_DYNAMIC = 1 / 2, 1 / 4
"""Dynamic flows take linear and recurrent layers alone: products inside of attention stay in float by design."""


@finds("little_quantized")
def find(evidence: Evidence) -> Iterator[Finding]:
    """Yield a finding when less than half of the multiply-accumulates run in low precision, a quarter in dynamic flows.

    Weight-only flows are not judged by that: embeddings multiply nothing. Where nothing multiplies, or sizes are not
    known, a static flow is judged by the number of its operators.
    """
    stage, judged = evidence.converted, evidence.low_precision
    if stage is None or judged is None or not evidence.precision.low:
        return
    if evidence.flow is not None and evidence.flow.method is Method.WEIGHT_ONLY:
        return
    low, stays_float = evidence.precision
    counted = judged.coverage
    assert counted is not None  # there is one in low precision
    args: dict[str, Json] = {"low": counted.low, "total": counted.total}
    if judged.macs is not None:
        in_low, total = judged.macs
        nodes = tuple(node.id for node in stage.whole.nodes if node.id in judged.multiplying_in_float)
        if not nodes or in_low >= _least(evidence) * total:
            return
        code, args = "little_quantized.macs", {**args, "share": in_low / total}
    elif len(low) >= len(stays_float) or (evidence.flow is not None and evidence.flow.keeps_activations_float):
        return
    else:
        code, nodes = "little_quantized", stays_float
    known = evidence.index(stage).nodes
    args["operators"] = [*dict.fromkeys(operator_name(known[each]) for each in nodes)]
    if forms := as_args([other_forms(evidence, known[each]) for each in nodes]):
        code, args = f"{code}.other_form", args | forms
    told = all(
        is_told_elsewhere(evidence, known[each])
        or cause_of(evidence, known[each])
        or any(why.args.get("left_by") for why in evidence.whys(known[each]))  # left_by_rule
        for each in nodes
    )
    level = Level.INFO if told else Level.WARNING  # what keeps each of them in float is told by itself
    yield Finding("little_quantized", level, stage.name, nodes, code, {"subject": nodes}, args)


def _least(evidence: Evidence) -> float:
    is_dynamic = evidence.flow is not None and evidence.flow.keeps_activations_float
    return _LEAST_DYNAMIC if is_dynamic else _LEAST
