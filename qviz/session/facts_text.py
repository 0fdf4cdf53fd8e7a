"""What is known of a node as rows of text: for the inspector and for the clipboard."""

from __future__ import annotations

from typing import TypeAlias

from qviz.document.graph import Node, Number, QParams, Why
from qviz.document.snapshot import Integers, ObserverFact

Row: TypeAlias = tuple[str, str]

_CHANNELS_SHOWN = 3


def quant_rows(node: Node) -> list[Row]:
    """Return scale, zero point and dtype of what goes in and out; several tensors are named."""
    if node.quant is None:
        return []
    tensors = {name: getattr(node.quant, name) for name in ("input", "weight", "bias", "output")}
    known = {name: params for name, params in tensors.items() if params is not None}
    rows: list[Row] = []
    for name, params in known.items():
        prefix = f"{name} " if len(known) > 1 or name in ("weight", "bias") else ""
        rows += [(prefix + key, text) for key, text in _params(params)]
    return rows


def _params(params: QParams) -> list[Row]:
    rows: list[Row] = []
    if params.scale is not None:
        rows.append(("scale", _numbers(params.scale)))
    if params.zero_point is not None:
        rows.append(("zero point", _numbers(params.zero_point)))
    dtype = params.dtype.removeprefix("torch.")
    if params.quant_min is not None and params.quant_max is not None:
        dtype += f" [{_number(params.quant_min)}, {_number(params.quant_max)}]"
    rows.append(("dtype", dtype))
    if params.qscheme:
        scheme = params.qscheme.removeprefix("torch.").replace("_", " ")
        rows.append(("scheme", scheme + (f", axis {params.axis}" if params.axis is not None else "")))
    return rows


def observer_rows(fact: ObserverFact) -> list[Row]:
    """Return the state of an observer or fake-quant."""
    rows: list[Row] = []
    if fact.calibrated is not None:
        rows.append(("calibrated", "yes" if fact.calibrated else "never: it saw no data"))
    if fact.min is not None and fact.max is not None:
        rows.append(("min, max", f"{_numbers(fact.min)}, {_numbers(fact.max)}"))
    for name, on in (("observing", fact.observer_enabled), ("fake quant", fact.fake_quant_enabled)):
        if on is not None:
            rows.append((name, "on" if on else "off"))
    return rows


def integer_rows(integers: Integers, as_floats: bool) -> list[list[str]]:
    """Return a row of texts for each channel: scale, zero point, then its first values.

    Args:
        integers: The sample of a weight.
        as_floats: Give what the integers stand for: (integer - zero point) * scale.
    """
    rows = []
    for place, channel in enumerate(integers.channels):
        scale, zero_point = _of_row(integers.scale, place), _of_row(integers.zero_point, place)
        if as_floats and not isinstance(scale, str) and not isinstance(zero_point, str):
            values = [f"{(each - zero_point) * scale:.4g}".replace("-", "−") for each in channel]
        else:
            values = [str(each).replace("-", "−") for each in channel]
        rows.append([_number(scale), _number(zero_point), *values])
    return rows


def _of_row(numbers: Number | tuple[Number, ...], place: int) -> Number:
    return numbers[place] if isinstance(numbers, tuple) else numbers


def why_text(why: Why) -> tuple[str, str]:
    """Return why a node is here, and where that is known from."""
    return f"{why.rule[:1].upper()}{why.rule[1:]}.", f"{why.evidence} · {why.api}"


def facts_text(node: Node, observer: ObserverFact | None = None) -> str:
    """Return all that is known of a node as lines of text, for an issue or a review."""
    rows: list[Row] = [("node", node.id), ("role", node.kind.value), (node.op, node.target)]
    rows += [("module", f"{node.module_type} {node.place}".strip())] if node.module_type or node.place else []
    rows += [("output", f"{list(value.shape)} {value.dtype}") for value in node.values]
    rows += quant_rows(node) + (observer_rows(observer) if observer else [])
    if node.why is not None:
        rows.append(("why", " ".join(why_text(node.why))))
    if node.source is not None:
        rows.append(("source", f"{node.source.file}:{node.source.line}: {node.source.code}"))
    return "\n".join(f"{name}: {value}" for name, value in rows)


def _numbers(value: Number | tuple[Number, ...]) -> str:
    if not isinstance(value, tuple):
        return _number(value)
    shown = ", ".join(_number(each) for each in value[:_CHANNELS_SHOWN])
    return f"{shown}, … ({len(value)} channels)" if len(value) > _CHANNELS_SHOWN else shown


def _number(value: Number) -> str:
    return value if isinstance(value, str) else f"{value:.5g}".replace("-", "−")
