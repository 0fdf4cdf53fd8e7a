"""An operator that is to be quantized, with an input that nothing observes."""

from __future__ import annotations

from collections.abc import Iterator

from qviz.analysis.findings.evidence import Evidence, activations, is_move, is_weighted, origin
from qviz.analysis.findings.rules import finds
from qviz.document.flows import Mode
from qviz.document.graph import COMPUTING, WATCHING, Kind, Node
from qviz.document.query import Index
from qviz.document.snapshot import Finding, Level


@finds("unobserved_input")
def find(evidence: Evidence) -> Iterator[Finding]:
    """Yield each operator of the prepared stage with an observed weight or input, and another input that is not."""
    stage = evidence.prepared
    if stage is None or (evidence.flow is not None and not evidence.flow.fixes_activation_ranges):
        return
    index = evidence.index(stage)
    for node in stage.whole.nodes:
        if node.kind not in COMPUTING or is_move(node) or _stays_float(node):
            continue
        bare = [each.id for each in activations(index, node.id) if _is_bare(index, each)]
        if bare and (_is_observed(index, node) or _is_eager_observed(evidence, index, node)):
            yield Finding(
                rule="unobserved_input",
                level=Level.WARNING,
                stage=stage.name,
                nodes=(node.id, *bare),
                code="unobserved_input",
                roles={"subject": (node.id,), "inputs": tuple(bare)},
            )


def _stays_float(node: Node) -> bool:
    """Tell whether nobody asked for it: the backend has no pattern, or the quantizer did not annotate it."""
    return node.why is not None and node.why.code in ("float.no_pattern", "float.not_annotated", "float.left_by_rule")


def _is_bare(index: Index, giver: Node) -> bool:
    """Return whether a value comes unobserved from an input of the model, or from an operator shared with others."""
    while is_move(giver) and (before := origin(index, giver.id)) is not None and before in index.producers[giver.id]:
        giver = index.nodes[before]
    return giver.kind is Kind.INPUT


def _is_observed(index: Index, node: Node) -> bool:
    return any(index.nodes[each].kind in WATCHING for each in index.producers[node.id])


def _is_eager_observed(evidence: Evidence, index: Index, node: Node) -> bool:
    """Return whether a module is observed behind, as eager mode does it, where a stub stands somewhere else."""
    return (
        evidence.flow is not None
        and evidence.flow.mode is Mode.EAGER
        and is_weighted(node)
        and any(index.nodes[each].kind in WATCHING for each in index.users[node.id])
        and any(each.module_type == "QuantStub" for each in index.nodes.values())
    )
