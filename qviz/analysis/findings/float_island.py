"""Operators in float between quantized ones: two casts and a float kernel where integers could go on."""

from __future__ import annotations

from collections.abc import Iterator

from qviz.analysis.findings.evidence import JOINS, Evidence, activations, gives_float, is_move
from qviz.analysis.findings.layer_in_float import cause_of
from qviz.analysis.findings.rules import finds
from qviz.analysis.regions import function_name
from qviz.document.graph import Kind, Node
from qviz.document.query import Index
from qviz.document.snapshot import Finding, Level

_BY_CONFIGURATION = {"float.no_qconfig": "left_out", "float.qconfig_none": "left_out"}
"""Reasons that the user's configuration gives."""
_CHOSEN = frozenset(_BY_CONFIGURATION.values())


@finds("float_island")
def find(evidence: Evidence) -> Iterator[Finding]:
    """Yield one finding for each function that runs so, wherever in the model it does."""
    stage = evidence.converted
    if stage is None or (evidence.flow is not None and evidence.flow.keeps_activations_float):
        return  # what is between their operators is float by design
    index = evidence.index(stage)
    found: dict[tuple[str, str], list[str]] = {}
    for node in stage.whole.nodes:
        if _stays_float(evidence, node) and _comes_from_low(index, node) and _goes_to_low(index, node):
            found.setdefault((function_name(node), _cause(evidence, node)), []).append(node.id)
    for (name, cause), nodes in found.items():
        yield Finding(
            rule="float_island",
            level=Level.INFO if cause in _CHOSEN else Level.WARNING,
            stage=stage.name,
            nodes=tuple(nodes),
            code=f"float_island.{cause}",
            roles={"subject": tuple(nodes)},
            args={"operator": name, **({"places": len(nodes)} if len(nodes) > 1 else {})},
        )


def _cause(evidence: Evidence, node: Node) -> str:
    """Return why an operator stays in float: the configuration wants it so, or the backend cannot."""
    if chosen := sorted(evidence.reasons(node) & _BY_CONFIGURATION.keys()):
        return _BY_CONFIGURATION[chosen[0]]
    return "not_annotated" if evidence.is_exported else "no_pattern"


def _stays_float(evidence: Evidence, node: Node) -> bool:
    runs_a_graph = node.target.startswith("higher_order.")  # float_in_subgraph speaks of what is inside
    if node.kind not in (Kind.OP, Kind.FUSED_OP) or is_move(node) or runs_a_graph:
        return False
    if JOINS.fullmatch(function_name(node)) or not gives_float(node):
        return False  # scales_differ speaks of what joins
    if evidence.is_told(node) or _is_layer(evidence, node):
        return False
    if evidence.keeps_casts:  # all operators stand in float between casts there; what counts is who asked for them
        return _is_unannotated(evidence, node)
    return True


def _is_layer(evidence: Evidence, node: Node) -> bool:
    """Return whether layer_in_float speaks of a node."""
    cause = cause_of(evidence, node)
    return cause is not None and cause.level is not Level.INFO


def _is_unannotated(evidence: Evidence, node: Node) -> bool:
    if evidence.prepared is None or node.attributes.get("annotated"):
        return False
    before = evidence.index(evidence.prepared)
    if node.id not in before.nodes:
        return False
    users = [before.nodes[each] for each in before.users[node.id]]
    is_inside = bool(users) and all(each.kind is Kind.OP and each.id in evidence.asked for each in users)
    return not is_inside


def _comes_from_low(index: Index, node: Node) -> bool:
    given = activations(index, node.id)
    return bool(given) and all(_leads_back(index, each.id) for each in given)


def _leads_back(index: Index, node_id: str) -> bool:
    """Return whether a value comes from a dequantize, past what only moves it and past other float operators."""
    waiting, seen = [node_id], {node_id}
    while waiting:
        here = index.nodes[waiting.pop()]
        if here.kind is Kind.DEQUANTIZE:
            continue
        if here.kind is not Kind.OP or not (given := activations(index, here.id)):
            return False
        for each in given:
            if each.id not in seen:
                seen.add(each.id)
                waiting.append(each.id)
    return True


def _goes_to_low(index: Index, node: Node) -> bool:
    waiting, seen = [node.id], {node.id}
    while waiting:
        for user in index.users[waiting.pop()]:
            if index.nodes[user].kind is Kind.QUANTIZE:
                return True
            if index.nodes[user].kind is Kind.OP and user not in seen:
                seen.add(user)
                waiting.append(user)
    return False
