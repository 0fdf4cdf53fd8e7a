"""Operators in float between quantized ones: two casts and a float kernel where integers could go on."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from qviz.analysis.findings.evidence import Evidence, activations, gives_float, is_move
from qviz.analysis.findings.layer_in_float import cause_of
from qviz.analysis.findings.other_forms import OtherForms, as_args, other_forms
from qviz.analysis.findings.rules import finds
from qviz.analysis.regions import function_name, operator_name
from qviz.document.flows import Mode
from qviz.document.graph import Json, Kind, Node
from qviz.document.plan import QUANTIZERS
from qviz.document.query import Index
from qviz.document.snapshot import Finding, Level

_CHOSEN = {"float.no_qconfig": "left_out", "float.qconfig_none": "left_out", "float.left_by_rule": "left_by_rule"}
"""Reasons that the user's configuration gives, and how the finding's code ends for each."""
_CASTS = re.compile(r"float|to|_to_copy|type|type_as|_to")


class _IslandCause(NamedTuple):
    """What keeps an operator in float, and the level: a warning where the plan, or the model, can change it for good.

    Attributes:
        code: How the finding's code ends.
        others: Other forms of the operator.
    """

    code: str
    level: Level = Level.INFO
    others: OtherForms | None = None


@finds("float_island")
def find(evidence: Evidence) -> Iterator[Finding]:
    """Yield one finding for each function that runs so, wherever in the model it does."""
    stage = evidence.converted
    if stage is None or (evidence.flow is not None and evidence.flow.keeps_activations_float):
        return  # what is between their operators is float by design
    index = evidence.index(stage)
    found: dict[tuple[str, _IslandCause], list[str]] = {}
    for node in stage.whole.nodes:
        if _stays_float(evidence, node) and _comes_from_low(index, node) and _goes_to_low(index, node):
            found.setdefault((operator_name(node), _cause(evidence, index, node)), []).append(node.id)
    for (name, cause), nodes in found.items():
        args: dict[str, Json] = {"operator": name, **({"places": len(nodes)} if len(nodes) > 1 else {})}
        yield Finding(
            rule="float_island",
            level=cause.level,
            stage=stage.name,
            nodes=tuple(nodes),
            code=f"float_island.{cause.code}",
            roles={"subject": tuple(nodes)},
            args=args | as_args([cause.others]),
        )


def _cause(evidence: Evidence, index: Index, node: Node) -> _IslandCause:
    """Return why an operator stays in float: the configuration wants it so, or the backend cannot."""
    whys = {why.code: why for why in evidence.whys(node)}
    if chosen := [code for why, code in _CHOSEN.items() if why in whys]:
        return _IslandCause(chosen[0])
    if _casts_to_its_own(index, node):
        return _IslandCause("needless_cast", Level.WARNING if _stands_alone(index, node) else Level.INFO)
    if evidence.is_exported:
        is_own = evidence.flow is not None and evidence.snapshot.run.config.get("quantizer") not in QUANTIZERS
        return _IslandCause("not_annotated_by_own", Level.WARNING) if is_own else _IslandCause("not_annotated")
    if evidence.flow is not None and evidence.flow.mode is Mode.EAGER:
        return _IslandCause("between_stubs")
    if "float.no_pattern" not in whys:  # of a graph that does not tell, nothing is known
        return _IslandCause("no_pattern", Level.WARNING)
    others = other_forms(evidence, node)
    return _IslandCause("other_form" if others else "no_pattern", others=others)


def _casts_to_its_own(index: Index, node: Node) -> bool:
    """Return whether a node casts to the dtype that its input has."""
    if _CASTS.fullmatch(function_name(node)) is None or not (given := activations(index, node.id)):
        return False
    before, after = ({value.dtype for value in each.values} for each in (given[0], node))
    return len(before) == 1 and before == after


def _stands_alone(index: Index, node: Node) -> bool:
    """Return whether the casts around a node are there for it alone."""
    users = [index.nodes[each] for each in index.users[node.id]]
    given = [index.nodes[each] for each in index.producers[node.id]][:1]
    is_from_low = all(each.kind is Kind.DEQUANTIZE for each in given)
    return is_from_low and all(each.kind is Kind.QUANTIZE for each in users)


def _stays_float(evidence: Evidence, node: Node) -> bool:
    runs_a_graph = node.target.startswith("higher_order.")  # float_in_subgraph speaks of what is inside
    if node.kind not in (Kind.OP, Kind.FUSED_OP) or is_move(node) or runs_a_graph:
        return False
    if evidence.joins(node) or not gives_float(node):
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
