"""The two lines in a box: its title, and what its node does in the fewest numbers."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

from qviz.analysis.regions import function_name
from qviz.analysis.views.dtypes import shape_text, short_dtype
from qviz.document.graph import COMPUTING, Json, Kind, Node, Number, QParams, Value
from qviz.document.snapshot import Facts
from qviz.words import mark, names, tr, trn
from qviz.words.formats import dtype, grouped, number, span, stride
from qviz.words.language import Language, language
from qviz.words.visible import one_line, short_name

OBSERVERS = {
    "MinMaxObserver": mark("min max"),
    "MovingAverageMinMaxObserver": mark("moving average"),
    "PerChannelMinMaxObserver": mark("per channel min max"),
    "MovingAveragePerChannelMinMaxObserver": mark("per channel moving average"),
    "HistogramObserver": mark("histogram"),
    "FixedQParamsObserver": mark("fixed qparams"),
}
NAMESPACES = ("aten", "quantized", "quantized_decomposed", "onednn", "prims", "torchvision")
"""Namespaces of torch's operators, whose names end in an overload."""
_COUNTED = re.compile(r"_\d+$")
GROUPS = 6
"""Where aten's convolutions take the number of groups."""
MAX_SUBTITLE = 44
"""Letters; a longer text is cut, the inspector shows it all."""


def caption(node: Node, fact: Facts | None, weight: Value | None = None, leaf: str | None = None) -> tuple[str, str]:
    """Return the title and subtitle of a node.

    Args:
        node: The node.
        fact: What was measured at it.
        weight: The operator's weight, where its shape is known.
        leaf: The path of the leaf module whose only operator this is.
    """
    title = _name(node, leaf) if node.kind in COMPUTING else _title(node, fact)
    return short_name(title), _cut(one_line(_subtitle(node, fact, weight, title)))


def _title(node: Node, fact: Facts | None) -> str:
    match node.kind:
        case Kind.INPUT:
            return node.target
        case Kind.CONSTANT:
            return node.target.rpartition(".")[2]
        case Kind.OBSERVER:
            return _observer(node)
        case Kind.FAKE_QUANT:
            return _with_range(names.kind(node.kind.value), fact)
        case kind:
            return _kind_name(kind, language())


@lru_cache(maxsize=64)
def _kind_name(kind: Kind, _: Language) -> str:
    return names.kind(kind.value)


def _subtitle(node: Node, fact: Facts | None, weight: Value | None, title: str) -> str:
    if node.kind is Kind.OP:
        return _operator(node, title, weight)
    if node.kind in _TOLD:
        return _TOLD[node.kind](node)
    match node.kind:
        case Kind.OBSERVER:
            is_empty = fact is not None and fact.observer is not None and fact.observer.calibrated is False
            return tr("not calibrated") if is_empty else _range(fact)
        case Kind.QUANTIZED_OP:
            return _quantized(node, weight, title)
        case Kind.FUSED_OP:
            return _join([_fused(node), _sizes(node, weight)], " ")
        case _:
            return ""


def signature(node: Node) -> str:
    """Return what an operator is, with its sizes: ``Conv2d 3 → 64, 7×7, /2``."""
    name = _fused(node) if node.kind is Kind.FUSED_OP else node.module_type
    name = name if node.op == "call_module" else operator_name(node)
    return _join([name, _sizes(node, None) or _shape_arguments(node)], " ")


def title_of(node: Node, leaf: str | None) -> str:
    """Return what an operator is called: its module, where it is alone in it, else its own name."""
    return _name(node, leaf)


def short_path(path: str) -> str:
    """Return the last part of a module path, and those before it as long as it is a bare number."""
    parts = path.split(".")
    start = next((i for i in range(len(parts) - 1, -1, -1) if not parts[i].isdigit()), 0)
    return ".".join(parts[start:])


def between(first: str, last: str) -> str:
    """Return ``0 … 6`` for the first and the last of several modules, ``block_0 … 6`` for longer names."""
    one, other = (path.rpartition(".")[2] for path in (first, last))
    name = re.sub(r"\d+$", "", one)
    return f"{one} … {other.removeprefix(name)}"


def operator_name(node: Node) -> str:
    """Return ``conv2d`` for ``aten.conv2d.default``, ``add_relu`` for ``quantized.add_relu``."""
    known = _in_namespace(node.target) if node.op == "call_function" else ""
    return known or function_name(node)


