"""What a layer, or a function of torch, needs of the tensor that it gets first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, NamedTuple, TypeAlias

from torch import Tensor, nn
from torch.nn import Module

from qviz.words.formats import stride

NeedKind: TypeAlias = Literal["channels", "features", "sequence", "rows", "mask", "dims"]
_CONV_DIMS = {"conv1d": 3, "conv2d": 4, "conv3d": 5}
_FLAT = 2


class LayerNeed(NamedTuple):
    """What is needed.

    Attributes:
        kind: ``channels`` in dimension 1, ``features`` in the last one, a ``sequence`` of features, integers below a
            number of ``rows``, booleans as a ``mask``, or a number of ``dims`` alone.
        size: Of channels, features, rows; None where it is free.
        dims: The number of dimensions; None where it is free.
        layer: The layer in torch's terms.
        is_batch_first: Of a sequence: whether the batch is its first dimension.
    """

    kind: NeedKind
    size: int | None
    dims: int | None
    layer: str
    is_batch_first: bool = True


def need_of_module(module: Module) -> LayerNeed | None:  # noqa: PLR0911 - a case for each family of layers
    """Return what a module needs of its first argument; None for one that takes anything, or is not known."""
    name = type(module).__name__
    match module:
        case nn.modules.conv._ConvNd():  # noqa: SLF001 - the base of all
            size = module.in_channels or None
            dims = len(module.kernel_size) + 2
            return LayerNeed("channels", size, dims, f"{name} {_conv(module)}")
        case nn.Linear():
            return LayerNeed("features", module.in_features or None, None, f"{name} {_sizes(module)}")
        case nn.Embedding() | nn.EmbeddingBag():
            rows, width = module.num_embeddings, module.embedding_dim
            return LayerNeed("rows", rows, None, f"{name} {rows:,} × {width}")
        case nn.RNNBase():
            return LayerNeed("sequence", module.input_size, 3, f"{name} {module.input_size}", module.batch_first)
        case nn.RNNCellBase():
            return LayerNeed("features", module.input_size, _FLAT, f"{name} {module.input_size}")
        case nn.MultiheadAttention():
            return LayerNeed("sequence", module.embed_dim, 3, f"{name} {module.embed_dim}", module.batch_first)
        case nn.modules.batchnorm._NormBase():  # noqa: SLF001 - batch and instance norms
            norm_dims = {"2d": 4, "3d": 5}.get(name[-2:])
            return LayerNeed("channels", module.num_features or None, norm_dims, f"{name} {module.num_features}")
        case nn.GroupNorm():
            return LayerNeed("channels", module.num_channels, None, f"{name} {module.num_channels}")
        case nn.LayerNorm() | nn.RMSNorm():
            return LayerNeed("features", module.normalized_shape[-1], None, f"{name} {module.normalized_shape[-1]}")
    return _of_pool(module, name)


def _of_pool(module: Module, name: str) -> LayerNeed | None:
    is_pool = type(module).__module__ == "torch.nn.modules.pooling" and name[-2:] in ("1d", "2d", "3d")
    return LayerNeed("dims", None, int(name[-2]) + 2, name) if is_pool else None


def _conv(module: nn.modules.conv._ConvNd) -> str:
    kernel = "×".join(map(str, module.kernel_size))
    parts = (f"{module.in_channels} → {module.out_channels}", kernel, stride(module.stride))
    return ", ".join(filter(None, parts))


def _sizes(module: nn.Linear) -> str:
    return f"{module.in_features:,} → {module.out_features:,}"


def need_of_call(name: str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> tuple[LayerNeed, Any] | None:  # noqa: PLR0911 - a case for each family of functions
    """Return what a function of torch needs, and of which of its arguments."""
    values = [*args, *kwargs.values()]
    first, second = [*values, None, None][:2]
    if name in _CONV_DIMS and isinstance(second, Tensor):
        groups = kwargs.get("groups", args[6] if len(args) > 6 else 1)
        size = second.shape[1] * (groups if isinstance(groups, int) else 1)
        return LayerNeed("channels", size, _CONV_DIMS[name], f"{name} {size} → {second.shape[0]}"), first
    if name == "linear" and isinstance(second, Tensor):
        return LayerNeed("features", second.shape[-1], None, f"linear {second.shape[-1]} → {second.shape[0]}"), first
    if name in ("embedding", "embedding_bag") and isinstance(second, Tensor):
        return LayerNeed("rows", second.shape[0], None, f"{name} {second.shape[0]:,} rows"), first
    if name in ("matmul", "__matmul__", "mm") and isinstance(second, nn.Parameter) and second.dim() == _FLAT:
        return LayerNeed("features", second.shape[0], None, f"{name} {second.shape[0]} → {second.shape[1]}"), first
    if name == "__getitem__" and isinstance(first, Tensor) and isinstance(second, Tensor):
        return LayerNeed("rows", first.shape[0], None, f"index of {first.shape[0]:,} rows"), second
    if name == "index_select" and isinstance(first, Tensor) and len(values) > _FLAT:
        return LayerNeed("rows", first.shape[values[1]], 1, f"index_select of {first.shape[values[1]]:,}"), values[2]
    if name == "one_hot":
        rows = second if isinstance(second, int) and second > 0 else None
        return LayerNeed("rows", rows, None, name), first
    if name in ("masked_fill", "masked_fill_"):
        return LayerNeed("mask", None, None, name), second
    return (LayerNeed("mask", None, None, name), first) if name == "where" else None
