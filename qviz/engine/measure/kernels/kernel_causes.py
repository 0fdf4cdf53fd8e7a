"""Known causes of a kernel that differs; each is looked for only where numbers showed a difference."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.ao.nn import quantized
from torch.fx import GraphModule, Node
from torch.nn.modules.instancenorm import _InstanceNorm

from qviz.document import graph as document
from qviz.document.graph import Json
from qviz.document.said import Said
from qviz.engine.nodes.targets import bare_name, target_name

_ADDS_IN_16_BITS = ("x86", "fbgemm", "onednn")
_WEIGHTED = ("conv", "linear")
_MAKE_WEIGHTS = tuple(f"torch.nn.utils.{each}" for each in ("weight_norm", "spectral_norm", "prune"))
_MOST = 127
_SLOPES_TO_ONE = """\
[[rules]]
kind = "object_type"
target = "torch.nn.PReLU"

[rules.qconfig.weight]
name = "FixedQParamsObserver"

[rules.qconfig.weight.arguments]
scale = 0.00392156862745098
zero_point = 0
dtype = "torch.quint8"
"""


def takes_scale(value: Any, given: Iterable[Any]) -> bool:
    """Return whether a result is quantized as one of the inputs is: torch had no other scale to take."""
    if not _is_per_tensor(value):
        return False
    return any(
        _is_per_tensor(leaf) and (leaf.q_scale(), leaf.q_zero_point()) == (value.q_scale(), value.q_zero_point())
        for each in given
        for leaf in (each if isinstance(each, tuple | list) else (each,))
    )


def _is_per_tensor(value: Any) -> bool:
    return (
        isinstance(value, Tensor)
        and value.is_quantized
        and value.qscheme() in (torch.per_tensor_affine, torch.per_tensor_symmetric)
    )


def is_wide(node: Node, given: Iterable[Any]) -> bool:
    """Return whether an operator gets integers whose products overflow where two are added in 16 bits.

    Source:
        ``vpmaddubsw`` of AVX2, which saturates; VNNI adds in 32 bits.
    """
    if torch.backends.quantized.engine not in _ADDS_IN_16_BITS or torch.cpu._is_vnni_supported():  # noqa: SLF001
        return False
    name = bare_name(node.target)
    if node.op == "call_module" and node.graph.owning_module is not None:
        name = type(node.graph.owning_module.get_submodule(str(node.target))).__name__.lower()
    first = next(iter(given), None)
    is_quantized = isinstance(first, Tensor) and first.is_quantized and first.numel() > 0
    return (
        name.startswith(_WEIGHTED)
        and isinstance(first, Tensor)
        and is_quantized
        and int(first.int_repr().max()) > _MOST
    )


def is_called_again(graph: GraphModule, node: str) -> bool:
    """Return whether a node calls a module that another node calls, too: its kernel has one scale for both."""
    calls = [each for each in graph.graph.nodes if each.op == "call_module"]
    target = next((each.target for each in calls if each.name == node), None)
    return [each.target for each in calls].count(target or "") > 1


def overflow(node: str) -> Said:
    """Return that products overflow on this machine."""
    return Said("kernel.overflow", {"subject": (node,)}, {"engine": torch.backends.quantized.engine})


def of_operators(
    simulated: GraphModule, converted: GraphModule, region: Sequence[document.Node], stands_for: Collection[str]
) -> Said | None:
    """Return what is known of operators of the converted graph that were compared as one, behind the last.

    Args:
        simulated: The float graph.
        converted: The graph with the kernels.
        region: The operators as they were recorded, in their order.
        stands_for: The names of what the last one computes in the float graph.
    """
    node = region[-1]
    return (
        of_bag(simulated, converted, node)
        or next((said for each in region if (said := of_hooks(simulated, converted, each))), None)
        or next((said for each in region if (said := of_weight(simulated, converted, each))), None)
        or of_slopes(converted, node)
        or of_settings(simulated, converted, node)
        or of_arguments(simulated, converted, node, stands_for)
    )


def of_arguments(
    simulated: GraphModule, converted: GraphModule, node: document.Node, stands_for: Collection[str]
) -> Said | None:
    """Return that convert dropped what a function is called with by name: it gives kernels none of that."""
    kernel = next((each for each in converted.graph.nodes if each.name == node.id), None)
    if kernel is None or kernel.op != "call_function" or not str(kernel.target).startswith("quantized"):
        return None
    for each in simulated.graph.nodes:
        if each.name in stands_for and each.op == "call_function":
            taken = (*kernel.kwargs, "inplace")  # which changes where the result is kept, not what it is
            lost: list[Json] = [f"{name}={value}" for name, value in each.kwargs.items() if name not in taken]
            if lost:
                args: dict[str, Json] = {"arguments": lost, "function": target_name(each.target)}
                return Said("kernel.arguments_dropped", {"subject": (node.id,)}, {**args, "kernel": node.target})
    return None


def of_settings(simulated: GraphModule, converted: GraphModule, node: document.Node) -> Said | None:
    """Return which setting of a float module its quantized one has not."""
    if node.op != "call_module":
        return None
    float_one, kernel = _module(simulated, node.target), _module(converted, node.target)
    is_norm = isinstance(float_one, _InstanceNorm) and float_one.track_running_stats and not float_one.training
    if is_norm and type(kernel).__module__.startswith("torch.ao.nn.quantized"):
        return Said("kernel.setting_dropped", {"subject": (node.id,)}, {"setting": "track_running_stats"})
    is_embedding = isinstance(float_one, nn.Embedding | nn.EmbeddingBag) and float_one.max_norm is not None
    if is_embedding and isinstance(kernel, quantized.Embedding | quantized.EmbeddingBag):
        return Said("kernel.setting_dropped", {"subject": (node.id,)}, {"setting": "max_norm"})
    return None


def of_bag(simulated: GraphModule, converted: GraphModule, node: document.Node) -> Said | None:
    """Return that a bag of embeddings is summed where its mode is another; ``embedding_bag_byte`` ignores the mode."""
    if node.op != "call_module":
        return None
    float_one, quantized = _module(simulated, node.target), _module(converted, node.target)
    is_quantized = type(quantized).__module__.startswith("torch.ao.nn.quantized")
    if not isinstance(float_one, nn.EmbeddingBag) or not is_quantized or float_one.mode == "sum":
        return None
    return Said("kernel.bag_sums", {"subject": (node.id,)}, {"mode": float_one.mode})


def of_hooks(simulated: GraphModule, converted: GraphModule, node: document.Node) -> Said | None:
    """Return that a module has lost its hooks: what takes its place in an FX graph has none."""
    if node.op != "call_module":
        return None
    before, after = _module(simulated, node.target), _module(converted, node.target)
    if before is None or after is None or type(before) is type(after):
        return None
    return Said("kernel.hooks_lost", {"subject": (node.id,)}) if _has_hooks(before) and not _has_hooks(after) else None


def of_weight(simulated: GraphModule, converted: GraphModule, node: document.Node) -> Said | None:
    """Return that a hook of torch's own computes a weight at every call: convert takes what the last call left."""
    if node.op != "call_module":
        return None
    before, after = _module(simulated, node.target), _module(converted, node.target)
    if before is None or after is None or _weight_hook(after) is not None:
        return None
    hook = _weight_hook(before)
    return Said("kernel.weight_by_hook", {"subject": (node.id,)}, {"hook": hook}) if hook is not None else None


