"""What became of each node, found without qviz's linking and without names.

Four handles of torch's own, each for what it can tell:
- values: every stage is run on the same inputs. The weights are random, so what an operator gives is
  its own mark; quantizing blurs it and does not hide it. Two operators are the same when the value of
  one is by far the nearest to that of the other.
- scales: an observer gives a scale and a zero point, and a cast has them. Those that only one observer
  gives tell what became of it.
- weights: a quantized weight, times its scale, is the float one; a folded one is the float one times
  what the batch norm has for each channel.
- paths: torch swaps modules in their places, so a module that is called once stays at its path.

A node about which none of them tells for certain is not judged.
"""

from __future__ import annotations

import contextlib
import warnings
from collections import Counter, defaultdict
from typing import Any, NamedTuple

import torch
from torch import nn
from torch.ao.quantization import FakeQuantizeBase, ObserverBase
from torch.fx import GraphModule, Interpreter, Node

from qviz.document.snapshot import Snapshot
from qviz.engine.loading.forward import Arguments

NEAR, APART = 0.25, 3.0
"""Relative distance of the same value in two stages at most, and how many times farther the next one is at least."""
_CASTS = ("quantize_per", "dequantize", "choose_qparams", "fake_quant", "QuantStub")


class Marks(NamedTuple):
    """What tells the nodes of one stage apart, by their names."""

    names: tuple[str, ...]
    values: dict[str, torch.Tensor]
    scales: dict[str, tuple[float, int]]
    observers: frozenset[str]
    weights: dict[str, torch.Tensor]
    norms: dict[str, torch.Tensor]
    paths: dict[str, str]


class Score(NamedTuple):
    """How many facts about two neighbouring stages there are, how many of the links agree, what does not."""

    judged: int
    right: int
    nodes: int
    wrong: list[str]


class _Run(Interpreter):
    """Runs a stage past its observers, and keeps what each node gives."""

    def __init__(self, module: GraphModule) -> None:
        super().__init__(module, garbage_collect_values=False)
        self.given: dict[str, Any] = {}

    def run_node(self, n: Node) -> Any:
        if n.op == "call_module" and _is_observer(self.module.get_submodule(str(n.target))):
            return self.fetch_args_kwargs_from_env(n)[0][0]
        result = super().run_node(n)
        # a copy: an operator in place behind it changes what it gave
        self.given[n.name] = result.detach().clone() if isinstance(result, torch.Tensor) else result
        return result


