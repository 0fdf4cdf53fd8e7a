"""Interventions in FX: a qconfig is taken from a node or given to it, a pattern is added to the backend."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import torch
from torch.ao import quantization as quantizing
from torch.ao.quantization.backend_config import (
    BackendPatternConfig,
    DTypeConfig,
    ObservationType,
    get_native_backend_config,
)
from torch.ao.quantization.fx.custom_config import PrepareCustomConfig
from torch.ao.quantization.qconfig import qconfig_equals
from torch.fx import GraphModule, Node

from tests.engine.why.reasons.flows import FxFlow, named, watchers
from tests.engine.why.reasons.proofs_patterns import pattern_is_true
from tests.engine.why.reasons.reading import around, computed, is_cast, is_kernel, kernels, node_of, on, past, readers
from tests.engine.why.reasons.statement import Claim, NoIntervention

PREPARED_FROM = "_observed_graph_module_attrs"


def observer_stands_for(claim: Claim, flow: FxFlow) -> bool:
    """Only who asked has a qconfig: the observer is there. Nobody next to it has one: it is gone."""
    base = flow.prepared()
    subject, asked = claim.one("subject"), claim.one("asked_by")
    node = named(base, claim.node)
    found = named(base, subject)
    if node is None or found is None or past(node, base).name != subject:
        return False
    beside = {subject, *readers(found, base)}
    if asked not in beside or ("output" in claim.code) != (asked == subject):
        return False
    type_ = type(base.get_submodule(str(node.target))).__name__
    bare, alone = flow.prepared(without=beside), flow.prepared(without=beside - {asked})
    kinds = {type(each).__name__ for each in on(alone, subject).values()}
    named_type = claim.args["origin"]["args"]["observer"]
    is_named = named_type == type_ or "FakeQuant" in type_ or "partial" in named_type
    return not on(bare, subject) and type_ in kinds and is_named


def observer_is_shared(claim: Claim, flow: FxFlow) -> bool:
    """It is one object with the others that are named; without the qconfig of who shares, no more."""
    base = flow.prepared()
    asked = claim.one("asked_by")
    modules = {node.name: each for node, each in watchers(base).items()}
    others = claim.many("same_observer")
    if not others or any(modules[each] is not modules[claim.node] for each in others):
        return False
    apart = flow.prepared(without={asked})
    by_subject = {name: past(named(base, name), base).name for name in (claim.node, *others)}
    left = [set(map(id, on(apart, subject).values())) for subject in by_subject.values()]
    return not set.intersection(*left) or len(set(by_subject.values())) == 1


def mapping_for(flow: FxFlow, setter: str) -> Any:
    """Return the mapping, with weights per tensor where the entry named may be all that keeps a layer from stopping."""
    mapping = flow.mapping()
    if "ConvTranspose" in setter:  # torch takes them per tensor only
        mapping.set_global(quantizing.QConfig(quantizing.MinMaxObserver, quantizing.default_weight_observer))
    return mapping


def mapping_without(flow: FxFlow, setter: str) -> Any:
    """Return the mapping without the entry that a text names."""
    mapping = mapping_for(flow, setter)
    call, _, argument = setter.removeprefix("QConfigMapping.").rstrip(")").partition("(")
    if call == "set_global":
        mapping.global_qconfig = None
    elif call == "set_object_type":
        name = argument.strip("'").rpartition(".")[2]
        keys = [each for each in mapping.object_type_qconfigs if getattr(each, "__name__", each) == name]
        for key in keys:
            del mapping.object_type_qconfigs[key]
    elif call == "set_module_name":
        del mapping.module_name_qconfigs[argument.strip("'")]
    elif call == "set_module_name_regex":
        del mapping.module_name_regex_qconfigs[argument.strip("'")]
    elif call == "set_module_name_object_type_order":
        path, type_, index = argument.split(", ")
        (key,) = [
            each
            for each in mapping.module_name_object_type_order_qconfigs
            if each[::2] == (path.strip("'"), int(index)) and each[1].__name__ == type_.rpartition(".")[2]
        ]
        del mapping.module_name_object_type_order_qconfigs[key]
    else:
        raise NoIntervention(setter)
    return mapping


def qconfig_of(graph: GraphModule, name: str) -> Any:
    return graph.meta[PREPARED_FROM].node_name_to_qconfig.get(name)


def quantized_by_qconfig(claim: Claim, flow: FxFlow) -> bool:
    """Without the entry named its qconfig is another one; without a qconfig it is not quantized."""
    base = flow.prepared()
    with_it, without = (
        qconfig_of(flow.prepared(mapping=make(flow, claim.args["setter"])), claim.node)
        for make in (mapping_for, mapping_without)
    )
    own = qconfig_of(base, claim.node)
    if not qconfig_equals(own, with_it) or qconfig_equals(own, without):
        return False
    if claim.stage == "converted":
        return kernel_by_qconfig(claim, flow)
    if not pattern_is_true(claim.args["pattern"], claim.node, flow):
        return False
    node = named(base, claim.node)
    assert node is not None
    neighbors = readers(node, base) | {past(each, base).name for each in node.all_input_nodes}
    alone, bare = flow.prepared(without=neighbors), flow.prepared(without=neighbors | {claim.node})
    asked = [claim.args[each] for each in ("input", "output") if each in claim.args]
    kinds = [each.removesuffix("Base") for each in around(alone, claim.node)]
    seen = all(any(one in kind or "FakeQ" in kind or "partial" in one for kind in kinds) for one in asked)
    return (seen or "weight" in claim.args) and len(around(bare, claim.node)) <= len(kinds)


def kernel_by_qconfig(claim: Claim, flow: FxFlow) -> bool:
    """It computes in low precision, and without a qconfig, its own and its neighbors', it does not."""
    base, converted = flow.prepared(), flow.converted()
    if not is_kernel(converted, claim.node):
        return False
    own = before_lowering(base, converted, {claim.node})
    node = named(base, claim.node)
    if "replaced" in claim.args and node is not None and node.op == "call_module":
        now = node_of(converted, claim.node)
        was, is_now = (type(graph.get_submodule(str(each.target))) for graph, each in ((base, node), (converted, now)))
        if was.__name__ != claim.args["replaced"] or was is is_now:
            return False
    beside = {each for name in own for each in beside_of(base, name)}
    return any(not is_kernel(flow.converted(without=without), claim.node) for without in (own, own | beside))


