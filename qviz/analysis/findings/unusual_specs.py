"""Quantization that no backend of torch computes with: scales per channel of activations, a bias with a scale apart."""

from __future__ import annotations

import math
from collections.abc import Iterator

from qviz.analysis.findings.evidence import Evidence, numbers
from qviz.analysis.findings.rules import finds
from qviz.document.graph import CASTING, Kind, Node
from qviz.document.query import Index
from qviz.document.snapshot import Finding, Level

_SAME = 1e-3
"""Relative: scales are float32 in torch, and multiplied in double by some observers."""


@finds("activation_per_channel")
def find_per_channel(evidence: Evidence) -> Iterator[Finding]:
    """Yield the activations that have a scale for each channel."""
    stage = evidence.converted
    if stage is None:
        return
    index = evidence.index(stage)
    found = tuple(node.id for node in stage.whole.nodes if _is_per_channel(node) and not _is_weight(index, node))
    if found:
        yield Finding(
            "activation_per_channel",
            Level.WARNING,
            stage.name,
            found,
            "activation_per_channel",
            {"subject": found},
        )


def _is_per_channel(node: Node) -> bool:
    params = node.quant.output if node.kind is Kind.QUANTIZE and node.quant is not None else None
    return params is not None and isinstance(params.scale, tuple) and len(params.scale) > 1


def _is_weight(index: Index, node: Node) -> bool:
    """Return whether a cast comes from constants alone, whatever moves them."""
    waiting, seen = [node.id], {node.id}
    while waiting:
        here = index.nodes[waiting.pop()]
        given = index.producers[here.id]
        if here.kind is not Kind.CONSTANT and not given:
            return False
        waiting += [each for each in given if each not in seen]
        seen.update(given)
    return True


@finds("bias_scale_differs")
def find_bias(evidence: Evidence) -> Iterator[Finding]:
    """Yield the operators whose bias is rounded with another scale than that of input times weight."""
    stage = evidence.converted
    for node in stage.whole.nodes if stage is not None else ():
        quant = node.quant
        if stage is None or node.kind in CASTING or quant is None:
            continue
        if quant.input is None or quant.weight is None or quant.bias is None:
            continue
        given, weight, bias = (numbers(each.scale) for each in (quant.input, quant.weight, quant.bias))
        if len(given) != 1 or not weight or len(bias) not in (1, len(weight)):
            continue
        wanted = [given[0] * each for each in weight]
        has = bias if len(bias) == len(weight) else bias * len(weight)
        if not all(math.isclose(one, other, rel_tol=_SAME) for one, other in zip(has, wanted, strict=True)):
            args = {"bias": has[0], "wanted": wanted[0]}
            yield Finding(
                "bias_scale_differs",
                Level.WARNING,
                stage.name,
                (node.id,),
                "bias_scale_differs",
                {"subject": (node.id,)},
                {**args},
            )
