"""An operator that was observed for its own sake and runs in float all the same."""

from __future__ import annotations

from collections.abc import Iterator

from qviz.analysis.findings.evidence import Evidence, is_move
from qviz.analysis.findings.rules import finds
from qviz.analysis.regions import function_name
from qviz.document.graph import Json, Kind, Node
from qviz.document.snapshot import Finding, Level


@finds("asked_but_float")
def find(evidence: Evidence) -> Iterator[Finding]:
    """Yield one finding for each function that the conversion left so."""
    stage, prepared = evidence.converted, evidence.prepared
    if stage is None or prepared is None or evidence.keeps_casts:
        return
    index = evidence.index(stage)
    found: dict[tuple[str, bool], list[Node]] = {}
    for node in stage.whole.nodes:
        is_cast = any(index.nodes[each].kind is Kind.DEQUANTIZE for each in index.producers[node.id])
        if node.kind not in (Kind.OP, Kind.FUSED_OP) or not is_cast or is_move(node):
            continue
        if evidence.asked.intersection(evidence.earlier(prepared, node.id)):
            is_changed = node.why is not None and node.why.code == "float.parametrized"
            found.setdefault((function_name(node), is_changed), []).append(node)
    for (name, is_changed), nodes in found.items():
        ids = tuple(node.id for node in nodes)
        args: dict[str, Json] = {"operator": name, **({"places": len(ids)} if len(ids) > 1 else {})}
        code = "asked_but_float.parametrized" if is_changed else "asked_but_float"
        yield Finding(
            rule="asked_but_float",
            level=Level.WARNING,
            stage=stage.name,
            nodes=ids,
            code=code,
            roles={"subject": ids},
            args=args | (_parametrized(nodes) if is_changed else {}),
        )


def _parametrized(nodes: list[Node]) -> dict[str, Json]:
    """Return what changed the class of layers, and how to take it away again."""
    whys = [(node, node.why) for node in nodes if node.why is not None]
    by = dict.fromkeys(str(name) for _, why in whys for name in _listed(why.args.get("by")))
    removals = [f"({node.target!r}, {name!r})" for node, why in whys for name in _listed(why.args.get("tensors"))]
    return {"by": [*by], "removals": f"[{', '.join(removals)}]"}


def _listed(value: Json) -> list[Json]:
    return value if isinstance(value, list) else []
