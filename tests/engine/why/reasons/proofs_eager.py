"""Interventions in eager mode: a qconfig is taken from a module or given to it, a stub is replaced."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any

import torch
from torch import nn

from tests.engine.why.reasons.flows import EagerFlow, watches
from tests.engine.why.reasons.statement import Claim, NoIntervention


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
    """The module is what it was and gives quantized tensors; where no module has a qconfig, it gives float ones."""
    path = _path(claim)
    if claim.fields["op"] != "call_module":
        raise NoIntervention(claim.code)
    everything = {name for name, _ in flow.fused().named_modules() if name} - set(flow.left_out)
    base, bare = flow.converted(), flow.converted(without=everything)
    is_same = type(base.get_submodule(path)) is type(flow.make().get_submodule(path))
    return is_same and _comes_out(base, path, flow).is_quantized and not _comes_out(bare, path, flow).is_quantized


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
    """It has no qconfig; with one it is observed."""
    path = _path(claim)
    base = flow.prepared()
    if getattr(base.get_submodule(path), "qconfig", None) is not None or _observer(base, path) is not None:
        return False
    given = flow.prepared(given={path})
    return given.get_submodule(path).qconfig is not None


def not_observed(claim: Claim, flow: EagerFlow) -> bool:
    """It has a qconfig and no observer."""
    module = flow.prepared().get_submodule(_path(claim))
    return getattr(module, "qconfig", None) is not None and not any(watches(each) for each in module.modules())


def is_stub(claim: Claim, flow: EagerFlow) -> bool:
    """An Identity takes the place of the stub: there is no quantize (or dequantize) module after convert."""
    path = _path(claim)

    def replace(model: nn.Module) -> None:
        model.set_submodule(path, nn.Identity())

    names = {type(flow.converted().get_submodule(path)).__name__}
    without = {type(flow.converted(change=replace).get_submodule(path)).__name__}
    return names == {"Quantize" if claim.code == "stub.quant" else "DeQuantize"} and names != without


def place_left(claim: Claim, flow: EagerFlow) -> bool:
    """Without the fuse list the module is there; with it, an Identity is."""
    path = _path(claim)
    now, before = flow.fused().get_submodule(path), flow.fused(fuse_list=()).get_submodule(path)
    return isinstance(now, nn.Identity) and not isinstance(before, nn.Identity)


def is_fused(claim: Claim, flow: EagerFlow) -> bool:
    """Without the fuse list its module is of another type, and what was taken is there."""
    path = claim.args["target"]
    fused, apart = flow.fused(), flow.fused(fuse_list=())
    if type(fused.get_submodule(path)).__name__ != claim.args["module_type"]:
        return False
    taken = [fused.get_submodule(each) for each in claim.many("taken")]
    are_gone = all(isinstance(each, nn.Identity) for each in taken)
    return are_gone and type(apart.get_submodule(path)) is not type(fused.get_submodule(path))


def no_mapping(claim: Claim, flow: EagerFlow) -> bool:
    """Its type is not among those that convert replaces: the module is the same type after convert."""
    path = _path(claim)
    model: Any = flow.make()
    return type(flow.converted().get_submodule(path)) is type(model.get_submodule(path))


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
    "stub.quant": is_stub,
    "stub.dequant": is_stub,
    "fused.place_left": place_left,
    "fused.operators": is_fused,
}