def _weight_hook(module: nn.Module) -> str | None:
    """Return the module of torch whose hook computes the weight of a module, or of one in it."""
    hooks = (hook for each in module.modules() for hook in each._forward_pre_hooks.values())  # noqa: SLF001
    names = (type(hook).__module__ for hook in hooks)
    return next((name.rpartition(".")[2] for name in names if name in _MAKE_WEIGHTS), None)


def _has_hooks(module: nn.Module) -> bool:
    """Tell whether hooks of the user's own are on a module or in it; torch's own watch, or make weights."""
    return any(
        not str(getattr(hook, "__module__", "")).startswith("torch.")
        for each in module.modules()
        for hook in (*each._forward_hooks.values(), *each._forward_pre_hooks.values())  # noqa: SLF001
    )


def of_slopes(converted: GraphModule, node: document.Node) -> Said | None:
    """Return that a PReLU scales positive values: the kernel multiplies them by 1 in the quantization of the slopes."""
    module = _module(converted, node.target) if node.op == "call_module" else None
    if not isinstance(module, quantized.PReLU):
        return None
    largest = (torch.iinfo(torch.uint8).max - module.weight.q_zero_point()) * module.weight.q_scale()
    if largest >= 1:
        return None
    patch: dict[str, Json] = {} if (module.weight.dequantize() < 0).any() else {"patch": _SLOPES_TO_ONE}
    return Said("kernel.slopes_below_one", {"subject": (node.id,)}, {"largest": largest, **patch})


def _module(graph: GraphModule, path: str) -> nn.Module | None:
    try:
        return graph.get_submodule(path)
    except AttributeError:
        return None
