"""Ranges that leave most integers of their dtype without use: four bits by mistake, a symmetric range of positives."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator

from qviz.analysis.findings.evidence import Evidence, numbers
from qviz.analysis.findings.rules import finds
from qviz.document.graph import Json, QParams
from qviz.document.snapshot import Finding, Integers, Level, ObserverFact

_LEVELS = {"quint8": 256, "qint8": 256}
"""Of the dtypes that torch's quantized kernels compute with: they know no narrower range than these."""
_SEVEN_BITS = 127
"""What reduce_range leaves, in a range that is symmetric: nothing of torch's own makes less of 8 bits."""
_FEW = 1 / 4
"""Of weights: two bits, 12 dB. A weight of one sign uses half of its levels, whatever its range."""
_NEGLIGIBLE = 0.02
"""Negative values this small beside the largest one hardly need levels."""
_ENOUGH = 64
"""Of fewer weights it is chance which integers occur."""


@finds("few_levels")
def find_few(evidence: Evidence) -> Iterator[Finding]:
    """Yield observers and weights with a range far narrower than that of the kernels that will compute with them."""
    if evidence.flow is None or not evidence.flow.converts_to_kernels:
        return
    found: defaultdict[tuple[str, float, float], list[str]] = defaultdict(list)
    for stage, node, fact in evidence.watched():
        params = node.quant.output if node.quant is not None else None
        bounds = _bounds(params) if params is not None and fact.calibrated is not False else None
        if params is not None and bounds is not None and _is_few(bounds, params):
            found[stage.name, bounds[0], bounds[1]].append(node.id)
    for (name, low, high), nodes in found.items():
        yield _few("few_levels.range", name, nodes, low, high)
    yield from _weights(evidence)


def _weights(evidence: Evidence) -> Iterator[Finding]:
    stage = evidence.converted
    facts = evidence.snapshot.facts.get(stage.name, {}) if stage is not None else {}
    found = [(node_id, each.integers) for node_id, each in facts.items() if each.integers is not None]
    few = [(node_id, weight) for node_id, weight in found if _is_narrow(weight)]
    if stage is not None and few:
        low, high = min(weight.min for _, weight in few), max(weight.max for _, weight in few)
        yield _few("few_levels.weight", stage.name, [node_id for node_id, _ in few], low, high)


def _is_narrow(weight: Integers) -> bool:
    """Return whether the integers of a whole weight span a small part of the dtype; one of zeros spans nothing."""
    span = weight.max - weight.min
    levels = _LEVELS.get(weight.dtype.removeprefix("torch."), 0)
    return span > 0 and math.prod(weight.shape) >= _ENOUGH and span + 1 <= _FEW * levels


def _few(code: str, stage: str, nodes: list[str], low: float, high: float) -> Finding:
    args: dict[str, Json] = {"levels": int(high - low) + 1, "low": low, "high": high}
    return Finding("few_levels", Level.WARNING, stage, tuple(nodes), code, {"subject": tuple(nodes)}, args)


@finds("levels_unused")
def find_unused(evidence: Evidence) -> Iterator[Finding]:
    """Yield unsigned observers with a symmetric scheme that saw no negative values: half of their levels are idle."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    for stage, node, fact in evidence.watched():
        params = node.quant.output if node.quant is not None else None
        if params is not None and _is_one_sided(params, fact):
            found[stage.name].append(node.id)
    for name, nodes in found.items():
        subject = tuple(nodes)
        yield Finding("levels_unused", Level.WARNING, name, subject, "levels_unused", {"subject": subject})


def _is_one_sided(params: QParams, fact: ObserverFact) -> bool:
    low, high = numbers(fact.min), numbers(fact.max)
    if not (
        params.dtype.endswith("uint8") and str(params.qscheme).endswith("symmetric") and len(low) == len(high) == 1
    ):
        return False
    return math.isfinite(high[0]) and high[0] > 0 and low[0] >= -_NEGLIGIBLE * high[0]


def _is_few(bounds: tuple[float, float], params: QParams) -> bool:
    return params.dtype.removeprefix("torch.") in _LEVELS and bounds[1] - bounds[0] + 1 < _SEVEN_BITS


def _bounds(params: QParams) -> tuple[float, float] | None:
    low, high = numbers(params.quant_min), numbers(params.quant_max)
    return (low[0], high[0]) if len(low) == len(high) == 1 else None
