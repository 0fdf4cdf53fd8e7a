"""Interventions on constants: other values in the graph, or in the parameters of the model that they come from."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import nn
from torch.fx import GraphModule
from torch.nn.modules.batchnorm import _BatchNorm

from tests.engine.why.reasons.flows import ExportedFlow, FxFlow, named, watchers
from tests.engine.why.reasons.proofs_frame import of_stage
from tests.engine.why.reasons.reading import computed, is_cast, node_of, readers
from tests.engine.why.reasons.statement import Claim, NoIntervention


def is_read_by(claim: Claim, flow: Any) -> bool:
    """With another value the reader gives something else, and nothing does that is not behind it."""
    graph, reader = of_stage(claim, flow), claim.one("reader")
    if "path" in claim.args and claim.args["path"] not in str(node_of(graph, reader).meta.get("nn_module_stack")):
        return False
    before = computed(graph, flow.inputs)
    after = computed(graph, flow.inputs, {claim.node: _other(before[claim.node])})
    changed = {name for name, value in after.items() if name != claim.node and not _equal(value, before[name])}
    beside = {each.name for each in watchers(graph)} | {each.name for each in graph.graph.nodes if is_cast(each)}
    operators = changed - beside
    return reader in operators and operators <= _behind(graph, reader)


def is_argument(claim: Claim, flow: Any) -> bool:
    """A weight changes nothing where its operator gets zeros, a bias adds the same whatever it gets."""
    graph, reader = of_stage(claim, flow), claim.one("reader")
    return _acts_as(claim.args["parameter"], graph, claim.node, reader, flow.inputs)


def _acts_as(parameter: str, graph: GraphModule, constant: str, reader: str, inputs: Any) -> bool:
    given = node_of(graph, reader).all_input_nodes[0].name
    own = computed(graph, inputs)
    zeros, other = torch.zeros_like(own[given]), _other(own[constant])
    effects = []
    for value in (own[given], zeros):
        was = computed(graph, inputs, {given: value})[reader]
        effects.append(computed(graph, inputs, {given: value, constant: other})[reader] - was)
    if parameter == "weight":
        return bool(effects[0].abs().max() > 0) and not bool(effects[1].abs().max() > 0)
    return bool(effects[1].abs().max() > 0) and torch.allclose(effects[0], effects[1], atol=1e-5)


def _other(value: Any) -> Any:
    if not isinstance(value, torch.Tensor):
        raise NoIntervention(type(value).__name__)
    return value * 0.5 + 0.3 if value.is_floating_point() else value // 2 - 3


def _equal(one: Any, other: Any) -> bool:
    if isinstance(one, tuple | list):
        return all(_equal(each, also) for each, also in zip(one, other, strict=True))
    return torch.equal(one, other) if isinstance(one, torch.Tensor) else one == other


def _behind(graph: GraphModule, name: str) -> set[str]:
    """Return a node and all that is behind it."""
    found, waiting = set(), [node_of(graph, name)]
    while waiting:
        each = waiting.pop()
        if each.name not in found:
            found.add(each.name)
            waiting += each.users
    return found


def folded_bias(claim: Claim, flow: ExportedFlow) -> bool:
    """It acts as a bias of what reads it; without the batch norm that reads what its module gives, it is not there."""
    graph, path = of_stage(claim, flow), claim.args["path"]
    reader = next(iter(readers(node_of(graph, claim.node), graph)))
    if not _acts_as("bias", graph, claim.node, reader, flow.inputs):
        return False
    norms = _reading(flow.make(), path, flow.inputs)
    if not norms:
        return False

    def change(model: nn.Module) -> None:
        for each in norms:
            model.set_submodule(each, nn.Identity())

    builds: Any = {"prepared": flow.prepared, "converted": flow.converted}
    return named(builds[claim.stage](change=change), claim.node) is None


def _reading(model: nn.Module, path: str, inputs: Any) -> list[str]:
    """Return the batch norms that are given what a module gives."""
    given: list[Any] = []
    model.get_submodule(path).register_forward_hook(lambda module, inputs, output: given.append(output))
    found: list[str] = []
    for name, module in model.named_modules():
        if isinstance(module, _BatchNorm):

            def look(module: nn.Module, inputs: Any, name: str = name) -> None:
                found.extend([name] if any(inputs[0] is each for each in given) else [])

            module.register_forward_pre_hook(look)
    model(*inputs)
    return found


def parameter(claim: Claim, flow: Any) -> bool:
    """The parameter named is changed in the model: the constant changes. Any other is changed: it does not."""
    own = {f"{claim.args['path']}.{claim.args['parameter']}"}
    target = claim.fields["target"]
    return _comes_from(own, flow, claim.stage, lambda graph: _value(graph, target))


def packed(claim: Claim, flow: FxFlow) -> bool:
    """The parameters that the reader reads in the model are changed: what is packed changes; by others it does not."""
    captured, target = torch.fx.symbolic_trace(flow.make()), claim.fields["target"]
    read = {
        str(each.target) for each in node_of(captured, claim.one("reader")).all_input_nodes if each.op == "get_attr"
    }
    converted = flow.converted()
    if named(converted, claim.one("reader")) not in named(converted, claim.node).users:  # type: ignore[union-attr]
        return False
    weights = {each for each in read if each.endswith("weight")}

    def unpacked(graph: GraphModule) -> torch.Tensor:
        held = getattr(graph, target)
        kind = "linear" if "Linear" in str(held._type()) else "conv2d"
        weight, bias = getattr(torch.ops.quantized, f"{kind}_unpack")(held)
        return torch.cat([weight.dequantize().flatten(), bias.detach().flatten()])

    return bool(weights) and _comes_from(read, flow, claim.stage, unpacked)


def _comes_from(own: set[str], flow: Any, stage: str, value: Callable[[GraphModule], torch.Tensor]) -> bool:
    def changed(is_own: bool) -> Callable[[nn.Module], None]:
        def change(model: nn.Module) -> None:
            known = dict(model.named_parameters(remove_duplicate=False)) | dict(model.named_buffers())
            assert own <= set(known)
            for name, each in known.items():
                if (name in own) is is_own and not any(_is_folded(name, path) for path in own):
                    each.data = _mixed(each.data) if each.is_floating_point() else each.data + 1

        return change

    base = value(_built(flow, stage, None))
    is_ours = not torch.equal(base, value(_built(flow, stage, changed(True))))
    return is_ours and torch.equal(base, value(_built(flow, stage, changed(False))))


def _built(flow: Any, stage: str, change: Callable[[nn.Module], None] | None) -> GraphModule:
    if isinstance(flow, FxFlow) and stage in ("captured", "fused"):
        model = flow.make()
        if change is not None:
            change(model)
        traced = torch.fx.symbolic_trace(model)
        return traced if stage == "captured" else flow.fused(model=traced)
    builds: Any = {"prepared": flow.prepared, "converted": flow.converted}
    if stage == "captured":
        builds["captured"] = flow.captured
    found: GraphModule = builds[stage]() if change is None else builds[stage](change=change)
    return found


def _is_folded(name: str, path: str) -> bool:
    """Return whether a parameter belongs to a batch norm, which may be folded into the one that is looked at."""
    return "bn" in name and "bn" not in path


def _mixed(value: torch.Tensor) -> torch.Tensor:
    return value.flip(0) * 0.5 + 0.1


def _value(graph: GraphModule, target: str) -> torch.Tensor:
    found: Any = graph
    for name in target.split("."):
        found = getattr(found, name)
    return found.detach()


EXPORTED_PROOFS: dict[str, Callable[[Claim, Any], bool]] = {
    "constant.operand": is_read_by,
    "constant.argument": is_argument,
    "constant.folded_bias": folded_bias,
    "constant.parameter": parameter,
}
FX_PROOFS: dict[str, Callable[[Claim, Any], bool]] = {
    "constant.operand": is_read_by,
    "constant.argument": is_argument,
    "constant.parameter": parameter,
    "constant.packed": packed,
}