def before_lowering(prepared: GraphModule, converted: GraphModule, names: set[str]) -> set[str]:
    """Return the operators of the prepared graph that became these: lowering gives what it joins a new name."""
    watching, now = watchers(prepared), {each.name for each in converted.graph.nodes}
    before = {each.name for each in prepared.graph.nodes if each not in watching}
    return names & before if names <= before else (names & before) | (before - now)


def beside_of(graph: GraphModule, name: str) -> set[str]:
    node = node_of(graph, name)
    return readers(node, graph) | {past(each, graph).name for each in node.all_input_nodes}


def with_neighbors(claim: Claim, flow: FxFlow) -> bool:
    """It gets and gives quantized tensors, and is what it was; in float where it and its neighbors have no qconfig."""
    base, converted = flow.prepared(), flow.converted()
    node, own = node_of(converted, claim.node), before_lowering(base, converted, {claim.node})
    values = computed(converted, flow.inputs)
    bare = own.union(*(_before(named(base, each), base) for each in own))  # what gives it quantized tensors
    if not values[claim.node].is_quantized or not values[node.all_input_nodes[0].name].is_quantized:
        return False
    found = [computed(flow.converted(without=without), flow.inputs).get(claim.node) for without in (own, bare)]
    if all(each is None for each in found):
        raise NoIntervention(claim.code)  # what is before it refuses what is then float
    is_same = called(base, claim.node) is called(converted, claim.node)
    return is_same and any(each is not None and not each.is_quantized for each in found)


def float_by_qconfig(claim: Claim, flow: FxFlow) -> bool:
    """Its qconfig is None, by the entry named; given one it is observed, or becomes a kernel."""
    base = flow.prepared()
    if qconfig_of(base, claim.node) is not None or is_kernel(flow.converted(), claim.node):
        return False
    setter, other = claim.fields["api"], given_qconfig(flow)
    if not setter.endswith("set_global"):
        # what torch gives it then: an operator whose range is fixed takes no other observers
        other = qconfig_of(flow.prepared(mapping=mapping_without(flow, setter)), claim.node)
        if other is None:
            return False
    elif flow.mapping().global_qconfig is not None:
        return False
    node = named(base, claim.node)
    assert node is not None
    ours: dict[str, Any] = {claim.node: other}
    given = flow.prepared(given=ours)
    if len(around(given, claim.node)) > len(around(base, claim.node)):
        return True
    # its neighbors may have asked for the same observers; a function gets another name as a kernel
    return kernels(flow.converted(given=ours)) > kernels(flow.converted())


