"""A relu that computes apart from the quantized convolution or linear before it."""

from __future__ import annotations

from collections.abc import Iterator

from qviz.analysis.findings.evidence import Evidence, is_weighted, origin
from qviz.analysis.regions import function_name
from qviz.document.graph import CASTING, Kind, Node
from qviz.document.kept import kept_finding
from qviz.document.query import Index
from qviz.document.snapshot import Finding, Level


def find(evidence: Evidence) -> Iterator[Finding]:
    """Yield each relu that stands right behind a quantized convolution or linear and is not part of it."""
    stage = evidence.converted
    has_fused = any(each.name == "fused" for each in evidence.snapshot.stages)
    if stage is None or not (has_fused or evidence.is_exported):
        return  # flows that only swap types fuse nothing
    index = evidence.index(stage)
    for node in stage.graph.nodes:
        if node.kind not in (Kind.OP, Kind.QUANTIZED_OP) or function_name(node) != "relu":
            continue
        producer = origin(index, node.id, CASTING)
        if producer is None or not is_weighted(index.nodes[producer]) or not _apart(index, node, producer):
            continue
        yield _finding(evidence, index, node, producer)


def _apart(index: Index, node: Node, producer: str) -> bool:
    """Return whether they are two operators: one of them quantized by itself, or a cast between them."""
    return index.nodes[producer].kind is Kind.QUANTIZED_OP or producer not in index.producers[node.id]


def _finding(evidence: Evidence, index: Index, node: Node, producer: str) -> Finding:
    level, reason, hint = _cause(evidence, index, node, producer)
    stage = evidence.converted
    assert stage is not None
    return kept_finding(
        rule="fusible_but_unfused",
        level=level,
        stage=stage.name,
        nodes=(node.id, producer),
        message=f"{node.id} was not fused into {producer}",
        reason=reason,
        hint=hint,
    )


def _cause(evidence: Evidence, index: Index, node: Node, producer: str) -> tuple[Level, str, str]:
    before = evidence.captured
    graph = evidence.index(before) if before is not None else index
    host = next(iter(evidence.earlier(before, producer)), producer)
    own = next(iter(evidence.earlier(before, node.id)), node.id)
    others = [each for each in graph.users.get(host, ()) if each != own]
    if others:
        return (
            Level.INFO,
            f"the output of {host} is also read by {', '.join(others)}, which needs it before the relu",
            "Let the other reader read behind the relu, if the model allows it.",
        )
    if node.target in ("torch.relu", "relu") and node.op != "call_module" and not evidence.is_exported:
        return (
            Level.WARNING,
            f"{node.target} is in no fusion pattern of the backend; torch.nn.ReLU and torch.nn.functional.relu are",
            "Use nn.ReLU or torch.nn.functional.relu in its place.",
        )
    calls = [each for each in graph.nodes.values() if each.op == "call_module" and each.target in _targets(graph, own)]
    if len(calls) > 1:
        return (
            Level.WARNING,
            f"{calls[0].target} is called {len(calls)} times; fused into one convolution it would be gone for the rest",
            "Make a module for each call.",
        )
    return (
        Level.WARNING,
        "the flow did not take them as one pattern: the list to fuse lacks them, or their qconfigs differ",
        "Add both to the list to fuse, with one qconfig for both.",
    )


def _targets(graph: Index, own: str) -> frozenset[str]:
    node = graph.nodes.get(own)
    return frozenset({node.target} if node is not None and node.op == "call_module" else ())
