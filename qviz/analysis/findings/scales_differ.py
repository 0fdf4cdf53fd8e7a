"""An operator that moves or joins integers as they are, with unlike scales around it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from qviz.analysis.findings.evidence import Evidence, is_move, look_alike, origin, qparams_statement, same_qparams
from qviz.analysis.findings.other_forms import as_args, other_forms
from qviz.analysis.findings.rules import finds
from qviz.analysis.regions import function_name
from qviz.document.graph import CASTING, WATCHING, Kind, Node, QParams
from qviz.document.query import Index
from qviz.document.snapshot import Finding, Level

_DROPS = re.compile(r"((feature_)?alpha_)?dropout[123]?d?")
_PICKS = re.compile(r"(adaptive_)?max_?pool[123]d")


@finds("scales_differ")
def find(evidence: Evidence) -> Iterator[Finding]:
    """Yield each cat, slice, max pool, and what is annotated to share a range, with unlike scales around it."""
    stage = evidence.converted
    if stage is None:
        return
    index = evidence.index(stage)
    sharing = _sharing(evidence)
    for node in stage.whole.nodes:
        is_asked = is_move(node) or evidence.joins(node) or _PICKS.fullmatch(function_name(node)) is not None
        if node.kind is Kind.OP and (is_asked or node.id in sharing):
            known = _around(index, node)
            if not is_asked:
                known = [each for each in known if _source(index, node, each[0]) in sharing[node.id]]
            unlike = next((each for each in known[1:] if not same_qparams(known[0][1], each[1])), None)
            if unlike is not None:
                is_chain = any(_past_moves(index, each).id != each for each in index.producers[node.id])
                yield _finding(evidence, stage.name, node, known[0], unlike, is_chain)


def _sharing(evidence: Evidence) -> dict[str, set[str]]:
    """Return, for nodes whose annotation asks for one range, whose values share it: inputs of an add may, alone."""
    found: dict[str, set[str]] = {}
    for node in evidence.prepared.whole.nodes if evidence.prepared is not None else ():
        roles = node.why.roles if node.kind in WATCHING and node.why is not None else {}
        for asking in roles.get("shares_range", ()):
            found.setdefault(asking, set()).update((*roles.get("subject", ()), *roles.get("shares_with", ())))
    return found


def _source(index: Index, node: Node, cast: str) -> str:
    """Return whose value a cast before or behind an operator is for."""
    if cast in index.users[node.id]:
        return node.id
    return origin(index, cast, CASTING) or cast


def _around(index: Index, node: Node) -> list[tuple[str, QParams]]:
    """Return the casts before and behind an operator; empty where one of them is missing."""
    found: list[tuple[str, QParams]] = []
    for each in (_past_moves(index, i) for i in index.producers[node.id]):
        quant = each.quant
        params = quant.input if quant is not None and each.kind is Kind.DEQUANTIZE else None
        if params is None or params.scale is None:
            return []
        found.append((each.id, params))
    for each in (index.nodes[i] for i in index.users[node.id]):
        params = each.quant.output if each.quant is not None and each.kind is Kind.QUANTIZE else None
        if params is not None and params.scale is not None:
            found.append((each.id, params))
    return found


def _past_moves(index: Index, node_id: str) -> Node:
    """Return what gives a value, past moves that nothing is quantized between: of x[:, :4] export makes two.

    That is how quantizers of torch leave it, which is good to know where another backend is to take the graph.
    """
    node = index.nodes[node_id]
    while is_move(node) and len(index.producers[node.id]) == 1:
        node = index.nodes[index.producers[node.id][0]]
    return node


def _finding(
    evidence: Evidence,
    stage: str,
    node: Node,
    one: tuple[str, QParams],
    other: tuple[str, QParams],
    is_chain: bool,
) -> Finding:
    forms = as_args([other_forms(evidence, node)])
    code = "scales_differ.other_form" if forms else "scales_differ"
    is_trained = evidence.flow is not None and evidence.flow.is_training
    if is_trained and _DROPS.fullmatch(function_name(node)) is not None:
        code, forms = "scales_differ.dropout", {}
    first, second = (qparams_statement(each[1], is_exact=look_alike(one[1], other[1])) for each in (one, other))
    return Finding(
        rule="scales_differ",
        level=Level.INFO if is_chain or code.endswith(".dropout") else Level.WARNING,
        stage=stage,
        nodes=(node.id, one[0], other[0]),
        code=code,
        roles={"subject": (node.id,), "one": (one[0],), "other": (other[0],)},
        args={"one_qparams": first, "other_qparams": second, **forms},
    )