def given_qconfig(flow: FxFlow) -> Any:
    if flow.flow == "fx-qat":
        return quantizing.get_default_qat_qconfig("x86")
    return quantizing.default_dynamic_qconfig if flow.flow == "fx-dynamic" else quantizing.get_default_qconfig("x86")


def called(graph: GraphModule, name: str) -> Any:
    node = named(graph, name)
    assert node is not None
    return type(graph.get_submodule(str(node.target))) if node.op == "call_module" else node.target


def asks_for(graph: GraphModule, name: str) -> bool:
    """Return whether prepare noted observers for a node, by torch's own check of dtypes."""
    node = named(graph, name)
    assert node is not None
    info = node.meta.get("target_dtype_info") or {}
    made = [info[key]() for key in info if key.endswith("_ctr") and info[key] is not None]
    return any(each.dtype not in (torch.float32, torch.float) for each in made)


def float_without_pattern(claim: Claim, flow: FxFlow) -> bool:
    """The same, with a pattern of this operator in the backend configuration: it is observed."""
    base = flow.prepared()
    if asks_for(base, claim.node) or is_kernel(flow.converted(), claim.node):
        return False
    config = copy.deepcopy(get_native_backend_config())
    is_dynamic = flow.flow == "fx-dynamic"
    dtypes = DTypeConfig(torch.quint8, torch.float if is_dynamic else torch.quint8, is_dynamic=is_dynamic or None)
    observed = ObservationType.OUTPUT_USE_DIFFERENT_OBSERVER_AS_INPUT
    pattern = BackendPatternConfig(called(base, claim.node)).set_observation_type(observed).add_dtype_config(dtypes)
    config.set_backend_pattern_config(pattern)
    return asks_for(flow.prepared(config=config, is_calibrated=False), claim.node)


def float_by_dtypes(claim: Claim, flow: FxFlow) -> bool:
    """With a qconfig of dtypes that the backend takes, the operator is observed."""
    if asks_for(flow.prepared(), claim.node):
        return False
    static = FxFlow(flow.make, flow.inputs, "fx-static")
    candidates = [quantizing.get_default_qconfig("x86"), quantizing.default_dynamic_qconfig]
    candidates += [quantizing.float_qparams_weight_only_qconfig, quantizing.float16_static_qconfig]
    candidates.append(quantizing.float16_dynamic_qconfig)
    candidates += static.mapping().object_type_qconfigs.values()  # of what has a fixed scale
    return any(asks_for(static.prepared(given={claim.node: each}), claim.node) for each in candidates)


def shares_range(claim: Claim, flow: FxFlow) -> bool:
    """One observer object on its input and output; with another observation type there are two."""
    base = flow.prepared()
    node, watching = named(base, claim.node), watchers(base)
    assert node is not None
    before = [watching[each] for each in node.all_input_nodes if each in watching]
    after = [watching[each] for each in node.users if each in watching]
    if not before or not after or any(one is not before[0] for one in (*before, *after)):
        return False
    apart = flow.prepared(without={claim.node})
    node, watching = named(apart, claim.node), watchers(apart)
    assert node is not None
    ids = {id(watching[each]) for each in node.all_input_nodes if each in watching}
    return not ids & {id(watching[each]) for each in node.users if each in watching}


def not_a_float(claim: Claim, flow: FxFlow) -> bool:
    """What the model computes there is no float tensor, whatever is given to it."""
    graph = torch.fx.symbolic_trace(flow.make())
    value = computed(graph, flow.inputs)[claim.node]
    is_float = isinstance(value, torch.Tensor) and value.is_floating_point()
    return not is_float and not is_kernel(flow.converted(), claim.node)


def cast_is_for(claim: Claim, flow: FxFlow) -> bool:
    """Who reads it loses its qconfig: nothing quantizes what is named any more."""
    base = flow.converted()
    node, subject = named(base, claim.node), claim.one("subject")
    if node is None or past(node, base).name != subject or readers(node, base) != claim.many("readers"):
        return False
    if same := claim.roles.get("same_as"):
        before = named(base, same[0])
        return before is not None and node.args[0] is before
    lost = before_lowering(flow.prepared(), base, {subject, *claim.many("readers")})
    bare = flow.converted(without=lost)
    casts = [each for each in bare.graph.nodes if is_cast(each) and str(each.target) != "dequantize"]
    return all(past(each, bare).name != subject for each in casts)


