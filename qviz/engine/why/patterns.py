"""Asks a backend configuration which operators it has patterns for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from functools import lru_cache
from itertools import pairwise
from typing import Any, NamedTuple

from torch import nn
from torch.ao.quantization import fuser_method_mappings as mappings
from torch.ao.quantization.backend_config import BackendConfig, get_native_backend_config
from torch.ao.quantization.backend_config.utils import (
    get_fused_module_classes,
    get_root_module_to_quantized_reference_module,
)
from torch.ao.quantization.fx import _lower_to_native_backend as lowering
from torch.fx import Graph
from torch.nn import functional
from torch.nn.utils.parametrize import type_before_parametrizations

from qviz.document.graph import Json
from qviz.engine.nodes.targets import target_name

BACKEND_CONFIG = "qviz.backend_config"
"""Where the meta of a prepared graph keeps the backend configuration that it was prepared with."""


class Held(NamedTuple):
    """What the patterns of a configuration are made of.

    Attributes:
        alone: What is a pattern by itself.
        together: For what is a part of patterns, the other parts.
    """

    alone: frozenset[Any]
    together: dict[Any, tuple[Any, ...]]


@lru_cache(maxsize=8)
def held(config: BackendConfig | None) -> Held:
    """Return what the patterns of a configuration hold; None is torch's own default."""
    known = config if config is not None else get_native_backend_config()
    alone: set[Any] = set()
    together: defaultdict[Any, dict[Any, None]] = defaultdict(dict)
    for each in known.configs:
        pattern = each._pattern_complex_format or each.pattern  # noqa: SLF001 - torch has no public way
        if not isinstance(pattern, tuple | list):
            alone.add(pattern)
            continue
        parts = list(_leaves(pattern))
        for part in parts:
            together[part].update(dict.fromkeys(other for other in parts if other is not part))
    return Held(frozenset(alone), {part: tuple(others) for part, others in together.items()})


@lru_cache(maxsize=8)
def fused_pairs(config: BackendConfig | None) -> frozenset[tuple[Any, Any]]:
    """Return what comes right before what in the patterns that are fused, types and functions; None is torch's own."""
    known = config if config is not None else get_native_backend_config()
    found: set[tuple[Any, Any]] = set()
    for each in known.configs:
        if each.fuser_method is None:
            continue
        if each._pattern_complex_format is not None:  # noqa: SLF001 - torch has no public way
            found.update(_nested_pairs(each._pattern_complex_format))  # noqa: SLF001
        elif isinstance(each.pattern, tuple):
            found.update(pairwise(each.pattern))
    return frozenset(found)


_INTERPOLATED = ("nearest", "nearest-exact", "bilinear")
"""The modes of torch.nn.functional.interpolate with a kernel for quantized tensors."""


def other_forms(called: Any, patterns: Held, module: Any = None) -> list[str]:
    """Return the patterns that compute what a function or a module of torch does, in another form of it.

    That is a module or a function of the same name (``a @ b`` and ``torch.matmul``, ``torch.softmax`` and
    ``torch.nn.Softmax``), or the one function that a module's forward() calls (``torch.nn.Upsample`` and
    ``torch.nn.functional.interpolate``); where it calls several, as attention does, none of them is the module.

    Args:
        called: The class of the module, or the function.
        patterns: Of the backend.
        module: The module itself; what it interpolates by may have no kernel.
    """
    if isinstance(module, nn.Upsample) and module.mode not in _INTERPOLATED:
        return []
    name = _own_name(called)
    found = [each for each in patterns.alone if _own_name(each) == name and not isinstance(each, str)]
    if isinstance(called, type) and called.__module__.startswith("torch.nn."):
        code = getattr(getattr(called, "forward", None), "__code__", None)
        functions = (getattr(functional, each, None) for each in (code.co_names if code is not None else ()))
        known = [each for each in functions if each is not None]
        found += [each for each in known if len(known) == 1 and each in patterns.alone]
    found = [each for each in found if isinstance(each, type) or is_lowered(each)]
    return sorted({_full_name(each) for each in found if each is not called})


