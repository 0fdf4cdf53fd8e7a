"""Finds hooks on modules that fusion folds into one: they are lost, or get what the batch norm gives."""

from __future__ import annotations

from collections.abc import Iterator

from qviz.analysis.findings.evidence import Evidence
from qviz.analysis.regions import operator_name
from qviz.document.flows import Mode
from qviz.document.graph import COMPUTING, Json, Node

CAPTURED = "captured"


def fused_hooks(evidence: Evidence) -> Iterator[tuple[tuple[str, ...], dict[str, Json]]]:
    """Yield the captured modules whose hooks do not survive that a batch norm is folded, with what to say of them.

    FX drops every hook of the batch norm. The forward hooks of the layer before it stay on the folded layer. Its pre
    hooks stay as they are, and so do hooks of a ReLU.
    """
    hooked = evidence.snapshot.run.config.get("hooked_modules")
    stages = {each.name: each for each in evidence.snapshot.stages}
    fused, before = stages.get("fused"), stages.get(CAPTURED)
    if not isinstance(hooked, dict) or fused is None or before is None:
        return
    if evidence.flow is None or evidence.flow.mode is not Mode.FX:
        return
    nodes = evidence.index(before).nodes
    for node in fused.graph.nodes:
        if node.op != "call_module" or node.kind not in COMPUTING:
            continue
        partners = evidence.links.partners("fused", CAPTURED, [node.id])
        parts = [each for each in before.graph.nodes if each.id in {*partners} and nodes[each.id].op == "call_module"]
        norms = [at for at, each in enumerate(parts) if at and "BatchNorm" in operator_name(each)]
        if not norms:
            continue
        for at, part in enumerate(parts[: norms[-1] + 1]):
            lost = _lost(hooked.get(part.target), is_first=at == 0)
            if lost:
                told: dict[str, Json] = {"module": part.target, "hooks": lost, "fused": _names(parts)}
                yield (part.id,), told


def _lost(kinds: Json, is_first: bool) -> list[Json]:
    """Return which kinds of hooks of a part are lost or moved."""
    if not isinstance(kinds, list):
        return []
    return [kind for kind in kinds if not (is_first and kind == "forward pre-hook")]


def _names(parts: list[Node]) -> list[Json]:
    return [operator_name(each) for each in parts]
