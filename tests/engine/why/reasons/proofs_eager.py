"""Interventions in eager mode: a qconfig is taken from a module or given to it, a stub is replaced."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any

import torch
from torch import nn
from torch.ao import quantization as quantizing
from torch.ao.quantization.quantization_mappings import get_default_qconfig_propagation_list

from tests.engine.why.reasons.flows import EagerFlow, watches
from tests.engine.why.reasons.reading import computed, node_of, of_modules
from tests.engine.why.reasons.statement import Claim


def _path(claim: Claim) -> str:
    path = claim.args.get("path") or claim.args.get("target") or claim.fields["target"]
    return str(path).removesuffix(".activation_post_process")


def _observer(model: nn.Module, path: str) -> nn.Module | None:
    found = getattr(model.get_submodule(path), "activation_post_process", None)
    return found if isinstance(found, nn.Module) and watches(found) else None


def module_is_observed(claim: Claim, flow: EagerFlow) -> bool:
    """Without the qconfig of its module there is no observer."""
    path = _path(claim)
    observer = _observer(flow.prepared(), path)
    told = claim.args.get("origin", {}).get("args", {}).get("observer")
    if observer is None or (told is not None and told != type(observer).__name__ and "FakeQ" not in told):
        return False
    return _observer(flow.prepared(without={path}), path) is None


def is_quantized(claim: Claim, flow: EagerFlow) -> bool:
    """Its module has an observer and becomes a quantized one; without a qconfig it does not."""
    path = _path(claim)

    def is_low(model: nn.Module) -> bool:
        class_ = type(model.get_submodule(path))
        return ".quantized" in class_.__module__ and class_.__name__ != "FloatFunctional"

    if claim.fields["op"] == "call_function":  # what a FloatFunctional calls: its observer tells which
        path = claim.args["asked"]["roles"]["observer"][0].removesuffix("_activation_post_process")
    return is_low(flow.converted()) and not is_low(flow.converted(without={path}))


def observed_only(claim: Claim, flow: EagerFlow) -> bool:
    """It is observed for its qconfig, and convert leaves its type as it is."""
    path = _path(claim)
    is_left = type(flow.converted().get_submodule(path)) is type(flow.prepared().get_submodule(path))
    has = _observer(flow.prepared(), path) is not None
    return has and is_left and _observer(flow.prepared(without={path}), path) is None


def given_quantized(claim: Claim, flow: EagerFlow) -> bool:
    """It is what it was and gives quantized tensors; where no module has a qconfig, it gives float ones."""
    everything = {name for name, _ in flow.fused().named_modules() if name} - set(flow.left_out)
    base, bare = (of_modules(each) for each in (flow.converted(), flow.converted(without=everything)))
    given, now = node_of(of_modules(flow.make()), claim.node), node_of(base, claim.node)
    types = (
        [type(graph.get_submodule(str(now.target))) for graph in (base, bare)] if now.op == "call_module" else [0, 0]
    )
    is_same = given.target == now.target and types[0] is types[1]
    low, high = (computed(graph, flow.inputs).get(claim.node) for graph in (base, bare))
    return is_same and low is not None and high is not None and low.is_quantized and not high.is_quantized


def quantizes(claim: Claim, flow: EagerFlow) -> bool:
    """Its readers get the quantized tensor, and where they get what is named instead they refuse it."""
    base = of_modules(flow.converted())
    node = node_of(base, claim.node)
    own = node.all_input_nodes[0].name
    if {each.name for each in node.users} != claim.many("readers") or own != claim.one("subject"):
        return False
    values = computed(base, flow.inputs)
    without = computed(base, flow.inputs, {claim.node: values[own]})
    return values[claim.node].is_quantized and not set(without) & claim.many("readers")


def back_to_float(claim: Claim, flow: EagerFlow) -> bool:
    """Its readers get floats; without the dequantize they get the quantized tensor of what is named."""
    base = of_modules(flow.converted())
    node = node_of(base, claim.node)
    if {each.name for each in node.users} != claim.many("readers") or node.all_input_nodes[0].name != claim.one(
        "subject"
    ):
        return False
    own, fed = node.all_input_nodes[0].name, {}
    values = computed(base, flow.inputs)
    if own not in values:  # the model stops before: a quantized tensor is put there by hand
        names = [each.name for each in base.graph.nodes]
        low = torch.quantize_per_tensor(torch.randn(2, 4, 4, 4), 0.1, 64, torch.quint8)
        fed = dict.fromkeys(names[: names.index(own)]) | {own: low}
        values = computed(base, flow.inputs, fed)
    without = computed(base, flow.inputs, {**fed, claim.node: values[own]})
    if claim.code == "cast.dequantize_returned":
        return not values["output"].is_quantized and without["output"].is_quantized
    return values[own].is_quantized and not values[claim.node].is_quantized and without[claim.node].is_quantized


def refuses(claim: Claim, flow: EagerFlow) -> bool:
    """It gives nothing when the model runs; where no module has a qconfig, it does."""
    path = _path(claim)
    everything = {name for name, _ in flow.fused().named_modules() if name} - set(flow.left_out)
    base, bare = flow.converted(), flow.converted(without=everything)
    return not _comes_out(base, path, flow).numel() and bool(_comes_out(bare, path, flow).numel())


def _comes_out(model: nn.Module, path: str, flow: EagerFlow) -> Any:
    """Return what a module gives when the model runs, as far as it does."""
    found: list[Any] = []
    model.get_submodule(path).register_forward_hook(lambda module, inputs, output: found.append(output))
    with contextlib.suppress(NotImplementedError, RuntimeError):  # a float module behind it may refuse
        model(*flow.inputs)
    return found[0] if found else torch.empty(0)  # it refused itself


def functional_is_observed(claim: Claim, flow: EagerFlow) -> bool:
    """The FloatFunctional whose observer is named: without a qconfig it has none."""
    path = claim.one("observer").removesuffix("_activation_post_process")
    return _observer(flow.prepared(), path) is not None and _observer(flow.prepared(without={path}), path) is None


def float_by_qconfig(claim: Claim, flow: EagerFlow) -> bool:
    """It has no qconfig; with one it is observed, or replaced where that is done at once."""
    path = _path(claim)
    if flow.flow in ("eager-dynamic", "eager-weight-only"):
        given: Any = {path: quantizing.default_dynamic_qconfig}
        now = flow.converted().get_submodule(path)
        then = quantizing.quantize_dynamic(flow.make(), given).get_submodule(path)
        return type(now) is type(flow.make().get_submodule(path)) is not type(then)
    base = flow.prepared()
    if getattr(base.get_submodule(path), "qconfig", None) is not None or _observer(base, path) is not None:
        return False
    return _observer(flow.prepared(given={path}), path) is not None


def is_stub(claim: Claim, flow: EagerFlow) -> bool:
    """An Identity takes the place of the stub: there is no quantize (or dequantize) module after convert."""
    path = _path(claim)

    def replace(model: nn.Module) -> None:
        model.set_submodule(path, nn.Identity())

    names = {type(flow.converted().get_submodule(path)).__name__}
    without = {type(flow.converted(change=replace).get_submodule(path)).__name__}
    return names == {"Quantize" if claim.code == "stub.quant" else "DeQuantize"} and names != without


class Calls(nn.Module):
    """Hands on to what it holds: a function of a model as a module, or a module under another type.

    Args:
        called: What is called.
        method: Its name, if it is a method of the first argument.
    """

    def __init__(self, called: Any = None, method: str = "") -> None:
        super().__init__()
        self.how = [called]  # in a list, else a module would be a part of it
        self.method = method

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        called = getattr(args[0], self.method) if self.method else self.how[0]
        return called(*(args[1:] if self.method else args), **kwargs)


class Replacement(nn.Identity):
    """What convert would put in the place of a type."""

    @classmethod
    def from_float(cls, module: nn.Module) -> nn.Module:
        return cls()


def no_mapping(claim: Claim, flow: EagerFlow) -> bool:
    """The module is the same type after convert; where the mapping lists its type, it is replaced."""
    path = _path(claim)
    type_ = type(flow.make().get_submodule(path))
    if type(flow.converted().get_submodule(path)) is not type_:
        return False
    return isinstance(_converted(flow, flow.make(), path, type_).get_submodule(path), Replacement)


def _converted(flow: EagerFlow, model: nn.Module, path: str, type_: type) -> nn.Module:
    """Return the model converted by a mapping that lists a type."""
    if flow.flow in ("eager-dynamic", "eager-weight-only"):
        chosen: Any = {type_: quantizing.default_dynamic_qconfig}
        return quantizing.quantize_dynamic(model, chosen, mapping={type_: Replacement})
    setattr(model.get_submodule(path), "qconfig", quantizing.default_qconfig)  # noqa: B010 - typed as a tensor
    return quantizing.convert(model, mapping={type_: Replacement})


def not_observed(claim: Claim, flow: EagerFlow) -> bool:
    """It has a qconfig and no observer; under a type that prepare is told to observe, it has one."""
    path = _path(claim)
    module = flow.prepared().get_submodule(path)
    if getattr(module, "qconfig", None) is None or any(watches(each) for each in module.modules()):
        return False
    model = flow.fused()
    model.set_submodule(path, Calls(model.get_submodule(path)))
    return _observed(model, path)


def _observed(model: nn.Module, path: str) -> bool:
    """Return whether prepare observes what it is told to."""
    setattr(model, "qconfig", quantizing.default_qconfig)  # noqa: B010 - typed as a tensor
    allowed = get_default_qconfig_propagation_list() | {Calls}
    return _observer(quantizing.prepare(model, inplace=True, allow_list=allowed), path) is not None


def only_modules(claim: Claim, flow: EagerFlow) -> bool:
    """After prepare and convert it is the same function; as a module of a type that they take, it is changed."""
    at_once = flow.flow in ("eager-dynamic", "eager-weight-only")
    graph = of_modules(flow.make() if at_once else flow.fused())
    stage = of_modules(flow.converted() if claim.stage == "converted" else flow.prepared())
    node = node_of(graph, claim.node)
    if node.op == "call_module" or node_of(stage, claim.node).target is not node.target:
        return False
    is_method = node.op == "call_method"
    graph.add_submodule("as_module", Calls(node.target, str(node.target) if is_method else ""))
    node.op, node.target = "call_module", "as_module"
    graph.recompile()
    if at_once:
        return isinstance(_converted(flow, graph, "as_module", Calls).get_submodule("as_module"), Replacement)
    return _observed(graph.eval(), "as_module")


PROOFS: dict[str, Callable[[Claim, EagerFlow], bool]] = {
    "observer.module_output": module_is_observed,
    "fake_quant.module_output": module_is_observed,
    "quantized.module_qconfig": is_quantized,
    "operator.observed": observed_only,
    "quantized.kernel": is_quantized,
    "quantized.given_quantized": given_quantized,
    "operator.not_for_quantized": refuses,
    "quantized.functional": functional_is_observed,
    "float.no_qconfig": float_by_qconfig,
    "float.no_mapping": no_mapping,
    "unobserved.module": not_observed,
    "unobserved.function": only_modules,
    "operator.as_given": only_modules,
    "cast.quantize": quantizes,
    "cast.dequantize_for_float": back_to_float,
    "cast.dequantize_returned": back_to_float,
    "stub.quant": is_stub,
    "stub.dequant": is_stub,
}
