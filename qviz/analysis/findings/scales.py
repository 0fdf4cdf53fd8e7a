"""Scales that cannot be right: too small to mean anything, or too narrow for what was seen."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from qviz.analysis.findings.evidence import Evidence, numbers
from qviz.analysis.findings.rules import finds
from qviz.document.graph import WATCHING, Kind, Node, Number, QParams
from qviz.document.query import Index
from qviz.document.snapshot import Finding, Level

_LEAST = 1.2e-7
"""torch's eps: what a range of nothing but zeros gives."""
_OF_BIAS = "int32"
"""Of a bias: its scale is that of the input times that of the weight, which may well be below torch's eps."""
_MUCH = 0.5
"""How much of what was seen may lie outside of what can be said; histogram observers leave some out on purpose."""


@finds("degenerate_scale")
def find_degenerate(evidence: Evidence) -> Iterator[Finding]:
    """Yield scales that say nothing: zero or no number, or a step wider than all that was seen."""
    infinite = [*_infinite(evidence)]
    yield from infinite
    stage = evidence.converted
    found = [node.id for node in stage.whole.nodes if _is_degenerate(node)] if stage is not None else []
    impossible = [each for each in found if stage is not None and _is_impossible(evidence.index(stage).nodes[each])]
    found = [each for each in found if each not in impossible]
    constants = [each for each in found if stage is not None and _quantizes_constant(evidence.index(stage), each)]
    weights = [each for each in found if stage is not None and _holds_weight(evidence.index(stage).nodes[each])]
    found = [each for each in found if each not in constants and each not in weights]
    if infinite:
        return  # the scales of everything behind it are its result
    if stage is not None and constants:
        subject = tuple(constants)
        code = "degenerate_scale.constant_of_zeros"
        yield Finding("degenerate_scale", Level.INFO, stage.name, subject, code, {"subject": subject})
    if stage is not None and weights:
        subject = tuple(weights)
        code = "degenerate_scale.weight_of_zeros"
        yield Finding("degenerate_scale", Level.WARNING, stage.name, subject, code, {"subject": subject})
    if stage is not None and impossible:
        subject, code = tuple(impossible), "degenerate_scale.not_positive"
        yield Finding("degenerate_scale", Level.ERROR, stage.name, subject, code, {"subject": subject})
    if stage is not None and found:
        subject, code = tuple(found), "degenerate_scale.all_zeros"
        yield Finding("degenerate_scale", Level.WARNING, stage.name, subject, code, {"subject": subject})
    if not found:
        yield from _only_zeros(evidence)
    vanishing = [each for each in _ranges(evidence) if 0 < each.width < each.step and not _is_constant(evidence, each)]
    for name, seen in _by_stage(vanishing):
        first = seen[0]
        yield Finding(
            rule="degenerate_scale",
            level=Level.WARNING,
            stage=name,
            nodes=tuple(each.node for each in seen),
            code="degenerate_scale.one_step",
            roles={"subject": tuple(each.node for each in seen), "example": (first.node,)},
            args={"low": first.low, "high": first.high, "step": first.step},
        )


def _only_zeros(evidence: Evidence) -> Iterator[Finding]:
    """Yield the observers of activations that saw zeros alone, whose scale is the smallest that they give."""
    zeros = [each for each in _ranges(evidence) if each.low == each.high == 0 and not _is_constant(evidence, each)]
    for name, seen in _by_stage(zeros):
        subject, code = tuple(each.node for each in seen), "degenerate_scale.only_zeros"
        yield Finding("degenerate_scale", Level.WARNING, name, subject, code, {"subject": subject})


def _infinite(evidence: Evidence) -> Iterator[Finding]:
    """Yield the observers of each stage that saw infinite values; one that saw nothing has a range that is empty."""
    found: defaultdict[str, list[tuple[str, float, float]]] = defaultdict(list)
    for stage, node, fact in evidence.watched():
        ranges = zip(numbers(fact.min), numbers(fact.max), strict=False)
        reaching = [each for each in ranges if fact.calibrated and not _is_finite(*each)]
        if reaching:
            found[stage.name].append((node.id, *reaching[0]))
    for name, seen in found.items():
        nodes = tuple(node_id for node_id, _, _ in seen)
        yield Finding(
            rule="degenerate_scale",
            level=Level.ERROR,
            stage=name,
            nodes=nodes,
            code="degenerate_scale.not_finite",
            roles={"subject": nodes},
            args={"low": _json(seen[0][1]), "high": _json(seen[0][2])},
        )


def _is_finite(low: float, high: float) -> bool:
    """Return whether a range is one; that of an observer without data is from inf to -inf."""
    return low > high or math.isfinite(low + high)


def _json(value: float) -> Number:
    return value if math.isfinite(value) else str(value)