@lru_cache(maxsize=4096)
def _in_namespace(target: str) -> str:
    """Return the name of an operator of torch's; empty for other functions."""
    parts = target.split(".")
    return parts[-2].rstrip("_") if len(parts) > 2 and parts[-3] in NAMESPACES else ""


def _name(node: Node, leaf: str | None) -> str:
    if node.op != "call_module":
        return short_path(leaf) if leaf else node.name
    path = node.module_path or node.target
    again = re.fullmatch(re.escape(path.replace(".", "_")) + r"(_\d+)", node.name)
    return short_path(path) + (again[1] if again else "")


def _value(node: Node) -> str:
    if len(node.values) != 1:
        return ""
    return _join([shape_text(node.values[0].shape), short_dtype(node.values[0].dtype)], " ")


def _observer(node: Node) -> str:
    type_ = node.observer.type if node.observer else node.module_type
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", re.sub(r"Observer(Base)?$", "", type_)).lower()
    return tr(OBSERVERS[type_]) if type_ in OBSERVERS else words or names.kind(node.kind.value)


def _with_range(name: str, fact: Facts | None) -> str:
    seen = _range(fact)
    return tr("{observer} {range}", observer=name, range=seen) if seen else name


def _range(fact: Facts | None) -> str:
    observer = fact.observer if fact else None
    if observer is None or observer.min is None or observer.max is None or observer.calibrated is False:
        return ""
    lows, highs = _list(observer.min), _list(observer.max)
    if not lows or not highs:
        return ""
    return span(min(lows, key=_float), max(highs, key=_float))


def _list(value: Number | tuple[Number, ...]) -> tuple[Number, ...]:
    return value if isinstance(value, tuple) else (value,)


def _float(value: Number) -> float:
    return float(value)


def _scale(params: QParams | None) -> str:
    if params is None:
        return ""
    if isinstance(params.scale, tuple):
        return _channels(params)
    if params.scale is None:
        return short_dtype(params.dtype)
    scale, zero_point = number(params.scale), params.zero_point
    if zero_point is None or isinstance(zero_point, tuple):
        return tr("scale {scale}", scale=scale)
    return tr("scale {scale} · zp {zero_point}", scale=scale, zero_point=number(zero_point))


def _channels(params: QParams) -> str:
    count = len(params.scale) if isinstance(params.scale, tuple) else 0
    return trn(count, "{dtype} · {count} channel", "{dtype} · {count} channels", dtype=short_dtype(params.dtype))


def _quantize(node: Node) -> str:
    if node.quant and node.quant.output:
        return _scale(node.quant.output)
    return short_dtype(node.values[0].dtype) if node.values else ""


def _fake_quantize(node: Node) -> str:
    return _scale(node.quant.output if node.quant else None)


def _choose_qparams(node: Node) -> str:
    return short_dtype(node.quant.output.dtype) if node.quant and node.quant.output else ""


def _dequantize(node: Node) -> str:
    params = (node.quant.input or node.quant.output) if node.quant else None
    after = node.values[0].dtype.removeprefix("torch.") if len(node.values) == 1 else "float32"
    return f"{params.dtype.removeprefix('torch.')} → {after}" if params else f"→ {after}"


def _quantized(node: Node, weight: Value | None, title: str) -> str:
    type_ = node.module_type if node.op == "call_module" else _join([operator_name(node), _sizes(node, weight)], " ")
    params = node.quant
    if params and params.output and isinstance(params.output.scale, (int, float)):
        scale = number(params.output.scale)
        if _is_called(title, type_):
            return tr("scale {scale}", scale=scale)
        return tr("{type} · scale {scale}", type=type_, scale=scale)
    if params and params.weight:
        held = dtype(params.weight.dtype).removeprefix("q")
        if params.weight.axis is not None:
            return tr("{type} · {dtype} per channel", type=type_, dtype=held)
        return tr("{type} · {dtype} per tensor", type=type_, dtype=held)
    return type_


def _fused(node: Node) -> str:
    work = [part.type for part in node.parts or () if part.kind in (Kind.OP, Kind.FUSED_OP)]
    return " + ".join(work) or node.module_type


