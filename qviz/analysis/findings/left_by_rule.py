"""What a rule of the configuration leaves in float, and would run in low precision without it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

import msgspec

from qviz.analysis.findings.evidence import Evidence
from qviz.analysis.findings.layer_in_float import is_layer
from qviz.analysis.findings.rules import finds
from qviz.analysis.regions import function_name
from qviz.document.flows import Method, Mode
from qviz.document.graph import Json, Kind, Node
from qviz.document.snapshot import Finding, Level

_NO_QCONFIG = ("float.qconfig_none", "float.no_qconfig")
_OF_ALL = "left_by.global"


class LeftByRule(NamedTuple):
    """What one rule leaves in float.

    Attributes:
        rule: As the reasons of the nodes name it, a statement.
        code: How the finding's code ends.
        nodes: In graph order.
    """

    rule: Mapping[str, Json]
    code: str
    nodes: tuple[str, ...]


@finds("left_by_rule")
def find(evidence: Evidence) -> Iterator[Finding]:
    """Yield one finding for each rule; none where nothing runs in low precision, which nothing_quantized tells."""
    if evidence.converted is None or not evidence.precision.low:
        return
    for left in left_by_rules(evidence):
        share = evidence.low_precision.share_in_float(left.nodes) if evidence.low_precision is not None else None
        args = left.rule.get("args")
        target = args.get("target") if isinstance(args, dict) else None
        yield Finding(
            rule="left_by_rule",
            level=Level.INFO,
            stage=evidence.converted.name,
            nodes=left.nodes,
            code=f"left_by_rule.{left.code}",
            roles={"subject": left.nodes},
            args={"rule": dict(left.rule), **({"share": share} if share else {})},
            place=(str(target),) if target else (),  # two rules for two modules are two findings
        )


def left_by_rules(evidence: Evidence) -> tuple[LeftByRule, ...]:
    """Return what rules leave in float, those of fewest nodes and those of most alike."""
    found: dict[bytes, LeftByRule] = {}
    for node in evidence.converted.whole.nodes if evidence.converted is not None else ():
        if node.kind in (Kind.OP, Kind.FUSED_OP) and (left := _left(evidence, node)) is not None:
            key = msgspec.json.encode((left.code, left.rule))
            found[key] = left._replace(nodes=(*(found[key].nodes if key in found else ()), *left.nodes))
    return tuple(found.values())


def _left(evidence: Evidence, node: Node) -> LeftByRule | None:
    """Return the rule that leaves a node in float; None where none does, or it would stay in float without."""
    for why in evidence.whys(node):
        is_of_quantizer = why.code == "float.left_by_rule"
        if not is_of_quantizer and (why.code not in _NO_QCONFIG or not _is_asked_of(evidence, node)):
            continue
        rule = why.args.get("rule" if is_of_quantizer else "left_by")
        if isinstance(rule, dict) and rule.get("code") != _OF_ALL and node.id not in evidence.precision.low:
            return LeftByRule(rule, "annotated" if is_of_quantizer else "qconfig", (node.id,))
    return None


def _is_asked_of(evidence: Evidence, node: Node) -> bool:
    """Return whether a node without a qconfig is what the flow quantizes elsewhere.

    A quantizer was asked once more without its rules. Of qconfigs it is judged by what the operator is: flows that keep
    activations in float, and eager mode, take layers alone.
    """
    chosen = evidence.flow
    if chosen is None or node.id not in evidence.precision.float or evidence.is_told(node):
        return False
    name = function_name(node)
    if chosen.method is Method.WEIGHT_ONLY:
        return name in _low_names(evidence)
    if chosen.mode is Mode.EAGER or chosen.keeps_activations_float:
        is_dynamic_convolution = chosen.method is Method.DYNAMIC and name.startswith("conv")
        return is_layer(name) and not is_dynamic_convolution
    return not name.startswith("embedding")  # of weights alone


def _low_names(evidence: Evidence) -> frozenset[str]:
    if evidence.captured is None:
        return frozenset()
    nodes = evidence.index(evidence.captured).nodes
    before = (each for low in evidence.precision.low for each in evidence.earlier(evidence.captured, low))
    return frozenset(function_name(nodes[each]) for each in before if each in nodes)
