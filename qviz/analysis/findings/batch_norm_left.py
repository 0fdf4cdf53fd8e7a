"""A batch norm that no step folded into the operator before it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from qviz.analysis.findings.evidence import Evidence, gives_float, is_batch_norm, is_weighted, origin
from qviz.analysis.findings.rules import finds
from qviz.analysis.regions import function_name, operator_name
from qviz.document.flows import Mode
from qviz.document.graph import CASTING, COMPUTING, WATCHING, Json, Kind, Node
from qviz.document.query import Index
from qviz.document.snapshot import Finding, Level, Stage

_PASSED = WATCHING | CASTING
"""What may stand between a convolution and its batch norm, and computes nothing."""
_WITH_RELU = re.compile(r"bnrelu[23]d")
_IN_ORDER = ("batch_norm_left.taken_with_relu",)
"""Causes that are good to know: the batch norm runs in low precision, as one operator more."""
_HANDS_ON = re.compile(r"identity|((feature_)?alpha_)?dropout([123]d)?")
"""Operators of the model that compute nothing either, and part what a pattern would join."""


@finds("batch_norm_left")
def find(evidence: Evidence) -> Iterator[Finding]:
    """Yield each batch norm of the last stage that stands behind a convolution, a linear or another batch norm."""
    stages = {stage.name: stage for stage in evidence.snapshot.stages}
    last = evidence.converted or stages.get("fused")
    if last is None or (evidence.flow is not None and "fused" not in stages and not evidence.is_exported):
        return  # flows that only swap types fuse nothing
    for node in last.whole.nodes:
        if is_batch_norm(node) or _is_fused_with_relu(node):
            yield _finding(evidence, last, node)


def _finding(evidence: Evidence, last: Stage, node: Node) -> Finding:
    before = evidence.captured or last
    names = (node.id, *evidence.earlier(before, node.id))
    found = next((each for each in names if each in evidence.index(before).nodes), None)
    if found is None:  # the move to eval mode made it anew
        before, found = last, node.id
    cause = _of_class(evidence, names) or _cause(evidence.index(before), found)
    if cause is not None and cause.code == "batch_norm_left.flow_folded_nothing":
        if _is_listed(evidence):
            cause = _LeftCause("batch_norm_left.not_listed", cause.roles)
        elif _is_fused_with_relu(node):
            cause = _LeftCause("batch_norm_left.taken_with_relu", cause.roles)
    runs_in_float = gives_float(node) and evidence.converted is last
    return Finding(
        rule="batch_norm_left",
        level=Level.WARNING if cause and cause.code not in _IN_ORDER else Level.INFO,
        stage=last.name,
        nodes=(node.id,),
        code=cause.code if cause else "batch_norm_left.nothing_before",
        roles={"subject": (node.id,), **(cause.roles if cause else {})},
        args={**(cause.args if cause else {}), **({"precision": "float"} if runs_in_float else {})},
    )


def _is_fused_with_relu(node: Node) -> bool:
    """Return whether a node is a batch norm and a relu in one: no convolution took them."""
    return node.kind in COMPUTING and _WITH_RELU.fullmatch(function_name(node)) is not None


def _is_listed(evidence: Evidence) -> bool:
    """Return whether the user's list says what is fused."""
    plan = evidence.snapshot.run.plan
    is_eager = evidence.flow is not None and evidence.flow.mode is Mode.EAGER
    return is_eager and plan is not None and plan.fuse_list is not None


class _LeftCause(NamedTuple):
    """Why a batch norm was left; its nodes are of the captured graph."""

    code: str
    roles: dict[str, tuple[str, ...]]
    args: dict[str, Json] = {}  # noqa: RUF012 - never changed


def _of_class(evidence: Evidence, names: tuple[str, ...]) -> _LeftCause | None:
    """Return that patterns list another class, as the engine found where it fused."""
    fused = next((stage for stage in evidence.snapshot.stages if stage.name == "fused"), None)
    nodes = evidence.index(fused).nodes if fused is not None else {}
    for why in (nodes[each].why for each in names if each in nodes):
        if why is not None and why.code == "not_fused.exact_type":
            roles = {"producer": tuple(why.roles["producer"])}
            return _LeftCause("batch_norm_left.exact_type", roles, {key: why.args[key] for key in ("type", "base")})
    return None


def _cause(index: Index, node_id: str) -> _LeftCause | None:
    """Return the cause by what stood before it in the captured graph; None where nothing could have been done."""
    producer = origin(index, node_id, _PASSED)
    between: list[str] = []
    while producer is not None and _hands_on(index.nodes[producer]):
        between.append(producer)
        producer = origin(index, producer, _PASSED)
    before = index.nodes[producer] if producer is not None else None
    if producer is None or before is None or not (is_weighted(before) or is_batch_norm(before)):
        return None
    roles: dict[str, tuple[str, ...]] = {"producer": (producer,)}
    if between:
        is_folded = is_weighted(before) and all(len(index.users[each]) == 1 for each in (producer, *between))
        return (
            _LeftCause("batch_norm_left.operator_between", {**roles, "between": tuple(between)}) if is_folded else None
        )
    if is_batch_norm(before):
        return _LeftCause("batch_norm_left.second_in_a_row", roles)
    others = tuple(each for each in _readers(index, producer) if each != node_id)
    if others:
        return _LeftCause("batch_norm_left.read_elsewhere", {**roles, "readers": others})
    for each in (before, index.nodes[node_id]):
        if _is_shared(index, each):
            return _LeftCause("batch_norm_left.called_several_times", roles, {"module": each.module_path or each.id})
    return _by_pattern(index.nodes[node_id], before, roles)


def _readers(index: Index, producer: str) -> list[str]:
    """Return what reads a value, past observers and casts."""
    found: list[str] = []
    for each in index.users[producer]:
        found += _readers(index, each) if index.nodes[each].kind in _PASSED else [each]
    return [*dict.fromkeys(found)]


def _hands_on(node: Node) -> bool:
    """Return whether an operator gives what it gets, as one that was put there for nothing: in eval mode at least."""
    return node.kind is Kind.OP and _HANDS_ON.fullmatch(function_name(node)) is not None


def _by_pattern(node: Node, before: Node, roles: dict[str, tuple[str, ...]]) -> _LeftCause:
    """Return why a batch norm right behind what nobody else reads was left."""
    are_modules = node.op == before.op == "call_module"
    if not are_modules and not before.target.startswith("aten."):
        return _LeftCause("batch_norm_left.function", roles)
    if function_name(before) in ("linear", "addmm"):
        return _LeftCause("batch_norm_left.no_pattern", roles, {"operator": operator_name(before)})
    if before.target.startswith("aten.conv") and before.target.endswith(".padding"):
        return _LeftCause("batch_norm_left.padding", roles, {"operator": operator_name(before)})
    return _LeftCause("batch_norm_left.flow_folded_nothing", roles)


def _is_shared(index: Index, node: Node) -> bool:
    calls = [each for each in index.nodes.values() if each.op == "call_module" and each.target == node.target]
    return len(calls) > 1
