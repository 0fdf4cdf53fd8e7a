"""A low-precision operator that is fed with a float tensor: it stops with "Could not run 'quantized::...'"."""

from __future__ import annotations

import re
from collections.abc import Iterator

from qviz.analysis.findings.evidence import Evidence, origin
from qviz.analysis.findings.rules import finds
from qviz.analysis.regions import is_reference
from qviz.document.graph import Kind, Node
from qviz.document.query import Index
from qviz.document.snapshot import Finding, Level

_TAKES_FLOAT = re.compile(r".*(dynamic|embedding|prepack|unpack|lstm|gru).*", re.IGNORECASE)


@finds("float_into_quantized")
def find(evidence: Evidence) -> Iterator[Finding]:
    """Yield each static quantized operator whose input is no quantized tensor."""
    stage = evidence.converted
    if stage is None:
        return
    index = evidence.index(stage)
    for node in stage.whole.nodes:
        if not _takes_quantized(node):
            continue
        giver = _float_giver(index, node)
        if giver is None:
            continue
        unread = _unread_quantize(index, giver)
        is_input = index.nodes[giver].kind is Kind.INPUT
        stub = _idle_stub(index, node)
        code = "unread" if unread else "idle_stub" if stub else "model_input" if is_input else "operator"
        yield Finding(
            rule="float_into_quantized",
            level=Level.ERROR,
            stage=stage.name,
            nodes=(node.id, giver, *unread),
            code=f"float_into_quantized.{code}",
            roles={
                "subject": (node.id,),
                "producer": (giver,),
                **({"quantize": unread} if unread else {"stub": stub} if stub else {}),
            },
        )


def _idle_stub(index: Index, node: Node) -> tuple[str, ...]:
    """Return the QuantStub right before an operator that convert has left as it was.

    With a layer in float between them it is not the stub that is wrong.
    """
    step = origin(index, node.id, moves=True)
    return (step,) if step is not None and index.nodes[step].module_type == "QuantStub" else ()


def _unread_quantize(index: Index, giver: str) -> tuple[str, ...]:
    """Return the quantizes of a tensor whose results nothing reads."""
    readers = (index.nodes[each] for each in index.users[giver])
    return tuple(each.id for each in readers if each.kind is Kind.QUANTIZE and not index.users[each.id])


def _takes_quantized(node: Node) -> bool:
    if node.kind is not Kind.QUANTIZED_OP or node.quant is None or is_reference(node):
        return False
    if node.op == "call_module":  # a dynamic module has no output scale
        return node.quant.output is not None and not _TAKES_FLOAT.fullmatch(node.module_type)
    return node.target.startswith("quantized.") and not _TAKES_FLOAT.fullmatch(node.target)


def _float_giver(index: Index, node: Node) -> str | None:
    """Return what gives the first input, if that is certainly a float tensor."""
    step: str | None = next(iter(index.producers[node.id]), None)
    while step is not None:
        giver = index.nodes[step]
        if giver.kind in (Kind.INPUT, Kind.DEQUANTIZE):
            is_low = giver.values and all("float" not in value.dtype for value in giver.values)
            return None if is_low else step
        if giver.kind is not Kind.OP:
            return None
        step = next(iter(index.producers[step]), None)
    return None
