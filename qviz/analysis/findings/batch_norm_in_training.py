"""A batch norm that still normalizes by the batch in a model that is meant to be used."""

from __future__ import annotations

from collections.abc import Iterator

from qviz.analysis.findings.evidence import Evidence, is_batch_norm, listed
from qviz.document.graph import Node
from qviz.document.kept import kept_finding
from qviz.document.snapshot import Finding, Level

_TRAINING_AT = 5
"""The argument ``training`` of ``aten.batch_norm`` and of ``aten._native_batch_norm_legit``."""


def find(evidence: Evidence) -> Iterator[Finding]:
    """Yield the batch norms of the converted stage that are in training mode."""
    stage = evidence.converted
    found = [node.id for node in stage.graph.nodes if is_batch_norm(node) and _trains(node)] if stage else []
    if stage is not None and found:
        yield kept_finding(
            rule="batch_norm_in_training",
            level=Level.WARNING,
            stage=stage.name,
            nodes=tuple(found),
            message=f"{listed(found)} normalizes by the batch: it is in training mode",
            reason="training is True there, so results depend on what else is in the batch, and the statistics "
            "go on changing",
            hint="Call move_exported_model_to_eval (PT2E) or model.eval() before convert; export a model in eval mode.",
        )


def _trains(node: Node) -> bool:
    if node.op == "call_module":
        return node.attributes.get("training") is True
    if node.op == "call_function" and node.target.startswith("aten."):
        return len(node.args) > _TRAINING_AT and node.args[_TRAINING_AT] is True
    return node.kwargs.get("training") is True