def _operator(node: Node, title: str, weight: Value | None) -> str:
    name = node.module_type if node.op == "call_module" else operator_name(node)
    detail = _sizes(node, weight) or _shape_arguments(node)
    if _is_called(title, name):
        return detail
    return f"{name} {detail}" if detail else name


def _is_called(title: str, name: str) -> bool:
    """Return whether a title is the name of the operator itself, such as ``mean_1``: said once, it is said."""
    return _COUNTED.sub("", title.rpartition(".")[2]).rstrip("_").lower() == name.lower()


def _sizes(node: Node, weight: Value | None) -> str:
    """Return ``3072 → 102400`` of a linear, ``3 → 64, 7×7, /2`` of a convolution, the features of a norm."""
    has = node.attributes
    if not has:
        return _weight_sizes(node, weight)
    if "in_channels" in has and "out_channels" in has:
        kernel = _kernel(has.get("kernel_size"))
        return _join([f"{has['in_channels']} → {has['out_channels']}", kernel, _stride(has.get("stride"))], ", ")
    for into, out in (("in_features", "out_features"), ("input_size", "hidden_size")):
        if into in has and out in has:
            return f"{has[into]} → {has[out]}"
    if isinstance(rows := has.get("num_embeddings"), int) and isinstance(wide := has.get("embedding_dim"), int):
        return f"{grouped(rows)} × {grouped(wide)}"
    for key in ("num_features", "normalized_shape", "num_embeddings"):
        if key in has:
            return _list_text(has[key])
    return _weight_sizes(node, weight)


def _weight_sizes(node: Node, weight: Value | None) -> str:
    if weight is None or len(weight.shape) < 2:
        return ""
    function = operator_name(node)
    out, into, *kernel = weight.shape
    if "linear" in function and not kernel:
        return f"{into} → {out}"
    if "conv" in function and kernel:
        groups = node.args[GROUPS] if len(node.args) > GROUPS else 1
        if isinstance(into, int) and isinstance(groups, int) and "transpose" not in function:
            into *= groups
        into, out = (out, into) if "transpose" in function else (into, out)
        return f"{into} → {out}, {shape_text(kernel)}"
    return ""


def _kernel(value: Json) -> str:
    return shape_text([str(each) for each in value]) if isinstance(value, list) else ""


def _stride(value: Json) -> str:
    steps: list[Any] = value if isinstance(value, list) else [value]
    return stride([each for each in steps if isinstance(each, int)])


def _shape_arguments(node: Node) -> str:
    """Return the plain numbers that a shape operator is called with: ``−1, 10, 32, 32``, ``dim 1``, ``[0]``."""
    name = operator_name(node)
    if node.op == "call_module" or name not in _SHAPERS:
        return ""
    told = _list_text(node.args[1:])
    if told and name == "getitem":
        return f"[{told}]"
    return tr("dim {numbers}", numbers=told) if told and name in _OF_DIMENSIONS else told


def _list_text(value: Json | Sequence[Json]) -> str:
    if isinstance(value, (list, tuple)):
        return ", ".join(filter(None, (_list_text(each) for each in value)))
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return tr("end") if value >= _OPEN_END else number(value)
    return ""


def _join(parts: Sequence[str], by: str) -> str:
    return by.join(part for part in parts if part)


def _cut(text: str) -> str:
    return text if len(text) <= MAX_SUBTITLE else f"{text[: MAX_SUBTITLE - 1]}…"


_OPEN_END = 2**62
"""From here on the end of a slice is that of the tensor: torch writes the largest integer."""
_OF_DIMENSIONS = frozenset({"flatten", "unsqueeze", "squeeze", "mean"})
"""Whose numbers are dimensions."""
_SHAPERS = frozenset(
    {"view", "reshape", "permute", "transpose", "flatten", "unsqueeze", "squeeze", "expand", "slice", "select",
     "getitem", "mean", "chunk", "split", "adaptive_avg_pool2d", "repeat", "movedim", "swapaxes"}
)  # fmt: skip
_TOLD: dict[Kind, Callable[[Node], str]] = {
    Kind.CONSTANT: _value,
    Kind.FAKE_QUANT: _fake_quantize,
    Kind.QUANTIZE: _quantize,
    Kind.DEQUANTIZE: _dequantize,
    Kind.CHOOSE_QPARAMS: _choose_qparams,
}
