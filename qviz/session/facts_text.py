"""What is known of a node as rows of text: for the inspector and for the clipboard."""

from __future__ import annotations

from typing import TypeAlias

from qviz.analysis.overlays import OVERLAYS
from qviz.analysis.overlays.overlay import StageRecord
from qviz.document.graph import Node, Number, QParams, Why
from qviz.document.snapshot import Integers, ObserverFact
from qviz.words import mark, names, tr
from qviz.words.formats import channels, dtype, number, sentence, span, tensor

Row: TypeAlias = tuple[str, str]


_TENSORS = {"input": mark("input"), "weight": mark("weight"), "bias": mark("bias"), "output": mark("output")}


def overlay_rows(record: StageRecord, node_id: str) -> list[Row]:
    """Return what each overlay knows of a node."""
    made = (maker(record) for maker in OVERLAYS.values())
    known = ((tr(overlay.title), overlay.text(node_id)) for overlay in made)
    return [(title, text) for title, text in known if text is not None]


def quant_rows(node: Node) -> list[Row]:
    """Return scale, zero point and dtype of what goes in and out; several tensors are named."""
    if node.quant is None:
        return []
    tensors = {name: getattr(node.quant, name) for name in _TENSORS}
    known = {name: params for name, params in tensors.items() if params is not None}
    rows: list[Row] = []
    for name, params in known.items():
        is_named = len(known) > 1 or name in ("weight", "bias")
        rows += [(_key(name if is_named else "", key), text) for key, text in _params(params)]
    return rows


def _key(tensor: str, key: str) -> str:
    return tr("{tensor} {key}", tensor=tr(_TENSORS[tensor]), key=tr(key)) if tensor else tr(key)


def _params(params: QParams) -> list[Row]:
    rows: list[Row] = []
    if params.scale is not None:
        rows.append((mark("scale"), _numbers(params.scale)))
    if params.zero_point is not None:
        rows.append((mark("zero point"), _numbers(params.zero_point)))
    held = dtype(params.dtype)
    if params.quant_min is not None and params.quant_max is not None:
        held = f"{held} [{number(params.quant_min)}, {number(params.quant_max)}]"
    rows.append((mark("dtype"), held))
    if params.qscheme:
        scheme = params.qscheme.removeprefix("torch.").replace("_", " ")  # a narrow inspector wraps it
        has_axis = params.axis is not None
        rows.append(
            (mark("scheme"), tr("{scheme}, axis {axis}", scheme=scheme, axis=params.axis) if has_axis else scheme)
        )
    return rows


def observer_rows(fact: ObserverFact) -> list[Row]:
    """Return the state of an observer or fake-quant."""
    rows: list[Row] = []
    if fact.calibrated is not None:
        rows.append((tr("calibrated"), tr("yes") if fact.calibrated else tr("no, it saw no data")))
    if isinstance(fact.min, tuple) or isinstance(fact.max, tuple):
        rows += [(tr("min"), _numbers(fact.min)), (tr("max"), _numbers(fact.max))]
    elif fact.min is not None and fact.max is not None:
        rows.append((tr("range"), span(fact.min, fact.max)))
    states = ((tr("observer"), fact.observer_enabled), (tr("fake quantize"), fact.fake_quant_enabled))
    return rows + [(name, tr("on") if on else tr("off")) for name, on in states if on is not None]


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
            values = [number((each - zero_point) * scale) for each in channel]
        else:
            values = [number(each) for each in channel]
        rows.append([number(scale), number(zero_point), *values])
    return rows


def _of_row(numbers: Number | tuple[Number, ...], place: int) -> Number:
    return numbers[place] if isinstance(numbers, tuple) else numbers


def why_text(why: Why) -> tuple[str, str]:
    """Return why a node is here, and where that is known from."""
    evidence = why.evidence
    both = tr("{evidence} · {api}", evidence=evidence, api=why.api) if evidence and why.api else evidence or why.api
    return sentence(why.rule), both


def facts_text(node: Node, observer: ObserverFact | None = None) -> str:
    """Return all that is known of a node as lines of text, for an issue or a review."""
    rows: list[Row] = [(tr("node"), node.id), (tr("kind"), names.kind(node.kind.value)), (node.op, node.target)]
    rows += [(tr("module"), f"{node.module_type} {node.place}".strip())] if node.module_type or node.place else []
    rows += [(tr("output"), tensor(value.shape, value.dtype)) for value in node.values]
    rows += quant_rows(node) + (observer_rows(observer) if observer else [])
    if node.why is not None:
        rows.append((tr("why"), " ".join(why_text(node.why))))
    if node.source is not None:
        rows.append((tr("source"), f"{node.source.file}:{node.source.line}: {node.source.code}"))
    return "\n".join(f"{name}: {value}" for name, value in rows)


def scale_text(node: Node) -> str:
    """Return scale and zero point of a node's tensors as Python reads them, the output's first; "" for none.

    Every digit is there: ``scale=0.018672, zero_point=-14``. Several tensors stand in lines with their names.
    """
    if node.quant is None:
        return ""
    known = [(name, getattr(node.quant, name)) for name in ("output", "input", "weight", "bias")]
    rows = [(name, params) for name, params in known if params is not None and params.scale is not None]
    texts = [f"scale={_plain(params.scale)}, zero_point={_plain(_whole(params.zero_point))}" for _, params in rows]
    if len(rows) < 2:
        return "".join(texts)
    return "\n".join(f"{name}: {text}" for (name, _), text in zip(rows, texts, strict=True))


def _whole(value: Number | tuple[Number, ...] | None) -> Number | tuple[Number, ...] | None:
    """Return zero points as the whole numbers that most are; those of embeddings are not."""
    if isinstance(value, tuple):
        return tuple(int(each) if isinstance(each, float) and each.is_integer() else each for each in value)
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _plain(value: Number | tuple[Number, ...] | None) -> str:
    return str([*value]) if isinstance(value, tuple) else str(value)


def _numbers(value: Number | tuple[Number, ...] | None) -> str:
    if value is None:
        return ""
    return channels(value) if isinstance(value, tuple) else number(value)