class Watch:
    """Given as `keep` to a run: reads the marks of each stage while torch has not changed it further."""

    def __init__(self, inputs: Arguments) -> None:
        self.inputs = inputs
        self.marks: list[Marks] = []

    def __call__(self, module: nn.Module) -> None:
        assert isinstance(module, GraphModule)
        run = _Run(module)
        # an eager module calls its observers in hooks, whose statistics the flow still needs
        state = {key: value.clone() for key, value in module.state_dict().items() if isinstance(value, torch.Tensor)}
        with torch.no_grad(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            # a converted eager model may stop half-way; what came before it counts
            with contextlib.suppress(Exception):
                run.run(*self.inputs.cloned().of_graph(module))
            self.marks.append(_marks(module, run.given))
            own = dict(module.state_dict())
            for key, value in state.items():
                if isinstance(own.get(key), torch.Tensor) and own[key].shape == value.shape:
                    own[key].copy_(value)

    def score(self, snapshot: Snapshot) -> Score:
        """Return how the links of a snapshot agree with the marks, all stages together."""
        judged, wrong, nodes = 0, [], 0
        for stage, old, new in zip(snapshot.stages[1:], self.marks, self.marks[1:], strict=False):
            links = [link for link in snapshot.links if link.to_stage == stage.name]
            became: defaultdict[str, set[str]] = defaultdict(set)
            parted = {each for link in links if link.relation == "decomposed" for each in link.from_ids}
            for link in links:
                for each in link.from_ids:
                    became[each] |= set(link.to_ids)
            facts = _facts(old, new)
            nodes += len(old.names)
            for before, after in facts.items():
                judged += 1
                same_sort = became[before] & (set(new.values) | set(new.scales) | set(new.weights))
                is_more = before in old.values and before not in parted and bool(same_sort & set(new.values) - after)
                if not became[before] & after or is_more:
                    wrong.append(f"{stage.name}: {before} is {sorted(after)}, not {sorted(became[before])}")
        return Score(judged, judged - len(wrong), nodes, wrong)


def _is_observer(module: nn.Module) -> bool:
    return isinstance(module, ObserverBase | FakeQuantizeBase)


def _marks(module: GraphModule, given: dict[str, Any]) -> Marks:
    values, weights = {}, {}
    scales: dict[str, tuple[float, int]] = {}
    norms: dict[str, torch.Tensor] = {}
    observers = set()
    for node in module.graph.nodes:
        called = module.get_submodule(str(node.target)) if node.op == "call_module" else None
        if called is not None and _is_observer(called):
            observers.add(node.name)
            scales |= {node.name: scale} if (scale := _asked(called)) is not None else {}
        elif any(each in str(node.target) for each in _CASTS) or type(called).__name__ == "Quantize":
            scales |= {node.name: scale} if (scale := _scale(node, given)) is not None else {}
        elif node.op == "get_attr" and isinstance(given.get(node.name), torch.Tensor) and given[node.name].dim() > 1:
            weights[node.name] = _whole(given[node.name], node, given)
        elif node.op.startswith("call") and (value := _float(given.get(node.name))) is not None:
            values[node.name] = value
            norms |= {node.name: factor} if (factor := _factor(module, node, given)) is not None else {}
            if isinstance(weight := getattr(called, "weight", None), torch.Tensor):
                weights[node.name] = weight.detach()
    names = tuple(node.name for node in module.graph.nodes)
    return Marks(names, values, scales, frozenset(observers), weights, norms, _paths(module))


def _paths(module: GraphModule) -> dict[str, str]:
    """Return the nodes of modules that are called once, by path; an Identity only keeps a place."""
    calls = [node for node in module.graph.nodes if node.op == "call_module"]
    count = Counter(str(node.target) for node in calls)
    called = {str(node.target): module.get_submodule(str(node.target)) for node in calls}
    return {
        str(node.target): node.name
        for node in calls
        if count[str(node.target)] == 1
        and not isinstance(called[str(node.target)], nn.Identity)
        and not _is_observer(called[str(node.target)])
    }


def _float(value: Any) -> torch.Tensor | None:
    if not isinstance(value, torch.Tensor) or value.numel() < 4:
        return None
    value = value.dequantize() if value.is_quantized else value
    return value.float() if value.is_floating_point() else None


def _asked(observer: Any) -> tuple[float, int] | None:
    try:
        scale, zero_point = observer.calculate_qparams()
    except Exception:  # placeholder observers have none
        return None
    return (float(scale), int(zero_point)) if scale.numel() == 1 else None


def _scale(node: Node, given: dict[str, Any]) -> tuple[float, int] | None:
    """Return the numbers that a cast works with, whether they are literals or constants of the graph."""
    numbers: list[Any] = [given.get(each.name) if isinstance(each, Node) else each for each in node.args[1:3]]
    if len(numbers) == 2 and all(isinstance(each, int | float | torch.Tensor) for each in numbers):
        scale, zero_point = numbers
        if not isinstance(scale, torch.Tensor) or scale.numel() == 1:
            return float(scale), int(zero_point)
    result = given.get(node.name)
    if isinstance(result, torch.Tensor) and result.is_quantized and result.qscheme() == torch.per_tensor_affine:
        return result.q_scale(), result.q_zero_point()
    return None


def _whole(value: torch.Tensor, node: Node, given: dict[str, Any]) -> torch.Tensor:
    """Return a weight in float: what the dequantize that reads it gives, if there is one."""
    for user in node.users:
        if "dequantize" in str(user.target) and isinstance(given.get(user.name), torch.Tensor):
            return given[user.name]
    return value.float() if not value.is_quantized else value.dequantize()


def _factor(module: GraphModule, node: Node, given: dict[str, Any]) -> torch.Tensor | None:
    """Return what a batch norm multiplies each channel with."""
    if node.op == "call_module":
        norm: Any = module.get_submodule(str(node.target))
        if isinstance(norm, nn.modules.batchnorm._BatchNorm) and isinstance(norm.weight, torch.Tensor):
            assert norm.running_var is not None
            return (norm.weight / torch.sqrt(norm.running_var + norm.eps)).detach()
    elif "batch_norm" in str(node.target) and len(node.args) > 4:
        weight, variance = (given.get(each.name) for each in (node.args[1], node.args[4]) if isinstance(each, Node))
        if isinstance(weight, torch.Tensor) and isinstance(variance, torch.Tensor):
            return weight / torch.sqrt(variance + 1e-5)
    return None


def _facts(old: Marks, new: Marks) -> dict[str, set[str]]:
    """Return what certainly became of nodes."""
    facts = {name: {new.paths[path]} for path, name in old.paths.items() if path in new.paths}
    for name, value in old.values.items():
        if (found := _nearest(value, new.values)) is not None:
            facts[name] = {found}
    for name, weight in old.weights.items():
        if name not in old.values and (found := _nearest(weight, new.weights)) is not None:
            facts[name] = {found}
    taken = [old.scales[each] for each in old.observers if each in old.scales]
    for name in old.observers & set(old.scales) - new.observers:
        alike = {each for each, scale in new.scales.items() if _same(scale, old.scales[name])}
        if sum(_same(each, old.scales[name]) for each in taken) == 1 and alike:
            facts[name] = alike
    return facts | _folded(old, new)


def _folded(old: Marks, new: Marks) -> dict[str, set[str]]:
    """Return the batch norms that went into a weight, by what they did to it."""
    facts = {}
    for norm, factor in old.norms.items():
        for weight in old.weights.values():
            if weight.dim() < 2 or weight.shape[0] != factor.shape[0]:
                continue
            product = weight * factor.reshape(-1, *[1] * (weight.dim() - 1))
            hosts = [name for name in new.values if name in new.weights and _equal(new.weights[name], product)]
            if len(hosts) == 1 and norm not in new.names:
                facts[norm] = set(hosts)
    return facts


def _equal(one: torch.Tensor, other: torch.Tensor) -> bool:
    return one.shape == other.shape and torch.allclose(one.float(), other, rtol=1e-3, atol=1e-5)


def _same(one: tuple[float, int], other: tuple[float, int]) -> bool:
    return one[1] == other[1] and abs(one[0] - other[0]) <= 1e-6 * abs(other[0])


def _nearest(value: torch.Tensor, among: dict[str, torch.Tensor]) -> str | None:
    """Return the one that is near while all others of the same shape are far; None if that is not certain."""
    size = float(value.norm())
    if not size:
        return None
    distances = sorted(
        (float((other.float() - value).norm()) / size, name)
        for name, other in among.items()
        if other.shape == value.shape
    )
    if not distances or distances[0][0] > NEAR:
        return None
    is_alone = len(distances) == 1 or distances[1][0] > max(APART * distances[0][0], 1e-4)
    return distances[0][1] if is_alone else None
