"""Casts that undo or repeat each other."""

from __future__ import annotations

from collections.abc import Iterator

from qviz.analysis.findings.evidence import Evidence, look_alike, qparams_statement, same_qparams
from qviz.analysis.findings.rules import finds
from qviz.document.graph import Kind, Node, QParams
from qviz.document.snapshot import Finding, Level


@finds("quantize_dequantize_chain")
def find_chains(evidence: Evidence) -> Iterator[Finding]:
    """Yield each quantize right behind a dequantize: needless if both are alike, lossy if not."""
    stage = evidence.converted
    if stage is None:
        return
    index = evidence.index(stage)
    for node in stage.whole.nodes:
        after = _static(node)
        producer = next(iter(index.producers[node.id]), None) if node.kind is Kind.QUANTIZE else None
        if after is None or producer is None or index.nodes[producer].kind is not Kind.DEQUANTIZE:
            continue
        quant = index.nodes[producer].quant
        before = quant.input if quant is not None else None
        if before is None or before.scale is None:
            continue
        alike, is_exact = same_qparams(before, after), look_alike(before, after)
        given = (("before", before), ("after", after))
        yield Finding(
            rule="quantize_dequantize_chain",
            level=Level.WARNING,
            stage=stage.name,
            nodes=(producer, node.id),
            code="quantize_dequantize_chain." + ("needless" if alike else "rounded_twice"),
            roles={"subject": (producer,), "next": (node.id,)},
            args={name: qparams_statement(each, is_exact=is_exact) for name, each in given},
        )


@finds("quantized_twice")
def find_repeats(evidence: Evidence) -> Iterator[Finding]:
    """Yield each tensor that several quantizes take."""
    stage = evidence.converted
    if stage is None:
        return
    index = evidence.index(stage)
    for node in stage.whole.nodes:
        if node.kind is Kind.CONSTANT:
            continue
        casts = [index.nodes[each] for each in index.users[node.id] if index.nodes[each].kind is Kind.QUANTIZE]
        known = [(cast.id, params) for cast in casts if (params := _static(cast)) is not None]
        if len(known) > 1:
            is_exact = look_alike(*(params for _, params in known))
            yield Finding(
                rule="quantized_twice",
                level=Level.WARNING,
                stage=stage.name,
                nodes=tuple(name for name, _ in known),
                code="quantized_twice",
                roles={"subject": (node.id,), "casts": tuple(name for name, _ in known)},
                args={"qparams": [qparams_statement(params, name, is_exact=is_exact) for name, params in known]},
            )


def _static(node: Node) -> QParams | None:
    """Return the parameters of a cast of an activation to integers that are known beforehand."""
    params = node.quant.output if node.kind is Kind.QUANTIZE and node.quant is not None else None
    is_number = params is not None and params.scale is not None and not isinstance(params.scale, tuple)
    return params if is_number else None
