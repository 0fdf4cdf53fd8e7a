"""An operator that was observed for its own sake and runs in float all the same."""

from __future__ import annotations

from collections.abc import Iterator

from qviz.analysis.findings.evidence import Evidence, is_batch_norm, is_move, origin
from qviz.analysis.findings.rules import finds
from qviz.analysis.findings.whole_modules import is_observed_custom
from qviz.analysis.regions import is_reference, operator_name
from qviz.document.flows import Mode
from qviz.document.graph import Json, Kind, Node
from qviz.document.query import Index
from qviz.document.snapshot import Finding, Level, Stage

_DTYPES = ("activation_dtype", "weight_dtype", "listed")
"""What the reason of such a node tells of its qconfig, and which dtype of weights is listed in place of its own."""


@finds("asked_but_float")
def find(evidence: Evidence) -> Iterator[Finding]:
    """Yield one finding for each function that the conversion left so."""
    stage, prepared = evidence.converted, evidence.prepared
    if stage is None or prepared is None or evidence.keeps_casts:
        return
    index = evidence.index(stage)
    yield from _references(evidence, stage, index)
    found: dict[tuple[str, str], list[Node]] = {}
    of_dtypes: dict[tuple[str, ...], list[Node]] = {}
    for node in stage.whole.nodes:
        is_cast = any(index.nodes[each].kind is Kind.DEQUANTIZE for each in index.producers[node.id])
        if node.kind not in (Kind.OP, Kind.FUSED_OP) or not is_cast or is_move(node):
            continue
        if not evidence.asked.intersection(evidence.earlier(prepared, node.id)):
            continue
        if node.why is not None and node.why.code == "float.weight_dtype_not_supported":
            dtypes = tuple(_text(node.why.args.get(each)) for each in _DTYPES)
            of_dtypes.setdefault(dtypes, []).append(node)
            continue
        is_changed = node.why is not None and node.why.code == "float.parametrized"
        code = "asked_but_float.parametrized" if is_changed else _without_kernel(evidence, node)
        found.setdefault((operator_name(node), code), []).append(node)
    for dtypes, nodes in of_dtypes.items():
        yield _of_dtypes(stage, nodes, dict(zip(_DTYPES, dtypes, strict=True)))
    for (name, code), nodes in found.items():
        args: dict[str, Json] = {"operator": name, **({"places": len(nodes)} if len(nodes) > 1 else {})}
        yield _finding(stage, nodes, code, args | (_parametrized(nodes) if code.endswith("parametrized") else {}))


def _without_kernel(evidence: Evidence, node: Node) -> str:
    """Return the code for what convert put nothing in the place of; a flow gives it the configuration of prepare."""
    if is_observed_custom(evidence, node):
        return "asked_but_float.custom"
    if node.why is not None and node.why.code == "float.no_reference_module":
        return "asked_but_float.no_root"
    is_traced = evidence.flow is not None and evidence.flow.mode is Mode.FX
    return "asked_but_float.not_lowered" if is_traced else "asked_but_float"


def _finding(stage: Stage, nodes: list[Node], code: str, args: dict[str, Json]) -> Finding:
    ids = tuple(node.id for node in nodes)
    return Finding("asked_but_float", Level.WARNING, stage.name, ids, code, {"subject": ids}, args)


def _of_dtypes(stage: Stage, nodes: list[Node], dtypes: dict[str, Json]) -> Finding:
    """Return that convert takes no weights of a dtype; in graphs in hand, it may have had another configuration."""
    known = {name: dtype for name, dtype in dtypes.items() if dtype}
    code = "asked_but_float.weight_listed" if "listed" in known else "asked_but_float.weight_unlisted"
    operators: list[Json] = [*dict.fromkeys(operator_name(node) for node in nodes)]
    return _finding(stage, nodes, code, {**known, "operators": operators})


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


def _text(value: Json) -> str:
    return value if isinstance(value, str) else ""


def _listed(value: Json) -> list[Json]:
    return value if isinstance(value, list) else []
