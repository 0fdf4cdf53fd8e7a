"""Scales that cannot be right: too small to mean anything, or too narrow for what was seen."""

from __future__ import annotations

import math
from collections.abc import Iterator

from qviz.analysis.findings.evidence import Evidence, listed, numbers
from qviz.document.graph import Kind, Node, QParams
from qviz.document.snapshot import Finding, Level

_LEAST = 1.2e-7
"""torch's eps: what a range of nothing but zeros gives."""
_MUCH = 0.5
"""How much of what was seen may lie outside of what can be said; histogram observers leave some out on purpose."""


def find_degenerate(evidence: Evidence) -> Iterator[Finding]:
    """Yield activations, and whole weights, with a scale that is no number or as small as torch allows."""
    stage = evidence.converted
    if stage is None:
        return
    found = [node for node in stage.graph.nodes if node.kind is not Kind.DEQUANTIZE and _is_degenerate(node)]
    if found:
        names = [node.id for node in found]
        yield Finding(
            rule="degenerate_scale",
            level=Level.WARNING,
            stage=stage.name,
            nodes=tuple(names),
            message=f"the scale of {listed(names)} is zero, no number, or torch's smallest",
            reason="the observer saw nothing but zeros (or the weight is all zeros), so that every other value is "
            "clipped",
            hint="Calibrate with data as the model meets it; see in the prepared stage what the observer saw.",
        )


def _is_degenerate(node: Node) -> bool:
    params = [each for each in (node.quant.output, node.quant.weight) if each is not None] if node.quant else []
    return any((scales := numbers(each.scale)) and all(map(_means_nothing, scales)) for each in params)


def _means_nothing(scale: float) -> bool:
    return not math.isfinite(scale) or scale <= _LEAST


def find_saturated(evidence: Evidence) -> Iterator[Finding]:
    """Yield observers that saw twice as much as their scale can say."""
    for stage, node, fact in evidence.watched():
        low, high = numbers(fact.min), numbers(fact.max)
        params = node.quant.output if node.quant is not None else None
        span = _span(params) if params is not None else None
        if span is None or len(low) != 1 or len(high) != 1 or not math.isfinite(low[0] + high[0]):
            continue
        width = high[0] - low[0]
        outside = max(span[0] - low[0], 0.0) + max(high[0] - span[1], 0.0)
        if width > 0 and outside > _MUCH * width:
            yield Finding(
                rule="saturated_range",
                level=Level.WARNING,
                stage=stage.name,
                nodes=(node.id,),
                message=f"{node.id} saw {low[0]:.4g} to {high[0]:.4g}, and its scale reaches from {span[0]:.4g} to "
                f"{span[1]:.4g} only",
                reason="scale and zero point do not follow from what was seen: the rest is clipped",
                hint="Look at how this observer computes its scale; calibrate anew if it was fixed or loaded.",
            )


def _span(params: QParams) -> tuple[float, float] | None:
    """Return the least and the greatest value that can be said, per tensor."""
    given = (params.scale, params.zero_point, params.quant_min, params.quant_max)
    found = [numbers(each) for each in given]
    if any(len(each) != 1 for each in found):
        return None
    (scale,), (zero_point,), (least,), (greatest,) = found
    return (least - zero_point) * scale, (greatest - zero_point) * scale