def back_to_float(claim: Claim, flow: FxFlow) -> bool:
    """Where nothing before it is quantized, nothing is dequantized; its readers get a float tensor."""
    base = flow.converted()
    node, subject = named(base, claim.node), claim.one("subject")
    if node is None or past(node, base).name != subject or readers(node, base) != claim.many("readers"):
        return False
    values = computed(base, flow.inputs)
    if values[claim.node].is_quantized or any(is_kernel(base, each) for each in claim.many("readers")):
        return False
    if not values[str(node.args[0])].is_quantized:
        return False
    if claim.code == "cast.dequantize_returned":  # the model returns it in float: not so if it may return int8
        custom = PrepareCustomConfig().set_output_quantized_indexes([0])
        kept = computed(flow.converted(custom=custom), flow.inputs)
        return bool(kept["output"].is_quantized)
    producers = before_lowering(flow.prepared(), base, _before(named(base, subject), base))

    def dequantized(graph: GraphModule) -> int:
        return sum(is_cast(each) for name in claim.many("readers") for each in _inputs(graph, name))

    lost = (producers, producers | claim.many("readers"))  # a reader that stays in float may have asked for it
    return any(dequantized(flow.converted(without=each)) < dequantized(base) for each in lost)


def _inputs(graph: GraphModule, name: str) -> list[Node]:
    return list(node_of(graph, name).all_input_nodes)


def _before(node: Node | None, graph: GraphModule) -> set[str]:
    """Return a node and all that is before it."""
    found: set[str] = set()
    waiting: list[Any] = [node]
    while waiting:
        each = waiting.pop()
        if each is not None and each.name not in found:
            found.add(each.name)
            waiting += each.all_input_nodes
    return found


def constant_of(claim: Claim, flow: FxFlow) -> bool:
    """The observer is replaced by one that saw other values: the constant is what that one computes."""
    is_scale = "scale" in claim.code
    role = "readers" if "output" in claim.code else "subject"
    base = flow.prepared()
    subjects = before_lowering(base, flow.converted(), claim.many(role))
    found = [node for node in watchers(base) if past(node, base).name in subjects]
    if not found:  # the observer stands behind what was fused into the reader
        behind = {user for each in subjects for user in readers(node_of(base, each), base)}
        found = [node for node in watchers(base) if past(node, base).name in behind]
    per_tensor = (torch.per_tensor_affine, torch.per_tensor_symmetric)
    for node in found:
        watching: Any = base.get_submodule(str(node.target))
        if getattr(watching, "activation_post_process", watching).qscheme not in per_tensor:
            continue
        expected: list[Any] = []

        def replace(graph: GraphModule, node: Node = node, expected: list[Any] = expected) -> None:
            own: Any = graph.get_submodule(str(node.target))
            own = getattr(own, "activation_post_process", own)
            quant = (own.dtype, own.qscheme, own.quant_min, own.quant_max)
            other = quantizing.MinMaxObserver(quant[0], quant[1], quant_min=quant[2], quant_max=quant[3])
            other.min_val, other.max_val = torch.tensor(-7.0), torch.tensor(21.0)
            graph.set_submodule(str(node.target), other)
            expected.append(other.calculate_qparams()[0 if is_scale else 1])

        changed, target = flow.converted(edit=replace), claim.fields["target"]
        value, before = getattr(changed, target), getattr(flow.converted(), target)
        if torch.allclose(value.float(), expected[0].float()) and not torch.equal(value, before):
            return True
    return False


PROOFS: dict[str, Callable[[Claim, FxFlow], bool]] = {
    **dict.fromkeys(
        (f"{kind}.{place}" for kind in ("observer", "fake_quant") for place in ("output", "input", "parameter")),
        observer_stands_for,
    ),
    "observer.output_shares_input": observer_is_shared,
    "quantized.qconfig": quantized_by_qconfig,
    "quantized.kernel": kernel_by_qconfig,
    "quantized.given_quantized": with_neighbors,
    "quantized.with_neighbors": with_neighbors,
    "operator.output_shares_input": shares_range,
    "float.qconfig_none": float_by_qconfig,
    "float.no_pattern": float_without_pattern,
    "float.dtypes_not_supported": float_by_dtypes,
    "unquantized.not_float": not_a_float,
    "cast.quantize": cast_is_for,
    "cast.dequantize_for_float": back_to_float,
    "cast.dequantize_returned": back_to_float,
    "constant.scale": constant_of,
    "constant.zero_point": constant_of,
    "constant.output_scale": constant_of,
    "constant.output_zero_point": constant_of,
}
