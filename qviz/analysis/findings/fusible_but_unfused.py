"""A relu that computes apart from the quantized convolution or linear before it."""

from __future__ import annotations

from collections.abc import Iterator

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


def _finding(evidence: Evidence, index: Index, node: Node, producer: str) -> Finding:
    stage = evidence.converted
    assert stage is not None
    before = evidence.captured
    graph = evidence.index(before) if before is not None else index
    host = next(iter(evidence.earlier(before, producer)), producer)
    own = next(iter(evidence.earlier(before, node.id)), node.id)
    roles: dict[str, tuple[str, ...]] = {"subject": (node.id,), "producer": (producer,), "host": (host,)}
    args: dict[str, Json] = {}
    level = Level.WARNING
    calls = [each for each in graph.nodes.values() if each.op == "call_module" and each.target in _targets(graph, own)]
    readers = [each for each in graph.users.get(host, ()) if each != own]
    norms = [each for each in readers if _leads_to(graph, each, own)]
    if others := tuple(each for each in readers if each not in norms):
        level, code, roles["readers"] = Level.INFO, "fusible_but_unfused.read_elsewhere", others
    elif norms and not evidence.is_exported and function_name(graph.nodes[host]) == "linear":
        level, code, roles["norm"] = Level.INFO, "fusible_but_unfused.behind_batch_norm", tuple(norms)
    elif node.target in ("torch.relu", "relu") and node.op != "call_module" and not evidence.is_exported:
        code, args["operator"] = "fusible_but_unfused.no_pattern", node.target
    elif len(calls) > 1:
        code, args = "fusible_but_unfused.called_several_times", {"module": calls[0].target, "calls": len(calls)}
    elif sharing := _sharing_parameter(evidence, graph, host):
        code, roles["readers"] = "fusible_but_unfused.parameter_taken", sharing
    else:
        code = f"fusible_but_unfused.{_unmatched(evidence, node)}"
        args = _unlisted(evidence, node)
    return Finding("fusible_but_unfused", level, stage.name, (node.id, producer), code, roles, args)


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


def _unmatched(evidence: Evidence, node: Node) -> str:
    """Return the variant of the reason for a pattern that the flow might have matched."""
    if evidence.is_exported:
        return "not_annotated" if "float.not_annotated" in evidence.reasons(node) else "not_one_annotation"
    if _unlisted(evidence, node):
        return "not_listed"
    is_eager = evidence.flow is not None and evidence.flow.mode is Mode.EAGER
    return "not_one_pattern" if is_eager else "not_one_qconfig"


def _targets(graph: Index, own: str) -> frozenset[str]:
    node = graph.nodes.get(own)
    return frozenset({node.target} if node is not None and node.op == "call_module" else ())
