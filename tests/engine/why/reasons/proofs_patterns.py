"""Interventions on the patterns and dtypes of an FX backend: a pattern is taken away, or one of its operators."""

from __future__ import annotations

import copy
from collections.abc import Callable, Collection
from typing import Any

import torch
from torch import nn
from torch.ao import quantization as quantizing
from torch.ao.quantization.backend_config import BackendConfig, get_native_backend_config

from tests.engine.why.reasons.flows import FxFlow
from tests.engine.why.reasons.reading import computed, is_kernel, node_of
from tests.engine.why.reasons.statement import Claim, NoIntervention


def backend_without(is_taken: Callable[[list[Any]], bool]) -> BackendConfig:
    """Return torch's backend without the patterns of which the parts say so."""
    known = get_native_backend_config()
    found = BackendConfig(known.name)
    for each in known.configs:
        if not is_taken(list(_leaves(each._pattern_complex_format or each.pattern))):
            found.set_backend_pattern_config(copy.copy(each))
    return found


def _leaves(pattern: Any) -> Any:
    if isinstance(pattern, tuple | list):
        for each in pattern:
            yield from _leaves(each)
    else:
        yield pattern


def pattern_is_true(pattern: dict[str, Any], name: str, flow: FxFlow) -> bool:
    """Without the pattern that a text names the operator is not taken, or is taken apart from the others."""
    base = flow.prepared()
    called = _called(base, name)
    if pattern["code"] == "pattern.joined":
        partners = pattern["roles"]["partners"]
        apart = flow.prepared(config=_apart(flow, name, partners))
        if flow.flow == "fx-dynamic":  # nothing is observed behind an operator: those behind the first are not taken
            behind = [each for each in (name, *partners) if _reads_any(base, each, (name, *partners))]
            return bool(behind) and all(_asks(base, each) and not _asks(apart, each) for each in behind)
        return not _stands_apart(base, name, partners) and _stands_apart(apart, name, partners)
    if pattern["code"] != "pattern.alone":
        raise NoIntervention(pattern["code"])
    if pattern["args"]["operator"].rpartition(".")[2] != getattr(called, "__name__", called):
        return False
    return not _asks(flow.prepared(config=backend_without(lambda parts: parts == [called])), name)


def _called(graph: Any, name: str) -> Any:
    node = node_of(graph, name)
    return type(graph.get_submodule(str(node.target))) if node.op == "call_module" else node.target


def _stands_apart(graph: Any, name: str, partners: list[str]) -> bool:
    """Return whether nothing hands on directly to its partner."""
    near = {each.name for each in (*node_of(graph, name).all_input_nodes, *node_of(graph, name).users)}
    return not near & set(partners)


def _reads_any(graph: Any, name: str, others: Collection[str]) -> bool:
    return any(each.name in others for each in node_of(graph, name).all_input_nodes)


def _asks(graph: Any, name: str) -> bool:
    info = node_of(graph, name).meta.get("target_dtype_info") or {}
    made = [info[key]() for key in info if key.endswith("_ctr") and info[key] is not None]
    return any(each.dtype not in (torch.float32, torch.float) for each in made)


def kernel_without_partner(claim: Claim, flow: FxFlow) -> bool:
    """It has no kernel; where the backend has no pattern of both, it has."""
    base = flow.converted()
    if is_kernel(base, claim.node) or not claim.many("partners"):
        return False
    config = _apart(flow, claim.node, claim.many("partners"))
    return is_kernel(flow.converted(config=config), claim.node)


def _apart(flow: FxFlow, name: str, partners: Collection[str]) -> BackendConfig:
    """Return the backend without the patterns that hold an operator and one of its partners."""
    base = flow.prepared()
    called, others = _called(base, name), [_called(base, each) for each in partners]

    def holds_both(parts: list[Any]) -> bool:
        return len(parts) > 1 and called in parts and any(each in parts for each in others)

    return backend_without(holds_both)


def reference_left(claim: Claim, flow: FxFlow) -> bool:
    """It gives floats by a weight on the grid of its scales; without what the text names it becomes a kernel."""
    base = flow.converted()
    module: Any = base.get_submodule(claim.args["target"])
    package = f"{type(module).__module__.partition('.modules')[0]}.{type(module).__name__}"
    value = computed(base, flow.inputs)[claim.node]
    if package != claim.args["module_type"] or value.is_quantized or not value.is_floating_point():
        return False
    used, given = module.get_weight(), module.weight
    is_rounded = not torch.equal(used, given) and len(used.unique()) < used.numel()
    return is_rounded and kernel_without_partner(claim, flow)


def kernel_with_other_weight(claim: Claim, flow: FxFlow) -> bool:
    """It is a float module; with the same activations and a weight of int8 it becomes a kernel."""
    own: Any = flow.prepared().meta["_observed_graph_module_attrs"].node_name_to_qconfig[claim.node]
    mapping = flow.mapping()
    other = quantizing.QConfig(own.activation, quantizing.default_per_channel_weight_observer)
    mapping.set_module_name(claim.args["target"], other)
    return not is_kernel(flow.converted(), claim.node) and is_kernel(flow.converted(mapping=mapping), claim.node)


def by_parametrization(claim: Claim, flow: FxFlow) -> bool:
    """It is observed and a float module; with the tensors that are named as plain parameters it becomes a kernel."""
    path = claim.args["target"]
    held: Any = flow.make().get_submodule(path)
    by = [type(each).__name__ for listed in held.parametrizations.values() for each in listed]
    if list(held.parametrizations) != claim.args["tensors"] or by != claim.args["by"]:
        return False
    if not _asks(flow.prepared(), claim.node) or is_kernel(flow.converted(), claim.node):
        return False

    def change(model: nn.Module) -> None:
        for each in claim.args["tensors"]:
            nn.utils.parametrize.remove_parametrizations(model.get_submodule(path), each)

    return is_kernel(flow.converted(change=change), claim.node)


PROOFS: dict[str, Callable[[Claim, FxFlow], bool]] = {
    "quantized.reference": reference_left,
    "float.parametrized": by_parametrization,
    "float.pattern_without_kernel": kernel_without_partner,
    "float.weight_dtype_not_supported": kernel_with_other_weight,
}
