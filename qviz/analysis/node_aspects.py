"""In what two nodes differ: kind, target, module, values, quantization, attributes."""

from __future__ import annotations

from collections.abc import Iterator

from qviz.analysis.views.dtypes import shape_text
from qviz.document.graph import WATCHING, Json, Kind, Node, Number, Numbers, QParams, Quant, Record, Value

_SIDES = ("input", "weight", "bias", "output")
_STEPS = 256
"""Of an 8-bit dtype: a zero point that moves by the tolerance moves by that share of them."""
_NUMBERED = WATCHING | {Kind.CONSTANT}
"""Nodes whose target is a number that torch counted, such as activation_post_process_3."""


class Aspect(Record, frozen=True):
    """One thing that differs: its name and its value in either run; None where a run has none."""

    name: str
    a: Json
    b: Json


def aspects(a: Node, b: Node, tolerance: float) -> Iterator[Aspect]:
    """Yield in what two nodes differ; a scale counts only beyond the tolerance, a share of the larger one."""
    same_number = a.kind == b.kind and a.kind in _NUMBERED and a.id != b.id
    yield from _plain("kind", a.kind.value, b.kind.value)
    if not same_number:
        yield from _plain("target", a.target, b.target)
    yield from _plain("module", a.place, b.place)
    if a.module_path or b.module_path:  # the root's type says whether torch has wrapped it, not what a node is
        yield from _plain("module type", a.module_type, b.module_type)
    yield from _plain("observer", a.observer.type if a.observer else None, b.observer.type if b.observer else None)
    yield from _plain("shape", _shapes(a.values), _shapes(b.values))
    yield from _plain("dtype", _dtypes(a.values), _dtypes(b.values))
    for side in _SIDES:
        yield from _quant(side, _qparams(a.quant, side), _qparams(b.quant, side), tolerance)
    for name in dict.fromkeys((*a.attributes, *b.attributes)):
        yield from _plain(name, a.attributes.get(name), b.attributes.get(name))


def _plain(name: str, a: Json, b: Json) -> Iterator[Aspect]:
    if a != b:
        yield Aspect(name, a, b)


def _shapes(values: tuple[Value, ...]) -> str:
    return ", ".join(shape_text(value.shape) for value in values)


def _dtypes(values: tuple[Value, ...]) -> str:
    return ", ".join(value.dtype.removeprefix("torch.") for value in values)


def _qparams(quant: Quant | None, side: str) -> QParams | None:
    found: QParams | None = getattr(quant, side) if quant else None
    return found


def _quant(side: str, a: QParams | None, b: QParams | None, tolerance: float) -> Iterator[Aspect]:
    if a is None or b is None:
        yield from _plain(f"{side} dtype", a.dtype if a else None, b.dtype if b else None)
        return
    yield from _plain(f"{side} dtype", a.dtype, b.dtype)
    yield from _plain(f"{side} qscheme", a.qscheme, b.qscheme)
    if a.quant_min is not None and b.quant_min is not None:  # else it is that of the dtype
        yield from _plain(f"{side} range", [a.quant_min, a.quant_max], [b.quant_min, b.quant_max])
    yield from _plain(f"{side} axis", a.axis, b.axis)
    if not _close(a.scale, b.scale, tolerance, 0):
        yield Aspect(f"{side} scale", _json(a.scale), _json(b.scale))
    if not _close(a.zero_point, b.zero_point, 0, tolerance * _STEPS):
        yield Aspect(f"{side} zero point", _json(a.zero_point), _json(b.zero_point))


def _close(a: Numbers, b: Numbers, relative: float, absolute: float) -> bool:
    if a is None or b is None or isinstance(a, tuple) != isinstance(b, tuple):
        return a == b
    ones, others = (each if isinstance(each, tuple) else (each,) for each in (a, b))
    if len(ones) != len(others):
        return False
    return all(_near(x, y, relative, absolute) for x, y in zip(ones, others, strict=True))


def _near(a: Number, b: Number, relative: float, absolute: float) -> bool:
    if isinstance(a, str) or isinstance(b, str):  # not finite
        return a == b
    return a == b or abs(a - b) <= max(relative * max(abs(a), abs(b)), absolute)


def _json(value: Numbers) -> Json:
    return list(value) if isinstance(value, tuple) else value
