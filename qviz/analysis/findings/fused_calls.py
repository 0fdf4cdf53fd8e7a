"""Finds modules that are called several times and were fused for what follows one of the calls."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from qviz.analysis.findings.evidence import Evidence
from qviz.analysis.regions import operator_name
from qviz.document.flows import Mode
from qviz.document.graph import COMPUTING, Json, Node

CAPTURED = "captured"
_FOLDED = "batch_norm_folded_into_shared_convolution"


def fused_calls(evidence: Evidence) -> Iterator[tuple[tuple[str, ...], dict[str, Json]]]:
    """Yield the captured calls that got an operator which the model does not have there, with what to say of them.

    torch.fx replaces the module of one call by a fused one, which every other call of the module then runs as well.
    """
    stages = {each.name: each for each in evidence.snapshot.stages}
    fused, before = stages.get("fused"), stages.get(CAPTURED)
    if fused is None or before is None or evidence.flow is None or evidence.flow.mode is not Mode.FX:
        return
    folded = {each for known in evidence.snapshot.findings if known.rule == _FOLDED for each in known.nodes}
    calls: dict[str, list[Node]] = {}
    for node in fused.graph.nodes:
        if node.op == "call_module" and node.kind in COMPUTING:
            calls.setdefault(node.target, []).append(node)
    nodes = evidence.index(before).nodes
    for module, found in calls.items():
        parts = [[nodes[each] for each in _parts(evidence, node.id) if each in nodes] for node in found]
        if any(each.id in folded for part in parts for each in part):
            continue  # which says the same of a batch norm
        names = [Counter(operator_name(each) for each in part) for part in parts]
        most = max(names, key=Counter.total)
        short = [at for at, each in enumerate(names) if each.total() and most - each]
        if len(found) > 1 and short:
            taken: list[Json] = [*dict.fromkeys(name for at in short for name in (most - names[at]))]
            yield tuple(parts[at][0].id for at in short), {"module": module, "calls": len(found), "taken": taken}


def _parts(evidence: Evidence, node_id: str) -> list[str]:
    """Return the captured operators that a node of the stage Fused stands for."""
    return [*evidence.links.partners("fused", CAPTURED, [node_id])]
