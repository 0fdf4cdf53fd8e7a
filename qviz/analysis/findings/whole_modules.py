"""Modules with layers inside that torch.fx takes as one operator, so that nothing inside is quantized."""

from __future__ import annotations

from qviz.analysis.findings.evidence import Evidence
from qviz.document.graph import Node


def of_whole(evidence: Evidence, node: Node) -> str | None:
    """Return how the code ends for a module that FX did not trace: by the configuration, or for its class."""
    if node.op != "call_module" or not _has_layers(evidence, node):
        return None
    plan = evidence.snapshot.run.plan
    if plan is None:
        return None
    named = node.target in plan.custom.non_traceable_modules
    of_class = any(_bare(each) == node.module_type for each in plan.custom.non_traceable_classes)
    return "not_traced" if named or of_class else "whole"


def is_observed_custom(evidence: Evidence, node: Node) -> bool:
    """Return whether a module is of a class that the configuration puts in the place of a float one, to be observed."""
    plan = evidence.snapshot.run.plan
    if plan is None or node.op != "call_module":
        return False
    return any(_bare(each) == node.module_type for each in plan.custom.float_to_observed.values())


def _bare(class_: str) -> str:
    return class_.rpartition(":")[2].rpartition(".")[2]


def _has_layers(evidence: Evidence, node: Node) -> bool:
    if evidence.captured is None:
        return False
    facts = evidence.snapshot.facts.get(evidence.captured.name, {})
    known = (facts[each].size for each in evidence.earlier(evidence.captured, node.id) if each in facts)
    return any(size is not None and size.inside for size in known)
