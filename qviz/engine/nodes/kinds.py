"""Gives every node of a GraphModule its kind, in the order of docs/contract.md, section 3."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any

import torch
from torch.fx import GraphModule, Node

from qviz.document.graph import Kind, Value
from qviz.engine.nodes.called import called_module
from qviz.engine.nodes.module_roles import LOW, Role, role_of, weight_subclass
from qviz.engine.nodes.targets import QUANTIZED_DTYPES, bare_name, target_name

_TORCH = r"(torch(\.\w+)*|aten|prims|quantized|_quantized|quantized_decomposed|pt2e_quant|torchao)"
CONVERT = "quantized_decomposed.convert_element_type.no_fuse"
_BY_TARGET = (
    (re.compile(_TORCH + r"\._?(fake_quant|fused_moving_avg_obs_f)\w*(\.\w+)?"), Kind.FAKE_QUANT),
    (re.compile(_TORCH + r"\._?choose_qparams\w*(\.\w+)?"), Kind.CHOOSE_QPARAMS),
    (re.compile(_TORCH + r"\._?quantize_(per_|affine)\w*(\.\w+)?"), Kind.QUANTIZE),
    (re.compile(_TORCH + r"\._?dequantize\w*(\.\w+)?"), Kind.DEQUANTIZE),
    (re.compile(r"(_?quantized|quantized_decomposed)\..*|higher_order\.out_dtype"), Kind.QUANTIZED_OP),
    (re.compile(r"onednn\.(q|\w*dynamic_fp16|linear_prepack_fp16).*"), Kind.QUANTIZED_OP),
    (re.compile(r"higher_order\..*"), Kind.OP),
)
"""Kinds by the full name of a function; the first that fits counts."""

SHAPE_WORK = re.compile(
    r"view(_as)?|reshape(_as)?|(un)?flatten|ravel|(un)?squeeze|transpose|swap(axes|dims)|permute|move(dim|axis)|t|adjoint"
    r"|contiguous|clone|detach|alias|expand(_as)?|repeat(_interleave)?|tile|broadcast_to|cat|concat(enate)?|[hvd]?stack"
    r"|chunk|[hvd]split|(tensor_|unsafe_)?split(_with_sizes)?|unbind|select|slice|narrow|index(_select)?|gather|take"
    r"|getitem|flip|roll|rot90|pixel_(un)?shuffle|channel_shuffle|as_strided|diagonal|(un)?fold|to|cpu|cuda"
)
"""Functions and methods that move, copy or rearrange values of any type and compute none."""

SHAPE_QUERY = re.compile(
    r"size|shape|n?dim|ndimension|numel|stride|element_size|getattr|len|is_\w+|q_scale|q_zero_point|qscheme"
    r"|sym_(size|numel|stride)|_assert_tensor_metadata"
)
"""Operators that query a tensor: their result is not a quantized tensor."""

SHAPE_MODULE = re.compile(r"Identity|(Un)?[Ff]latten|Pixel(Uns|S)huffle|ChannelShuffle|(Un)?[Ff]old")

_FLOAT_RESULT = re.compile(r"embedding|dynamic|unpack|prepack", re.IGNORECASE)
"""Low-precision operators whose result is not a quantized tensor."""


def classify(
    module: GraphModule, values: Mapping[str, tuple[Value, ...]] | None = None, lifted: Collection[str] = ()
) -> dict[str, Kind]:
    """Return the kind of every node by its name.

    Args:
        module: The graph at any stage of any flow.
        values: Shapes and dtypes by node name where they are known; they tell arithmetic on
            quantized tensors. Where they are missing the dtype is followed through the graph.
        lifted: Names of placeholders that an exported program made of parameters and buffers.
    """
    known = values or {}
    kinds: dict[str, Kind] = {}
    carries: dict[Node, bool] = {}
    for node in module.graph.nodes:
        fed_low = any(carries[each] for each in node.all_input_nodes)
        kind = Kind.CONSTANT if node.name in lifted else _kind(module, node, fed_low)
        kinds[node.name] = kind
        if known.get(node.name):
            carries[node] = any(value.dtype in QUANTIZED_DTYPES for value in known[node.name])
        else:
            carries[node] = _gives_quantized_tensor(module, node, kind, fed_low)
    return kinds


def _kind(module: GraphModule, node: Node, fed_low: bool) -> Kind:
    match node.op:
        case "placeholder":
            return Kind.INPUT
        case "output":
            return Kind.OUTPUT
        case "get_attr":
            return Kind.CONSTANT
        case "call_module":
            return module_kind(called_module(module, node), fed_low)
        case "call_method":
            return _method_kind(node, fed_low)
        case _:
            return _function_kind(node, fed_low)


def module_kind(child: torch.nn.Module, fed_low: bool = False) -> Kind:
    """Return the kind of a module's call; `fed_low`: whether a quantized tensor goes in."""
    role = role_of(child)
    by_role = {
        Role.FAKE_QUANT: Kind.FAKE_QUANT,
        Role.OBSERVER: Kind.OBSERVER,
        Role.QUANTIZE: Kind.QUANTIZE,
        Role.DEQUANTIZE: Kind.DEQUANTIZE,
        Role.SEVERAL: Kind.FUSED_OP,
        Role.STUB: Kind.OP,
        Role.GRAPH: Kind.OP,
    }
    if role in LOW or (role is Role.PLAIN and weight_subclass(child) is not None):
        return Kind.QUANTIZED_OP
    if role in by_role:
        return by_role[role]
    return Kind.QUANTIZED_OP if fed_low and not SHAPE_MODULE.fullmatch(type(child).__name__) else Kind.OP


