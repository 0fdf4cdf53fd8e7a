"""Counts multiply-accumulates as torch's ``FlopCounterMode`` does, also of CPU kernels that it does not know."""

from __future__ import annotations

import copy
import math
import re
import sys
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.fx import GraphModule, Node
from torch.nn.modules.conv import _ConvTransposeNd
from torch.utils import _pytree as pytree
from torch.utils.flop_counter import FlopCounterMode

from qviz.document.graph import Value
from qviz.engine.nodes.called import called_module
from qviz.engine.nodes.module_roles import OBSERVING, role_of
from qviz.engine.nodes.targets import bare_name

_MULTIPLIES = re.compile(
    r".*(conv|linear|matmul|mm|bilinear|einsum|tensordot|inner|lstm|gru|rnn|attention).*", re.IGNORECASE
)
"""Names of functions that may multiply matrices; others are not asked."""
_WITH_WEIGHT = (
    nn.Linear,
    nn.Conv1d,
    nn.Conv2d,
    nn.Conv3d,
    nn.ConvTranspose1d,
    nn.ConvTranspose2d,
    nn.ConvTranspose3d,
)
"""Modules that multiply their weight and nothing else; a class derived from them may do more."""
_WEIGHTED = re.compile(r"linear|conv(_transpose)?[123]d")
_PRODUCTS = {"matmul": 0, "mm": 0, "bmm": 0, "addmm": 1, "baddbmm": 1}
"""Products of matrices, with the place of the first one among the tensors given."""


def flop_counter() -> FlopCounterMode:
    """Return a counter of floating-point operations; two of them are one multiply-accumulate."""
    aten = torch.ops.aten
    known = {
        aten._scaled_dot_product_flash_attention_for_cpu: _attention,  # noqa: SLF001 - torch's name
        aten.mkldnn_rnn_layer: _recurrent_layer,
        aten.mv: _matrix_vector,
    }
    return FlopCounterMode(display=False, custom_mapping=known)


def _attention(query: Sequence[int], key: Sequence[int], value: Sequence[int], *_: Any, **__: Any) -> int:
    *batch, length, width = query
    return 2 * math.prod(batch) * length * key[-2] * (width + value[-1])


def _recurrent_layer(
    sequence: Sequence[int], of_input: Sequence[int], of_state: Sequence[int], *_: Any, **__: Any
) -> int:
    return 2 * math.prod(sequence[:-1]) * (math.prod(of_input) + math.prod(of_state))


def _matrix_vector(matrix: Sequence[int], *_: Any, **__: Any) -> int:
    return 2 * math.prod(matrix)


class Macs(NamedTuple):
    """Multiply-accumulates.

    Attributes:
        total: Of one call; None where it may multiply and could not be made.
        inside: Those of the innermost modules that it calls, by their path in it.
    """

    total: int | None
    inside: Mapping[str, int] = {}


def macs_of(module: GraphModule, node: Node, values: Mapping[str, Sequence[Value]]) -> Macs:
    """Return the multiply-accumulates of one call in float: by its shapes, else by a call on zeros.

    Args:
        module: The graph; it stays as it is.
        node: One of its nodes.
        values: Shapes and dtypes of what its nodes give.
    """
    called = _called(module, node)
    if called is None:
        return Macs(0)
    try:
        by_shape = _by_shapes(called, node, values)
        return _by_call(called, node, values) if by_shape is None else Macs(by_shape)
    except Exception:  # an operator of any package may refuse zeros, or have results that nothing is known of
        return Macs(None)


def _called(module: GraphModule, node: Node) -> Any:
    """Return what to call; None for what multiplies nothing."""
    if node.op == "call_module":
        child = called_module(module, node)
        if role_of(child) in OBSERVING or isinstance(child, (nn.Embedding, nn.EmbeddingBag, GraphModule)):
            return None
        return child if any(each.dim() > 1 for each in child.parameters()) else None
    if node.op not in ("call_function", "call_method") or not _MULTIPLIES.fullmatch(bare_name(node.target)):
        return None
    return node.target if node.op == "call_function" else _CalledMethod(str(node.target))


class _CalledMethod:
    def __init__(self, name: str) -> None:
        self.name = name

    def __call__(self, of: Tensor, *args: Any, **kwargs: Any) -> Any:
        return getattr(of, self.name)(*args, **kwargs)