def is_lowered(function: Any) -> bool:
    """Tell whether ``convert_fx`` has a low-precision form of a function; not all that have a pattern have one."""
    node = Graph().call_function(function)
    judges = (
        lowering.is_default_node,
        lowering.is_special_pattern_node,
        lowering.is_copy_node,
        lowering.is_general_tensor_shape_node,
        lowering.is_other_node,
        lowering.is_fixed_qparams_node,
    )
    listed = (*lowering.STATIC_LOWER_FUNCTIONAL_MAP, *lowering.QBIN_OP_MAPPING)
    return function in listed or any(any(judge(node, {})) for judge in judges)


def _own_name(called: Any) -> str:
    return str(called if isinstance(called, str) else getattr(called, "__name__", "")).strip("_").lower()


def _full_name(called: Any) -> str:
    if isinstance(called, type):
        return f"torch.nn.{called.__name__}" if hasattr(nn, called.__name__) else called.__name__
    is_functional = getattr(functional, called.__name__, None) is called
    return f"torch.nn.functional.{called.__name__}" if is_functional else target_name(called)


@lru_cache(maxsize=1)
def listed_pairs() -> frozenset[tuple[Any, Any]]:
    """Return the same of what ``fuse_modules`` can fuse."""
    known = mappings._DEFAULT_OP_LIST_TO_FUSER_METHOD  # noqa: SLF001 - torch has no public way
    return frozenset(pair for each in known if isinstance(each, tuple) for pair in pairwise(each))


def _nested_pairs(pattern: Any) -> Iterator[tuple[Any, Any]]:
    """Yield the pairs of a pattern that begins with its last operator."""
    if not isinstance(pattern, tuple | list):
        return
    last, *inputs = pattern
    for each in inputs:
        yield (each[0] if isinstance(each, tuple | list) else each), last
        yield from _nested_pairs(each)


def _leaves(pattern: Any) -> Iterator[Any]:
    if isinstance(pattern, tuple | list):
        for part in pattern:
            yield from _leaves(part)
    elif pattern is not None:
        yield pattern


def is_rootless(module: nn.Module, config: BackendConfig | None) -> bool:
    """Tell whether a configuration lists a module for observers and names nothing that convert puts in its place."""
    known = config if config is not None else get_native_backend_config()
    roots = get_root_module_to_quantized_reference_module(known)
    if type_before_parametrizations(module) in get_fused_module_classes(known):
        return type_before_parametrizations(next(module.children(), module)) not in roots
    return type_before_parametrizations(module) not in roots


def other_weight(called: Any, qconfig: Any, config: BackendConfig | None) -> dict[str, Json]:
    """Return the dtypes of a qconfig whose weights the pattern of a module does not list, with one that it does.

    ``prepare_fx`` compares the dtypes of activations, ``convert_fx`` those of weights as well. Nothing is returned
    where the weights are listed, or the pattern has no weight.
    """
    dtypes = dtypes_of(qconfig)
    known = config if config is not None else get_native_backend_config()
    listed = {
        str(each.weight_dtype): str(each.input_dtype)
        for pattern in known.configs
        if pattern.pattern is called
        for each in pattern.dtype_configs
        if each.weight_dtype is not None
    }
    weight = dtypes.get("weight")
    if not listed or weight is None or weight in listed:
        return {}
    fits = [each for each, activation in listed.items() if activation == dtypes.get("activation")]
    return {f"{name}_dtype": dtype for name, dtype in dtypes.items()} | ({"listed": fits[0]} if fits else {})


def dtypes_of(qconfig: Any) -> dict[str, Json]:
    """Return the dtypes of ``activation`` and ``weight`` as far as a qconfig's constructors tell them."""
    found: dict[str, Json] = {}
    for name in ("activation", "weight"):
        constructor: Any = getattr(qconfig, name, None)
        try:
            found[name] = str(constructor().dtype)
        except (AttributeError, TypeError):  # a placeholder without a dtype, or a function of the user's
            continue
    return found
