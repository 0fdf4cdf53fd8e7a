"""An operator that was observed for its own sake and runs in float all the same."""

from __future__ import annotations

from collections.abc import Iterator

from qviz.analysis.findings.evidence import Evidence, is_batch_norm, is_move, origin
from qviz.analysis.findings.rules import finds
from qviz.analysis.regions import function_name, is_reference
from qviz.document.graph import Json, Kind, Node
from qviz.document.query import Index
from qviz.document.snapshot import Finding, Level, Stage


@finds("asked_but_float")
def find(evidence: Evidence) -> Iterator[Finding]:
    """Yield one finding for each function that the conversion left so."""
    stage, prepared = evidence.converted, evidence.prepared
    if stage is None or prepared is None or evidence.keeps_casts:
        return
    index = evidence.index(stage)
    yield from _references(evidence, stage, index)
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


def _references(evidence: Evidence, stage: Stage, index: Index) -> Iterator[Finding]:
    """Yield one finding for each reference module that convert left: it puts kernels between casts alone."""
    if not any(node.kind is Kind.QUANTIZED_OP and not is_reference(node) for node in stage.whole.nodes):
        return  # a stage of reference modules
    for node in (each for each in stage.whole.nodes if is_reference(each)):
        if any(is_batch_norm(index.nodes[each]) for each in index.users[node.id]):
            continue  # batch_norm_left speaks of both
        given = _given_in_float(index, node)
        reshape = next((each for each in given if each.target == "reshape"), None)
        roles: dict[str, tuple[str, ...]] = {"subject": (node.id,)}
        code = "asked_but_float.reference"
        if reshape is not None:
            code, roles = "asked_but_float.reshape", {**roles, "reshape": (reshape.id,)}
        yield Finding("asked_but_float", Level.WARNING, stage.name, (node.id,), code, roles)


def _given_in_float(index: Index, node: Node) -> list[Node]:
    """Return what stands between an input of the model and a node; nothing where a dequantize does."""
    found: list[Node] = []
    step = origin(index, node.id)
    while step is not None and index.nodes[step].kind is Kind.OP:
        found.append(index.nodes[step])
        step = origin(index, step)
    return found if step is not None and index.nodes[step].kind is Kind.INPUT else []


def _parametrized(nodes: list[Node]) -> dict[str, Json]:
    """Return what changed the class of layers, and how to take it away again."""
    whys = [(node, node.why) for node in nodes if node.why is not None]
    by = dict.fromkeys(str(name) for _, why in whys for name in _listed(why.args.get("by")))
    removals = [f"({node.target!r}, {name!r})" for node, why in whys for name in _listed(why.args.get("tensors"))]
    return {"by": [*by], "removals": f"[{', '.join(removals)}]"}


def _listed(value: Json) -> list[Json]:
    return value if isinstance(value, list) else []