def _by_shapes(called: Any, node: Node, values: Mapping[str, Sequence[Value]]) -> int | None:
    """Return the count of what needs no call: convolutions, products of matrices, attention."""
    given = [_shape(each, values) for each in node.args if isinstance(each, Node)]
    if isinstance(called, nn.Module):
        weight = called.weight if type(called) in _WITH_WEIGHT else None
        if not isinstance(weight, Tensor):
            return None
        return _of_weight([*weight.shape], given[0], _shape(node, values), isinstance(called, _ConvTransposeNd))
    name = bare_name(node.target)
    if _WEIGHTED.fullmatch(name) and len(given) > 1:
        return _of_weight(given[1], given[0], _shape(node, values), "transpose" in name)
    if name in _PRODUCTS and len(given) > _PRODUCTS[name]:
        return math.prod(_shape(node, values)) * given[_PRODUCTS[name]][-1]
    return _attention(*given[:3]) // 2 if name == "scaled_dot_product_attention" and len(given) > 2 else None


def _of_weight(weight: Sequence[int], given: Sequence[int], result: Sequence[int], is_turned: bool) -> int:
    """Return how often each number of a weight is multiplied: at each place of the result, or of the input."""
    is_linear = len(weight) == 2
    if is_linear:
        return math.prod(weight) * math.prod(result[:-1])
    places, channels = (given, weight[0]) if is_turned else (result, weight[0])
    return math.prod(weight) * (math.prod(places) // channels)


def _by_call(called: Any, node: Node, values: Mapping[str, Sequence[Value]]) -> Macs:
    """Return what torch counts in a call on zeros.

    They have no data where dynamo is imported: what computes shapes alone imports it, which takes longer than most FX
    and eager flows.
    """
    device = "meta" if "torch._dynamo" in sys.modules else "cpu"
    args, kwargs = pytree.tree_map_only(Node, lambda each: _zeros(each, values, device), (node.args, node.kwargs))
    with torch.no_grad(), warnings.catch_warnings(), without_attention_kernel(), flop_counter() as counter:
        warnings.simplefilter("ignore")
        (_in_eval(called, device) if isinstance(called, nn.Module) else called)(*args, **kwargs)
    inside: dict[str, int] = {}
    if isinstance(called, nn.Module):
        prefix = f"{type(called).__name__}."
        by_module = {str(name).removeprefix(prefix): each for name, each in counter.get_flop_counts().items()}
        innermost = [path for path, each in called.named_modules() if path and not [*each.children()]]
        inside = {path: sum(by_module[path].values()) // 2 for path in innermost if path in by_module}
    return Macs(int(counter.get_total_flops()) // 2, inside)


def _in_eval(child: nn.Module, device: str) -> nn.Module:
    """Return a copy in eval mode that shares the tensors, or has some without data."""
    memo: dict[int, Any] = {}
    for each in (*child.parameters(), *child.buffers()):
        empty = torch.empty_like(each, device="meta") if device == "meta" else each
        memo[id(each)] = nn.Parameter(empty, requires_grad=False) if isinstance(each, nn.Parameter) else empty
    return copy.deepcopy(child, memo).eval()


def _zeros(node: Node, values: Mapping[str, Sequence[Value]], device: str) -> Any:
    given = [
        torch.zeros((), dtype=_dtype(value), device=device).expand(lengths)
        for value, lengths in zip(values[node.name], _shapes(node, values), strict=True)
    ]
    return given[0] if len(given) == 1 else tuple(given)


def _shape(node: Node, values: Mapping[str, Sequence[Value]]) -> list[int]:
    return _shapes(node, values)[0]


def _shapes(node: Node, values: Mapping[str, Sequence[Value]]) -> list[list[int]]:
    """Return the lengths of what a node gives; of symbolic ones those of the example inputs."""
    exported = node.meta.get("val")
    if isinstance(exported, Tensor):
        return [[_length(each) for each in exported.shape]]
    return [[int(each) for each in value.shape] for value in values[node.name]]


def _length(size: Any) -> int:
    return size if type(size) is int else int(size.node.hint)


def _dtype(value: Value) -> torch.dtype:
    found: torch.dtype = getattr(torch, value.dtype.removeprefix("torch."))
    return found


@contextmanager
def without_attention_kernel() -> Iterator[None]:
    """Let attention run as ordinary operators: its fused kernel has no fake form, and takes the time of a real run."""
    was_enabled = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        yield
    finally:
        torch.backends.mha.set_fastpath_enabled(was_enabled)
