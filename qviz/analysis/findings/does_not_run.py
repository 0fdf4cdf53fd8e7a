"""A converted graph that stopped when it was measured; what eager mode converts is run by the engine itself."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from qviz.analysis.findings.evidence import Evidence, is_move
from qviz.analysis.findings.rules import finds
from qviz.document.graph import Json, Kind
from qviz.document.kernel_errors import cause_of
from qviz.document.snapshot import Finding, Level, Stage

_NOTE = "not_measured.converted"
_REFUSED = re.compile(r"forward\(\) got an unexpected keyword argument '(?P<argument>\w+)'")
_EVERYWHERE = frozenset(("refused_by_qnnpack", "view", "zero_point", "lstm_projection", "weight_is_method"))
"""Causes whose hint holds without stubs, too; for the others a stub is the remedy, which graphs have not."""


@finds("converted_does_not_run")
def find(evidence: Evidence) -> Iterator[Finding]:
    """Yield that the converted model raised an exception on the data of the measurement, and at which node."""
    measured, run = evidence.snapshot.measurements, evidence.snapshot
    known = {each.rule for each in run.findings}
    if measured is None or known & {"converted_does_not_run", "sizes_fixed_by_lowering"}:
        return
    for note in measured.not_measured:
        text = str(note.args.get("text", ""))
        cause = cause_of(text)
        if note.code == _NOTE and cause != "float_into_quantized":  # another rule tells it, and it may be wanted
            nodes = tuple(note.roles.get("subject", ()))
            roles: dict[str, tuple[str, ...]] = {"subject": nodes} if nodes else {}
            args: dict[str, Json] = {"type": note.args["type"], "text": text}
            if cause in _EVERYWHERE:
                code = f"converted_does_not_run.{cause}"
            elif (refused := _REFUSED.search(text)) is not None:
                code, args["argument"] = "converted_does_not_run.argument", refused["argument"]
            elif _has_odd_columns(evidence, given := _given_low(evidence, run.stages[-1], nodes)):
                code, roles = "converted_does_not_run.odd_columns", {**roles, "given": given}
                nodes = (*nodes, *given)
            else:
                code = "converted_does_not_run.on_data"
            place = () if nodes else ("model",)
            yield Finding("converted_does_not_run", Level.ERROR, run.stages[-1].name, nodes, code, roles, args, place)


def _given_low(evidence: Evidence, stage: Stage, nodes: Sequence[str]) -> tuple[str, ...]:
    """Return what in low precision a float operator reads; nothing where what stops is in low precision itself."""
    index = evidence.index(stage)
    if len(nodes) != 1 or nodes[0] not in index.nodes or index.nodes[nodes[0]].kind is not Kind.OP:
        return ()
    found: dict[str, None] = {}
    waiting, seen = list(nodes), set(nodes)
    while waiting:
        for each in index.producers[waiting.pop()]:
            if index.nodes[each].kind is Kind.QUANTIZED_OP:
                found[each] = None
            elif each not in seen and (is_move(index.nodes[each]) or index.nodes[each].kind is Kind.DEQUANTIZE):
                seen.add(each)
                waiting.append(each)
    return tuple(found)


def _has_odd_columns(evidence: Evidence, given: Sequence[str]) -> bool:
    """Return whether what is given are embeddings of 4 bits, of which a byte holds two."""
    plan, before = evidence.snapshot.run.plan, evidence.captured
    if plan is None or plan.weight_dtype != "quint4x2" or before is None:
        return False
    nodes = evidence.index(before).nodes
    columns = [nodes[at].attributes.get("embedding_dim") for each in given for at in evidence.earlier(before, each)]
    return bool(columns) and all(isinstance(each, int) and each % 2 == 1 for each in columns)
