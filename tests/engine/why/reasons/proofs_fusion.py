"""Interventions in fusing: another operator in the place of what was fused, a module in the place of a function."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import torch
from torch import nn
from torch.ao.nn.intrinsic.modules.fused import _FusedModule
from torch.ao.quantization.backend_config import BackendPatternConfig, get_native_backend_config
from torch.fx import GraphModule
from torch.nn import functional as F  # noqa: N812 - torch's own name

from tests.engine.why.reasons.flows import EagerFlow, FxFlow
from tests.engine.why.reasons.reading import node_of, of_modules
from tests.engine.why.reasons.statement import Claim, NoIntervention


class Together(_FusedModule):
    """What a pattern of ours is fused into."""


def is_fused(claim: Claim, flow: FxFlow) -> bool:
    """What was taken is gone; with another module in its place, which no pattern holds, it stays."""
    taken = claim.many("taken")
    if _names(flow.fused()) & taken:
        return False

    def change(graph: GraphModule) -> None:
        for name in taken:
            node = node_of(graph, name)
            graph.add_submodule(f"{name}_apart", nn.Softsign())
            with graph.graph.inserting_before(node):
                other = graph.graph.call_module(f"{name}_apart", (node.args[0],))
            node.replace_all_uses_with(other)
            graph.graph.erase_node(node)

    apart = flow.fused(change=change)
    now, was = (type(each.get_submodule(claim.args["target"])).__name__ for each in (flow.fused(), apart))
    if claim.code == "fused.batch_norm":
        weights: Any = (each.get_submodule(claim.args["target"]).weight for each in (flow.fused(), apart))
        one, other = weights
        return now == was == claim.args["module_type"] and not torch.equal(one, other)
    return now == claim.args["module_type"] != was


def is_fused_at_other_call(claim: Claim, flow: FxFlow) -> bool:
    """The other call gets a module of its own: what is called here stays what the model has."""
    other, target = claim.one("call"), claim.args["target"]
    base = flow.fused()
    given: Any = flow.model().get_submodule(target)
    now: Any = base.get_submodule(target)
    if node_of(base, other).target != target or _names(base) & claim.many("taken"):
        return False

    def change(graph: GraphModule) -> None:
        graph.add_submodule("of_its_own", copy.deepcopy(graph.get_submodule(target)))
        node_of(graph, other).target = "of_its_own"

    left: Any = flow.fused(change=change).get_submodule(target)
    is_changed = type(now) is not type(given) or not torch.equal(now.weight, given.weight)
    return is_changed and type(left) is type(given) and torch.equal(left.weight, given.weight)


def is_not_fused(claim: Claim, flow: FxFlow) -> bool:
    """What the text names is taken away, and the two are fused."""
    subject, producer = claim.one("subject"), claim.one("producer")
    if subject not in _names(flow.fused()):
        return False

    def change(graph: GraphModule) -> None:
        node = node_of(graph, subject)
        if claim.code == "not_fused.second_batch_norm":
            first = node_of(graph, claim.one("first"))
            first.replace_all_uses_with(first.args[0])  # type: ignore[arg-type]
            graph.graph.erase_node(first)
        elif claim.code == "not_fused.operator_between":
            node.replace_input_with(node_of(graph, producer), node_of(graph, claim.one("weighted")))
            graph.graph.eliminate_dead_code()
        elif claim.code == "not_fused.read_elsewhere":
            weighted = node_of(graph, producer)
            for name in claim.many("others"):
                node_of(graph, name).replace_input_with(weighted, weighted.all_input_nodes[0])
        elif claim.code == "not_fused.function_after_module":
            graph.add_submodule("as_module", nn.ReLU())
            node.op, node.target, node.args, node.kwargs = "call_module", "as_module", (node.args[0],), {}
        else:
            raise NoIntervention(claim.code)

    return subject not in _names(flow.fused(change=change))


def by_own_class(claim: Claim, flow: FxFlow) -> bool:
    """Its class is the one of torch that is named, and the two are fused."""
    path = claim.fields["path"]
    subject, other = (claim.one("subject"), claim.one("norm" if "norm" in claim.roles else "producer"))
    holder = claim.one("norm") if claim.code == "not_fused.into_own_class" else subject
    if claim.code == "not_fused.into_own_class":
        path = _place(flow.fused(), holder)
    given = flow.model()
    if type(given.get_submodule(path)).__name__ != claim.args["type"] or not {subject, other} <= _names(flow.fused()):
        return False
    given.get_submodule(path).__class__ = getattr(nn, claim.args["base"])
    norm = claim.one("norm") if "norm" in claim.roles else subject
    return _place(flow.fused(), norm) not in [node.target for node in flow.fused(model=given).graph.nodes]


def _place(graph: GraphModule, name: str) -> str:
    """Return the path of a module, or of the one that a function stands in."""
    node = node_of(graph, name)
    return str(node.target) if node.op == "call_module" else str([*node.meta["nn_module_stack"].values()][-1][0])


def called_again(claim: Claim, flow: EagerFlow) -> bool:
    """Folded, it changes what another call gives; where that has a module of its own, the model gives the same."""
    path, graph = claim.args["path"], of_modules(flow.make())
    calls = [node for node in graph.graph.nodes if node.target == path]
    norm = str(node_of(graph, claim.one("subject")).target)
    if len(calls) != claim.args["calls"] or claim.one("producer") not in [each.name for each in calls]:
        return False

    def changes(own: bool) -> bool:
        model: Any = of_modules(flow.make())
        model.get_submodule(norm).running_mean.add_(1)
        for index, node in enumerate(node for node in model.graph.nodes if node.target == path):
            if own and node.name != claim.one("producer"):
                model.add_submodule(f"of_its_own_{index}", copy.deepcopy(model.get_submodule(path)))
                node.target = f"of_its_own_{index}"
        model.recompile()
        whole = model.eval()(*flow.inputs)
        fused = torch.ao.quantization.fuse_modules(model, [[path, norm]])
        return not torch.allclose(whole, fused(*flow.inputs), atol=1e-5)

    return changes(own=False) and not changes(own=True)


def into_function(claim: Claim, flow: FxFlow) -> bool:
    """A module takes the place of the function before it, and the two are fused; a relu that fuses is not enough."""
    subject, producer = claim.one("subject"), claim.one("producer")
    base = flow.fused()
    if node_of(base, producer).op != "call_function" or claim.args["function"] not in str(
        node_of(base, producer).target
    ):
        return False

    def change(is_whole: bool) -> Callable[[GraphModule], None]:
        def run(graph: GraphModule) -> None:
            node, before = node_of(graph, subject), node_of(graph, producer)
            if node.op != "call_module":
                node.target, node.args, node.kwargs = F.relu, (before,), {}
            if is_whole:
                layer = nn.Conv2d(4, 4, 3) if "conv" in str(before.target) else nn.Linear(8, 8)
                graph.add_submodule("as_module", layer.train(graph.training))
                before.op, before.target, before.args, before.kwargs = "call_module", "as_module", before.args[:1], {}

        return run

    return subject in _names(flow.fused(change=change(False))) and subject not in _names(
        flow.fused(change=change(True))
    )


def no_pattern(claim: Claim, flow: FxFlow) -> bool:
    """The backend gets a pattern of both, and they are fused."""
    subject, producer = claim.one("subject"), claim.one("producer")
    base = flow.fused()
    both = [_called(base, each) for each in (producer, subject)]
    told = [claim.args["other"], claim.args["operator"]]
    if any(name.rpartition(".")[2] != each.__name__ for each, name in zip(both, told, strict=True)):
        return False
    config = copy.deepcopy(get_native_backend_config())
    # torch looks for the method of a function under the module that it takes for it
    for last in (both[1], nn.ReLU) if both[1] is F.relu else (both[1],):
        pattern = BackendPatternConfig((both[0], last))
        config.set_backend_pattern_config(pattern.set_fuser_method(lambda is_qat, one, other: Together(one, nn.ReLU())))
    return subject in _names(base) and subject not in _names(flow.fused(config=config))


def _called(graph: GraphModule, name: str) -> Any:
    node = node_of(graph, name)
    return type(graph.get_submodule(str(node.target))) if node.op == "call_module" else node.target


def _names(graph: GraphModule) -> set[str]:
    return {node.name for node in graph.graph.nodes}


def place_left(claim: Claim, flow: EagerFlow) -> bool:
    """Without the fuse list the module is there; with it, an Identity is."""
    path = _path(claim)
    now, before = flow.fused().get_submodule(path), flow.fused(fuse_list=()).get_submodule(path)
    return isinstance(now, nn.Identity) and not isinstance(before, nn.Identity)


def _path(claim: Claim) -> str:
    return str(claim.args.get("target") or claim.fields["target"])


def is_fused_by_list(claim: Claim, flow: EagerFlow) -> bool:
    """Without the fuse list its module is of another type, and what was taken is there."""
    path = claim.args["target"]
    fused, apart = flow.fused(), flow.fused(fuse_list=())
    if type(fused.get_submodule(path)).__name__ != claim.args["module_type"]:
        return False
    taken = [fused.get_submodule(each) for each in claim.many("taken")]
    are_gone = all(isinstance(each, nn.Identity) for each in taken)
    return are_gone and type(apart.get_submodule(path)) is not type(fused.get_submodule(path))


def is_folded_by_list(claim: Claim, flow: EagerFlow) -> bool:
    """Its weight is that of the model where the list does not name what was taken."""
    path, taken = claim.args["target"], claim.many("taken")
    paths = {str(node_of(of_modules(flow.make()), each).target) for each in taken}
    shorter = [tuple(path for path in each if path not in paths) for each in flow.fuse_list]
    given, now, then = (
        each.get_parameter(f"{path}.weight")
        for each in (flow.make(), flow.fused(), flow.fused(fuse_list=[each for each in shorter if len(each) > 1]))
    )
    return torch.equal(given, then) and not torch.equal(given, now)


def is_fused_apart(claim: Claim, flow: EagerFlow) -> bool:
    """The list joins it with what does not read it; in the order of the model, without it, its type stays."""
    path = claim.args["target"]
    (entry,) = [each for each in flow.fuse_list if each[0] == path]
    graph = of_modules(flow.make())
    (call,) = [node for node in graph.graph.nodes if node.target == path]
    if {str(user.target) for user in call.users} & set(entry):
        return False
    rest = [each for each in flow.fuse_list if each is not entry]
    now, was = (type(flow.fused(fuse_list=each).get_submodule(path)).__name__ for each in (None, rest))
    return (now, was) == (claim.args["module_type"], claim.args["replaced"]) and now != was


def not_listed(claim: Claim, flow: EagerFlow) -> bool:
    """No entry of the list names both; with one that does, they are fused."""
    graph = of_modules(flow.fused())
    both = tuple(str(node_of(graph, claim.one(role)).target) for role in ("producer", "subject"))
    if any(set(both) <= set(each) for each in flow.fuse_list):
        return False
    longer = [each for each in flow.fuse_list if both[0] not in each] + [both]
    now, then = flow.fused().get_submodule(both[1]), flow.fused(fuse_list=longer).get_submodule(both[1])
    return isinstance(then, nn.Identity) and not isinstance(now, nn.Identity)


def function_in_eager(claim: Claim, flow: EagerFlow) -> bool:
    """A module in its place is fused."""
    graph = of_modules(flow.make())
    node = node_of(graph, claim.one("subject"))
    producer = str(node_of(graph, claim.one("producer")).target)
    if node.op != "call_function" or node.target not in (torch.relu, F.relu):
        return False
    graph.add_submodule("as_module", nn.ReLU())
    node.op, node.target, node.args, node.kwargs = "call_module", "as_module", (node.args[0],), {}
    graph.recompile()
    fused = torch.ao.quantization.fuse_modules(graph.eval(), [[producer, "as_module"]])
    is_gone = isinstance(fused.get_submodule("as_module"), nn.Identity)
    return is_gone and claim.one("subject") in _names(of_modules(flow.fused()))


FX_PROOFS: dict[str, Callable[[Claim, FxFlow], bool]] = {
    "fused.operators": is_fused,
    "fused.batch_norm": is_fused,
    "fused.at_other_call": is_fused_at_other_call,
    **{
        f"not_fused.{each}": is_not_fused
        for each in ("second_batch_norm", "operator_between", "read_elsewhere", "function_after_module")
    },
    **{f"not_fused.{each}": by_own_class for each in ("own_class", "into_own_class", "exact_type")},
    "not_fused.no_pattern": no_pattern,
    "not_fused.into_function": into_function,
}
EAGER_PROOFS: dict[str, Callable[[Claim, EagerFlow], bool]] = {
    "fused.place_left": place_left,
    "fused.operators": is_fused_by_list,
    "fused.batch_norm": is_folded_by_list,
    "fused.apart": is_fused_apart,
    "not_fused.called_again": called_again,
    "not_fused.not_listed": not_listed,
    "not_fused.function_in_eager": function_in_eager,
}
