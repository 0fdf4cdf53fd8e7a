"""A flow that ran without an error and quantized nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from qviz.analysis.findings.evidence import Evidence
from qviz.analysis.findings.layer_in_float import sole_cause
from qviz.analysis.findings.rules import finds
from qviz.analysis.regions import operator_name
from qviz.document.flows import Method
from qviz.document.graph import Json
from qviz.document.snapshot import Finding, Level

_WITHOUT_QCONFIG = {"float.qconfig_none", "float.no_qconfig"}
_UNANNOTATED = {"float.not_annotated", "operator.float"}
"""Reasons that a quantizer gives by doing nothing."""


_READ = 2
"""Activation and weight, or both operands, come first; a bias is read in float."""


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
    code = _cause(evidence, stays_float) if cause is None else "nothing_quantized.layers"
    roles_of = {"subject": stays_float}
    if code == "nothing_quantized.not_observed" and (partly := _partly_observed(evidence, stays_float)):
        code, roles_of["observed"] = "nothing_quantized.partly_observed", partly
    if code == "nothing_quantized.not_annotated":
        nodes = evidence.index(evidence.converted).nodes
        args["operators"] = [*dict.fromkeys(operator_name(nodes[each]) for each in stays_float)]
    yield Finding(
        rule="nothing_quantized",
        level=Level.ERROR,
        stage=evidence.converted.name,
        nodes=stays_float,
        code=code,
        roles=roles_of,
        args=args,
    )


def _partly_observed(evidence: Evidence, stays_float: Sequence[str]) -> tuple[str, ...]:
    """Return the operators with observers at some of activation, weight and output, but not at what they read."""
    stage = evidence.prepared
    if stage is None or not evidence.is_exported:
        return ()
    index, found = evidence.index(stage), []
    for each in stays_float:
        if each not in index.nodes:
            continue
        read = [index.nodes[given].kind.watches for given in index.producers[each][:_READ]]
        is_watched = any(read) or any(index.nodes[user].kind.watches for user in index.users[each])
        if is_watched and not all(read):
            found.append(each)
    return tuple(found)


def _is_told(evidence: Evidence) -> bool:
    """Return whether the engine found why nothing was replaced."""
    findings = evidence.snapshot.findings
    return any(each.rule == "type_not_replaced" and each.level is Level.ERROR for each in findings)


def _cause(evidence: Evidence, stays_float: Sequence[str]) -> str:
    if evidence.flow is not None and evidence.flow.method is Method.WEIGHT_ONLY:
        return "nothing_quantized.weight_only"
    if not any(stage.name == "prepared" for stage in evidence.snapshot.stages):
        return "nothing_quantized.no_such_module"
    if evidence.converted is not None and evidence.is_exported:
        nodes = evidence.index(evidence.converted).nodes
        if all("float.left_by_rule" in evidence.reasons(nodes[each]) for each in stays_float):
            return "nothing_quantized.left_by_rules"
        if all(_UNANNOTATED & evidence.reasons(nodes[each]) for each in stays_float):
            return "nothing_quantized.not_annotated"
        return "nothing_quantized.not_observed"
    return _without_kernel(evidence, stays_float) or "nothing_quantized.not_observed"


def _without_kernel(evidence: Evidence, stays_float: Sequence[str]) -> str | None:
    """Return why nothing is quantized in FX, where one cause holds for all; None where it does not."""
    if evidence.converted is None:
        return None
    nodes = evidence.index(evidence.converted).nodes
    if all(_WITHOUT_QCONFIG & evidence.reasons(nodes[each]) for each in stays_float):
        return "nothing_quantized.no_qconfig"
    asked = evidence.asked
    if all(asked.intersection(evidence.earlier(evidence.prepared, each)) for each in stays_float):
        return "nothing_quantized.no_kernel"
    return None
