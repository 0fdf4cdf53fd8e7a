"""A weight that depends on the input: no quantize of it can become integers, so each call quantizes it anew."""

from __future__ import annotations

from collections.abc import Iterator

from qviz.analysis.findings.evidence import Evidence, is_weighted
from qviz.analysis.findings.rules import finds
from qviz.analysis.regions import function_name
from qviz.document.graph import CASTING, Kind, Node
from qviz.document.query import Index
from qviz.document.snapshot import Finding, Level

_WEIGHT_AT = 1
"""Where convolutions and linears of ATen take their weight."""


@finds("weight_not_folded")
def find(evidence: Evidence) -> Iterator[Finding]:
    """Yield the operators of a converted exported graph whose quantized weight is computed by the graph."""
    stage = evidence.converted
    if stage is None or not evidence.is_exported:
        return
    index = evidence.index(stage)
    for node in stage.whole.nodes:
        sources = _sources(index, node)
        if sources:
            roles = {"subject": (node.id,), "source": sources}
            yield Finding("weight_not_folded", Level.WARNING, stage.name, (node.id,), "weight_not_folded", roles)


def _sources(index: Index, node: Node) -> tuple[str, ...]:
    """Return what the quantized weight of an operator is computed from beside constants; nothing if it is constant."""
    is_layer = is_weighted(node) and function_name(node) != "addmm" and node.target.startswith("aten.")
    given = node.args[_WEIGHT_AT] if is_layer and len(node.args) > _WEIGHT_AT else None
    held = index.nodes.get(str(given["node"])) if isinstance(given, dict) and "node" in given else None
    if held is None or held.kind is not Kind.DEQUANTIZE:
        return ()
    found: list[str] = []
    waiting, seen = [held.id], {held.id}
    while waiting:
        here = index.nodes[waiting.pop()]
        before = index.producers[here.id]
        if not before and here.kind not in (Kind.CONSTANT, *CASTING):
            found.append(here.id)
        waiting += [each for each in before if each not in seen]
        seen.update(before)
    return tuple(each for each in index.nodes if each in set(found))
