"""A relu that computes apart from the quantized convolution or linear before it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

from qviz.analysis.findings.evidence import Evidence, is_batch_norm, is_weighted, origin
from qviz.analysis.findings.rules import finds
from qviz.analysis.regions import function_name
from qviz.document.flows import Mode
from qviz.document.graph import CASTING, Json, Kind, Node
from qviz.document.query import Index
from qviz.document.snapshot import Finding, Level


@finds("fusible_but_unfused")
def find(evidence: Evidence) -> Iterator[Finding]:
    """Yield each relu that stands right behind a quantized convolution or linear and is not part of it."""
    stage = evidence.converted
    has_fused = any(each.name == "fused" for each in evidence.snapshot.stages)
    if stage is None or not (has_fused or evidence.is_exported):
        return  # flows that only swap types fuse nothing
    index = evidence.index(stage)
    for node in stage.whole.nodes:
        if node.kind not in (Kind.OP, Kind.QUANTIZED_OP) or function_name(node) != "relu":
            continue
        producer = origin(index, node.id, CASTING)
        while producer is not None and function_name(index.nodes[producer]) == "identity":  # what eager fusion leaves
            producer = origin(index, producer, CASTING)
        if producer is None or not _is_fusible(evidence, index.nodes[producer]) or not _apart(index, node, producer):
            continue
        yield _finding(evidence, index, node, producer)


def _is_fusible(evidence: Evidence, producer: Node) -> bool:
    """Return whether the flow has a pattern with a relu; only PT2E has one of a transposed convolution."""
    return is_weighted(producer) and (evidence.is_exported or "transpose" not in function_name(producer))


def _apart(index: Index, node: Node, producer: str) -> bool:
    """Return whether they are two operators: one of them quantized by itself, or a cast between them."""
    return index.nodes[producer].kind is Kind.QUANTIZED_OP or producer not in index.producers[node.id]


class _Pair(NamedTuple):
    """A relu and what gives its input, in the graph that fusion saw.

    Attributes:
        node: The relu, in the converted stage.
        host: What gives its input, in the captured stage where there is one.
        own: The relu there.
        others: What reads the host beside the relu.
    """

    evidence: Evidence
    graph: Index
    node: Node
    host: str
    own: str
    others: tuple[str, ...]


class _Unfused(NamedTuple):
    """Why a pair is not fused."""

    code: str
    level: Level = Level.WARNING
    roles: Mapping[str, tuple[str, ...]] = {}
    args: Mapping[str, Json] = {}


def _finding(evidence: Evidence, index: Index, node: Node, producer: str) -> Finding:
    stage = evidence.converted
    assert stage is not None
    before = evidence.captured
    graph = evidence.index(before) if before is not None else index
    host = next(iter(evidence.earlier(before, producer)), producer)
    own = next(iter(evidence.earlier(before, node.id)), node.id)
    others = tuple(each for each in graph.users.get(host, ()) if each != own)
    pair = _Pair(evidence, graph, node, host, own, others)
    why = next((found for case in _CASES if (found := case(pair)) is not None), None) or _unmatched(pair)
    roles = {"subject": (node.id,), "producer": (producer,), "host": (host,), **why.roles}
    code, nodes = f"fusible_but_unfused.{why.code}", (node.id, producer)
    return Finding("fusible_but_unfused", why.level, stage.name, nodes, code, roles, {**why.args})


def _read_elsewhere(pair: _Pair) -> _Unfused | None:
    others = tuple(each for each in pair.others if not _leads_to(pair.graph, each, pair.own))
    return _Unfused("read_elsewhere", Level.INFO, {"readers": others}) if others else None


def _behind_batch_norm(pair: _Pair) -> _Unfused | None:
    if not pair.others or pair.evidence.is_exported or function_name(pair.graph.nodes[pair.host]) != "linear":
        return None
    return _Unfused("behind_batch_norm", Level.INFO, {"norm": pair.others})


def _no_pattern(pair: _Pair) -> _Unfused | None:
    is_function = pair.node.target in ("torch.relu", "relu") and pair.node.op != "call_module"
    if not is_function or pair.evidence.is_exported:
        return None
    return _Unfused("no_pattern", args={"operator": pair.node.target})


def _called_several_times(pair: _Pair) -> _Unfused | None:
    targets = _targets(pair.graph, pair.own)
    calls = [each for each in pair.graph.nodes.values() if each.op == "call_module" and each.target in targets]
    if len(calls) <= 1:
        return None
    return _Unfused("called_several_times", args={"module": calls[0].target, "calls": len(calls)})


def _parameter_taken(pair: _Pair) -> _Unfused | None:
    sharing = _sharing_parameter(pair.evidence, pair.graph, pair.host)
    return _Unfused("parameter_taken", roles={"readers": sharing}) if sharing else None


def _leads_to(graph: Index, norm: str, own: str) -> bool:
    """Return whether what reads the host is a batch norm that stands before the relu: it was folded."""
    return is_batch_norm(graph.nodes[norm]) and own in graph.users[norm]


def _sharing_parameter(evidence: Evidence, graph: Index, host: str) -> tuple[str, ...]:
    """Return the operators of the same kind that read a parameter of one, of which XNNPACKQuantizer fuses the first."""
    if host not in graph.nodes or evidence.snapshot.run.config.get("quantizer") != "xnnpack":
        return ()
    held = (each for each in graph.producers[host] if graph.nodes[each].kind is Kind.CONSTANT)
    users = (user for each in held for user in graph.users[each])
    target = graph.nodes[host].target
    return tuple(dict.fromkeys(each for each in users if each != host and graph.nodes[each].target == target))


def _unlisted(evidence: Evidence, node: Node) -> dict[str, Json]:
    """Return the types of a pair that the backend configuration does not fuse, by the reason of the stage Fused."""
    fused = next((each for each in evidence.snapshot.stages if each.name == "fused"), None)
    nodes = evidence.index(fused).nodes if fused is not None else {}
    whys = (nodes[each].why for each in evidence.earlier(fused, node.id) if each in nodes)
    found = (why.args for why in whys if why is not None and why.code == "not_fused.no_pattern")
    return next(({key: args[key] for key in ("operator", "other") if args.get(key)} for args in found), {})


def _unmatched(pair: _Pair) -> _Unfused:
    """Return the variant of the reason for a pattern that the flow might have matched."""
    evidence, unlisted = pair.evidence, _unlisted(pair.evidence, pair.node)
    if evidence.is_exported:
        is_annotated = "float.not_annotated" not in evidence.reasons(pair.node)
        return _Unfused("not_one_annotation" if is_annotated else "not_annotated", args=unlisted)
    if unlisted:
        return _Unfused("not_listed", args=unlisted)
    is_eager = evidence.flow is not None and evidence.flow.mode is Mode.EAGER
    return _Unfused("not_one_pattern" if is_eager else "not_one_qconfig")


def _targets(graph: Index, own: str) -> frozenset[str]:
    node = graph.nodes.get(own)
    return frozenset({node.target} if node is not None and node.op == "call_module" else ())


_CASES: tuple[Callable[[_Pair], _Unfused | None], ...] = (
    _read_elsewhere,
    _behind_batch_norm,
    _no_pattern,
    _called_several_times,
    _parameter_taken,
)
"""The first that holds is told."""
