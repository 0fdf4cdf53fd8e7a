"""A flow that ran without an error and quantized nothing."""

from __future__ import annotations

from collections.abc import Iterator

from qviz.analysis.findings.evidence import Evidence
from qviz.analysis.findings.layer_in_float import sole_cause
from qviz.analysis.findings.rules import finds
from qviz.document.flows import Method
from qviz.document.graph import Json
from qviz.document.snapshot import Finding, Level


@finds("nothing_quantized")
def find(evidence: Evidence) -> Iterator[Finding]:
    """Yield a finding when no quantizable operator of the converted stage runs in low precision."""
    low, stays_float = evidence.precision
    if evidence.converted is None or low or not stays_float or _is_told(evidence):
        return
    cause = sole_cause(evidence)
    args: dict[str, Json] = {}
    if cause is not None:
        roles: Json = {role: [*ids] for role, ids in cause.roles.items()}
        args["cause"] = {"code": cause.code, "roles": roles, "args": cause.args}
    yield Finding(
        rule="nothing_quantized",
        level=Level.ERROR,
        stage=evidence.converted.name,
        nodes=stays_float,
        code=_cause(evidence) if cause is None else "nothing_quantized.layers",
        roles={"subject": stays_float},
        args=args,
    )


def _is_told(evidence: Evidence) -> bool:
    """Return whether the engine found why nothing was replaced."""
    findings = evidence.snapshot.findings
    return any(each.rule == "type_not_replaced" and each.level is Level.ERROR for each in findings)


def _cause(evidence: Evidence) -> str:
    if evidence.flow is not None and evidence.flow.method is Method.WEIGHT_ONLY:
        return "nothing_quantized.weight_only"
    if not any(stage.name == "prepared" for stage in evidence.snapshot.stages):
        return "nothing_quantized.no_such_module"
    return "nothing_quantized.not_observed"
