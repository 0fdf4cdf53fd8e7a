"""A batch norm that still normalizes by the batch in a model that is meant to be used."""

from __future__ import annotations

from collections.abc import Iterator

from qviz.analysis.findings.evidence import Evidence, is_batch_norm
from qviz.analysis.findings.rules import finds
from qviz.document.graph import Node
from qviz.document.snapshot import Finding, Level

_MEAN_AT, _TRAINING_AT = 3, 5
"""The arguments ``running_mean`` and ``training`` of ``aten.batch_norm`` and of ``aten._native_batch_norm_legit``."""


@finds("batch_norm_in_training")
def find(evidence: Evidence) -> Iterator[Finding]:
    """Yield the batch norms of the converted stage that are in training mode."""
    stage = evidence.converted
    found = [node.id for node in stage.whole.nodes if is_batch_norm(node) and _trains(node)] if stage else []
    if stage is not None and found:
        yield Finding(
            rule="batch_norm_in_training",
            level=Level.ERROR,
            stage=stage.name,
            nodes=tuple(found),
            code="batch_norm_in_training",
            roles={"subject": tuple(found)},
        )


def _trains(node: Node) -> bool:
    if node.op == "call_module":
        return node.attributes.get("training") is True
    if node.op == "call_function" and node.target.startswith("aten."):
        is_without = len(node.args) > _MEAN_AT and node.args[_MEAN_AT] is None  # it has no other way to normalize
        return not is_without and len(node.args) > _TRAINING_AT and node.args[_TRAINING_AT] is True
    return node.kwargs.get("training") is True