def _is_degenerate(node: Node) -> bool:
    if node.quant is None or node.kind is Kind.DEQUANTIZE or node.kind in WATCHING:
        return False
    known = (node.quant.output, node.quant.weight)
    params = [each for each in known if each is not None and not each.dtype.endswith(_OF_BIAS)]
    return any((scales := numbers(each.scale)) and all(map(_means_nothing, scales)) for each in params)


def _is_impossible(node: Node) -> bool:
    """Return whether a scale is zero or negative: torch's observers give none below their eps."""
    params = (node.quant.output, node.quant.weight) if node.quant is not None else ()
    return any(scale <= 0 for each in params if each is not None for scale in numbers(each.scale))


def _holds_weight(node: Node) -> bool:
    """Return whether the scales that say nothing are finite, and those of a weight: no data makes them larger."""
    params = node.quant.weight if node.quant is not None else None
    if params is None and node.kind is Kind.CONSTANT and node.quant is not None:
        params = node.quant.output
    scales = numbers(params.scale) if params is not None else ()
    return bool(scales) and all(math.isfinite(each) and each <= _LEAST for each in scales)


def _quantizes_constant(index: Index, node_id: str) -> bool:
    """Return whether a quantize reads a buffer or parameter, or is one, whose only value is zero: it stays zero."""
    node = index.nodes[node_id]
    params = node.quant.output if node.quant is not None else None
    if params is None or params.scale is None or any(not math.isfinite(each) for each in numbers(params.scale)):
        return False
    sources = index.producers[node_id] if node.kind is Kind.QUANTIZE else []
    return bool(sources) and index.nodes[sources[0]].kind is Kind.CONSTANT


def _means_nothing(scale: float) -> bool:
    return not math.isfinite(scale) or scale <= _LEAST


@finds("constant_lost")
def find_lost(evidence: Evidence) -> Iterator[Finding]:
    """Yield the constants that become zero, such as the eps of a norm."""
    for each in _ranges(evidence):
        if 0 < each.width < each.step / 2 and _is_constant(evidence, each):
            yield Finding(
                rule="constant_lost",
                level=Level.WARNING,
                stage=each.stage,
                nodes=(each.node,),
                code="constant_lost",
                roles={"subject": (each.node,)},
                args={"value": each.high if each.high > 0 else each.low, "step": each.step},
            )


def _is_constant(evidence: Evidence, seen: _Seen) -> bool:
    """Return whether an observer sees one number that the model holds."""
    stage = next(stage for stage in evidence.snapshot.stages if stage.name == seen.stage)
    index = evidence.index(stage)
    sources = index.producers[seen.node]
    return bool(sources) and index.nodes[sources[0]].kind is Kind.CONSTANT and seen.low == seen.high


@finds("saturated_range")
def find_saturated(evidence: Evidence) -> Iterator[Finding]:
    """Yield observers that saw twice as much as their scale can say."""
    for name, seen in _by_stage(each for each in _ranges(evidence) if each.width >= each.step and _clips(each)):
        first = seen[0]
        yield Finding(
            rule="saturated_range",
            level=Level.WARNING,
            stage=name,
            nodes=tuple(each.node for each in seen),
            code="saturated_range",
            roles={"subject": tuple(each.node for each in seen), "example": (first.node,)},
            args={"low": first.low, "high": first.high, "least": first.least, "greatest": first.greatest},
        )


class _Seen(NamedTuple):
    """What an observer saw, and what its scale can say: one step, the least and the greatest value."""

    stage: str
    node: str
    low: float
    high: float
    step: float
    least: float
    greatest: float

    @property
    def width(self) -> float:
        """How far what was seen reaches, with the zero that every range has to hold."""
        return max(self.high, 0.0) - min(self.low, 0.0)


def _ranges(evidence: Evidence) -> Iterator[_Seen]:
    """Yield the observers with one range and one scale."""
    for stage, node, fact in evidence.watched():
        low, high = numbers(fact.min), numbers(fact.max)
        params = node.quant.output if node.quant is not None else None
        span = _span(params) if params is not None else None
        if span is not None and len(low) == len(high) == 1 and math.isfinite(low[0] + high[0]):
            yield _Seen(stage.name, node.id, low[0], high[0], *span)


def _by_stage(found: Iterable[_Seen]) -> Iterator[tuple[str, list[_Seen]]]:
    groups: defaultdict[str, list[_Seen]] = defaultdict(list)
    for each in found:
        groups[each.stage].append(each)
    yield from groups.items()


def _clips(seen: _Seen) -> bool:
    outside = max(seen.least - seen.low, 0.0) + max(seen.high - seen.greatest, 0.0)
    return outside > _MUCH * seen.width


def _span(params: QParams) -> tuple[float, float, float] | None:
    """Return one step, the least and the greatest value that can be said, per tensor."""
    given = (params.scale, params.zero_point, params.quant_min, params.quant_max)
    found = [numbers(each) for each in given]
    if any(len(each) != 1 for each in found):
        return None
    (scale,), (zero_point,), (least,), (greatest,) = found
    return scale, (least - zero_point) * scale, (greatest - zero_point) * scale
