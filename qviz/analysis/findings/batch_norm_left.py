"""A batch norm that no step folded into the operator before it."""

from __future__ import annotations

from collections.abc import Iterator

from qviz.analysis.findings.evidence import Evidence, gives_float, is_batch_norm, is_weighted, origin
from qviz.analysis.regions import function_name
from qviz.document.graph import WATCHING, Node
from qviz.document.kept import kept_finding
from qviz.document.query import Index
from qviz.document.snapshot import Finding, Level, Stage


def find(evidence: Evidence) -> Iterator[Finding]:
    """Yield each batch norm of the last stage that stands behind a convolution, a linear or another batch norm."""
    stages = {stage.name: stage for stage in evidence.snapshot.stages}
    last = evidence.converted or stages.get("fused")
    if last is None or (evidence.flow is not None and "fused" not in stages and not evidence.is_exported):
        return  # flows that only swap types fuse nothing
    for node in last.graph.nodes:
        if is_batch_norm(node):
            yield _finding(evidence, last, node)


def _finding(evidence: Evidence, last: Stage, node: Node) -> Finding:
    before = evidence.captured or last
    names = (node.id, *evidence.earlier(before, node.id))
    found = next((each for each in names if each in evidence.index(before).nodes), None)
    cause = _cause(evidence.index(before), found) if found is not None else None
    reason, hint = cause or (
        "no convolution or linear stands right before it, so there is nothing that it could fold into",
        "Nothing has to be done: it runs as an operator of its own.",
    )
    return kept_finding(
        rule="batch_norm_left",
        level=Level.WARNING if cause else Level.INFO,
        stage=last.name,
        nodes=(node.id,),
        message=f"the batch norm {node.id} was not folded"
        + ("; it runs in float" if gives_float(node) and evidence.converted is last else ""),
        reason=reason,
        hint=hint,
    )


def _cause(index: Index, node_id: str) -> tuple[str, str] | None:
    """Return why, by what stood before it in the captured graph; None where nothing could have been done."""
    producer = origin(index, node_id, WATCHING)
    before = index.nodes[producer] if producer is not None else None
    if producer is None or before is None or not (is_weighted(before) or is_batch_norm(before)):
        return None
    if is_batch_norm(before):
        return (
            f"it is the second one in a row, behind {producer}, and torch folds one into a convolution",
            "Merge the two, or take the second one out: together they are one scale and one shift.",
        )
    others = [each for each in index.users[producer] if each != node_id]
    if others:
        return (
            f"the output of {producer} is also read by {', '.join(others)}, who would see it normalized",
            "Give the other reader a convolution of its own, or let it read behind the batch norm.",
        )
    if _is_shared(index, before):
        return (
            f"{before.module_path or producer} is called several times, and only one batch norm could fold into it",
            "Make a module for each call.",
        )
    return _by_pattern(index.nodes[node_id], before)


def _by_pattern(node: Node, before: Node) -> tuple[str, str]:
    """Return why a batch norm right behind what nobody else reads was left."""
    producer = before.id
    if node.op != "call_module" and before.op == "call_module":
        return (
            f"it is a function behind the module {producer}, which is no pattern to fuse",
            "Use nn.BatchNorm in the place of the function.",
        )
    if function_name(before) in ("linear", "addmm"):
        return (
            f"the pattern {function_name(before)}, batch norm is not in this flow's list",
            "Fold it by hand with torch.nn.utils.fusion.fuse_linear_bn_eval before quantizing.",
        )
    return (
        f"it stands behind {producer}, and the flow folded nothing there",
        "See that both are modules in eval mode, next to each other, and with the same qconfig or annotation.",
    )


def _is_shared(index: Index, node: Node) -> bool:
    calls = [each for each in index.nodes.values() if each.op == "call_module" and each.target == node.target]
    return len(calls) > 1
