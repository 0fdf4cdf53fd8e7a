"""Bounds of an observer that its dtype does not have, as -128 … 127 for quint8 or 0 … 255 for qint8."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from qviz.analysis.findings.evidence import Evidence, numbers
from qviz.analysis.findings.rules import finds
from qviz.document.graph import Json, Kind, Node, QParams
from qviz.document.integers import limits_of
from qviz.document.snapshot import Finding, Level, ObserverFact


@finds("bounds_outside_dtype")
def find(evidence: Evidence) -> Iterator[Finding]:
    """Yield quantizers with bounds beyond their dtype, where torch stops at them or cuts values off.

    torch.ops.quantized_decomposed checks the bounds themselves (ao/quantization/fx/_decomposed.py), the kernels of
    quantized tensors only the zero point (aten/src/ATen/native/quantized/AffineQuantizer.cpp), and saturate.
    """
    found: defaultdict[tuple[str, str, str, float, float], list[str]] = defaultdict(list)
    for stage, node, params, fact in _quantizers(evidence):
        bounds, limits = (*numbers(params.quant_min), *numbers(params.quant_max)), limits_of(params.dtype)
        if len(bounds) == len(("low", "high")) and limits is not None and not _is_inside(bounds, limits):
            code = "bounds_outside_dtype.refused" if _refuses(node, evidence) else _code(params, fact, limits)
            if code is not None:
                found[stage, code, params.dtype, bounds[0], bounds[1]].append(node.id)
    for (stage, code, dtype, low, high), nodes in found.items():
        smallest, largest = limits_of(dtype) or (0, 0)
        args: dict[str, Json] = {
            "dtype": dtype,
            "low": int(low),
            "high": int(high),
            "smallest": smallest,
            "largest": largest,
        }
        level = Level.WARNING if code.endswith(".cuts") else Level.ERROR
        yield Finding("bounds_outside_dtype", level, stage, tuple(nodes), code, {"subject": tuple(nodes)}, args)


def _quantizers(evidence: Evidence) -> Iterator[tuple[str, Node, QParams, ObserverFact | None]]:
    """Yield the observers; of a converted graph in hand, what quantizes."""
    known: list[tuple[str, Node, ObserverFact | None]] = [
        (stage.name, node, fact) for stage, node, fact in evidence.watched()
    ]
    if not known and evidence.converted is not None:
        nodes = evidence.converted.whole.nodes
        known = [(evidence.converted.name, node, None) for node in nodes if node.kind is Kind.QUANTIZE]
    for stage, node, fact in known:
        if node.quant is not None and node.quant.output is not None:
            yield stage, node, node.quant.output, fact


def _refuses(node: Node, evidence: Evidence) -> bool:
    if node.kind is Kind.QUANTIZE:
        return "_decomposed" in node.target
    return evidence.flow is not None and not evidence.flow.converts_to_kernels


def _code(params: QParams, fact: ObserverFact | None, limits: tuple[int, int]) -> str | None:
    """Return what kernels do with the bounds; None where they do nothing that is known."""
    zero_points = numbers(params.zero_point)
    if any(not limits[0] <= each <= limits[1] for each in zero_points):
        return "bounds_outside_dtype.zero_point"
    low, high = numbers(fact.min if fact else None), numbers(fact.max if fact else None)
    scales = numbers(params.scale)
    if not len(scales) == len(zero_points) == len(low) == len(high):
        return None
    integers = [
        (each[0] / each[2] + each[3], each[1] / each[2] + each[3])
        for each in zip(low, high, scales, zero_points, strict=True)
        if each[2]
    ]
    return None if all(_is_inside(each, limits) for each in integers) else "bounds_outside_dtype.cuts"


def _is_inside(bounds: tuple[float, ...], limits: tuple[int, int]) -> bool:
    """Return whether integers lie within those of a dtype, to the rounding of one."""
    return limits[0] - 1 < bounds[0] and bounds[1] < limits[1] + 1