def _method_kind(node: Node, fed_low: bool) -> Kind:
    if node.target == "dequantize":
        return Kind.DEQUANTIZE
    if is_half_cast(node):
        return Kind.QUANTIZE
    return Kind.QUANTIZED_OP if fed_low and _computes(node.target) else Kind.OP


def is_half_cast(node: Node) -> bool:
    """Return whether a node is the cast to float16 of an FX flow: one that ``dequantize`` undoes."""
    return (
        node.op == "call_method"
        and node.target == "to"
        and torch.float16 in node.args
        and any(user.op == "call_method" and user.target == "dequantize" for user in node.users)
    )


def _function_kind(node: Node, fed_low: bool) -> Kind:
    name = target_name(node.target)
    if name == CONVERT:
        return Kind.QUANTIZE if torch.float16 in node.args else Kind.DEQUANTIZE
    for pattern, kind in _BY_TARGET:
        if pattern.fullmatch(name):
            return kind
    return Kind.QUANTIZED_OP if fed_low and _computes(node.target) else Kind.OP


def _computes(target: Any) -> bool:
    name = bare_name(target)
    return not SHAPE_WORK.fullmatch(name) and not SHAPE_QUERY.fullmatch(name)


def _gives_quantized_tensor(module: GraphModule, node: Node, kind: Kind, fed_low: bool) -> bool:
    """Follow the dtype where no value is known: does a quantized tensor come out?"""
    match kind:
        case Kind.CONSTANT:
            return _is_quantized_tensor(module, node)
        case Kind.QUANTIZE:
            of_plain_integers = target_name(node.target).startswith(("quantized_decomposed.", "pt2e_quant."))
            return not of_plain_integers and not is_half_cast(node)
        case Kind.QUANTIZED_OP if node.op == "call_module":
            return _module_gives_quantized_tensor(called_module(module, node), fed_low)
        case Kind.QUANTIZED_OP:
            name = target_name(node.target)
            return fed_low or (name.startswith("quantized.") and not _FLOAT_RESULT.search(name))
        case kind if kind.watches or kind is Kind.OP:
            return fed_low and not SHAPE_QUERY.fullmatch(bare_name(node.target))
    return False


def _module_gives_quantized_tensor(child: torch.nn.Module, fed_low: bool) -> bool:
    role = role_of(child)
    if role is Role.QUANTIZED:
        return not _FLOAT_RESULT.search(type(child).__name__)
    return role is Role.PLAIN and fed_low


def _is_quantized_tensor(module: GraphModule, node: Node) -> bool:
    if node.op != "get_attr":
        return False
    value: Any = module
    for part in str(node.target).split("."):
        value = getattr(value, part, None)
    return isinstance(value, torch.Tensor) and value.is_quantized
