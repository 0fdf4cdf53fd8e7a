"""Interventions in PT2E: an annotation is taken from a node or written on it by hand."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import torch
from torch import nn
from torch.ao.quantization.quantize_pt2e import prepare_pt2e
from torch.fx import GraphModule, Node

from tests.engine.why.reasons.flows import KEY, EditedQuantizer, ExportedFlow, named, watchers
from tests.engine.why.reasons.reading import computed, is_cast, on, past, readers
from tests.engine.why.reasons.statement import Claim


def _node(graph: GraphModule, name: str) -> Node:
    found = named(graph, name)
    assert found is not None
    return found


def observer_stands_for(claim: Claim, flow: ExportedFlow) -> bool:
    """Only the annotation of who asked is left: the observer is there. Without those around it is gone."""
    base = flow.prepared()
    node, subject, asked = named(base, claim.node), claim.one("subject"), claim.one("asked_by")
    if node is None or past(node, base).name != subject:
        return False
    module = base.get_submodule(str(node.target))
    beside = {subject, *readers(_node(base, subject), base)}
    if asked not in beside or ("output" in claim.code) != (asked == subject):
        return False
    if "shares_with" in claim.roles and not _is_shared(claim, base, module):
        return False
    bare, alone = flow.prepared(without=beside), flow.prepared(without=beside - {asked})
    spec = claim.args["origin"]["args"]["spec"]
    told = spec["args"].get("observer") if spec["code"] == "spec.observed" else None
    is_there = bool(on(alone, subject)) and (told is None or told == type(module).__name__)
    return is_there and not on(bare, subject)


def _is_shared(claim: Claim, base: GraphModule, module: nn.Module) -> bool:
    """Return whether an observer of what it shares the range with is the same object."""
    place = claim.args["origin"]["args"]["spec"]["args"]["shared_with"]
    roles = place["roles"]
    producer = past(_node(base, roles["producer"][0]), base).name
    return any(each is module for each in on(base, producer).values())


def _ties(graph: GraphModule, name: str) -> int:
    """Return how many observers and casts stand next to a node."""
    node, watching = _node(graph, name), watchers(graph)
    return sum(each in watching or is_cast(each) for each in (*node.all_input_nodes, *node.users))


def annotated(claim: Claim, flow: ExportedFlow) -> bool:
    """Without its annotation and those beside it nothing stands next to it; with its own alone, something does."""
    base = flow.prepared()
    if KEY not in _node(base, claim.node).meta:
        return False
    node = _node(base, claim.node)
    beside = {claim.node, *readers(node, base), *(past(each, base).name for each in node.all_input_nodes)}
    build = flow.converted if claim.stage == "converted" else flow.prepared
    bare, alone = build(without=beside), build(without=beside - {claim.node})
    inputs = claim.args["origin"].get("roles", {}).get("inputs", ())
    told = {past(_node(base, each), base).name for each in inputs if named(base, each) is not None}
    return _ties(bare, claim.node) == 0 < _ties(alone, claim.node) and told <= beside


def inside_pattern(claim: Claim, flow: ExportedFlow) -> bool:
    """Its own annotation taken away changes nothing: it asks for nothing."""
    build = flow.converted if claim.stage == "converted" else flow.prepared
    base, without = build(), build(without={claim.node})
    node = _node(base, claim.node)
    asking = {user: _node(base, user).meta.get(KEY) for user in readers(node, base)}
    inside = {user for user, asked in asking.items() if asked is not None and not _asks_for(asked, node.name)}
    return inside == claim.many("continues_in") and _ties(base, claim.node) == _ties(without, claim.node)


def _asks_for(asked: Any, name: str) -> bool:
    return any(source.name == name for source in asked.input_qspec_map)


def not_annotated(claim: Claim, flow: ExportedFlow) -> bool:
    """It has no annotation; written on it by hand, one makes observers next to it."""
    base = flow.prepared()
    if KEY in _node(base, claim.node).meta:
        return False
    near = {past(each, base).name for each in _node(base, claim.node).all_input_nodes}
    near |= readers(_node(base, claim.node), base)
    if {each for each in near if KEY in _node(base, each).meta} != claim.many("annotated"):
        return False
    bare, given = flow.prepared(without=near), flow.prepared(without=near, given={claim.node})
    return _ties(given, claim.node) > _ties(bare, claim.node)


def parameter_taken(claim: Claim, flow: ExportedFlow) -> bool:
    """What it shares is annotated with the others; given copies of its own, it is annotated, too."""
    base = flow.prepared()
    node = _node(base, claim.node)
    readers = [_node(base, each) for each in claim.many("taken_with")]
    if KEY in node.meta or not all(KEY in each.meta and each.target == node.target for each in readers):
        return False
    apart = copy.deepcopy(flow.captured())
    for name in claim.many("parameters"):
        parameter, reader = _node(apart, name), _node(apart, claim.node)
        setattr(apart, f"{name}_own", nn.Parameter(getattr_of(apart, str(parameter.target)).clone()))
        with apart.graph.inserting_after(parameter):
            own = apart.graph.get_attr(f"{name}_own")
        own.meta = {key: value for key, value in parameter.meta.items() if key != KEY}
        reader.replace_input_with(parameter, own)
    apart.recompile()
    made = prepare_pt2e(apart, EditedQuantizer(flow.is_dynamic, (), ()))
    return KEY in _node(made, claim.node).meta


def getattr_of(graph: GraphModule, target: str) -> torch.Tensor:
    """Return the parameter at a path."""
    path, _, name = target.rpartition(".")
    found: torch.Tensor = getattr(graph.get_submodule(path), name)
    return found


def not_a_float(claim: Claim, flow: ExportedFlow) -> bool:
    """What the captured graph computes there is no float tensor; it is not annotated."""
    value = _node(flow.captured(), claim.node).meta.get("val")
    is_float = isinstance(value, torch.Tensor) and value.is_floating_point()
    return not is_float and KEY not in _node(flow.prepared(), claim.node).meta


def cast_is_for(claim: Claim, flow: ExportedFlow) -> bool:
    """Without the annotations of the subject and of the readers nothing is quantized there."""
    base = flow.converted()
    node = named(base, claim.node)
    subject = claim.one("subject")
    if node is None or past(node, base).name != subject:
        return False
    if _all_readers(node, base) != claim.many("readers"):
        return False
    beside = {subject, *readers(_node(base, subject), base)}
    bare = flow.converted(without=beside)
    return all(past(each, bare).name != subject for each in bare.graph.nodes if is_cast(each))


def _all_readers(node: Node, graph: GraphModule) -> set[str]:
    """Return who reads a cast, past the picking of a scale and a zero point."""
    found: set[str] = set()
    for user in node.users:
        is_picked = user.op == "call_function" and "getitem" in str(user.target) and "choose" in node.name
        found |= _all_readers(user, graph) if is_picked or is_cast(user) else {user.name}
    return found


def back_to_float(claim: Claim, flow: ExportedFlow) -> bool:
    """What the text names reads it, in float; without the annotations beside it, no cast is there."""
    base = flow.converted()
    node = named(base, claim.node)
    if node is None:
        return False
    if claim.code == "cast.dequantize_returned" and any(user.op != "output" for user in node.users):
        return False
    if claim.code == "cast.dequantize_requantized":
        return {user.name for user in node.users} == claim.many("readers") and all(map(is_cast, node.users))
    if readers(node, base) != claim.many("readers"):
        return False
    prepared, subject = flow.prepared(), past(node, base).name
    is_annotated = any(KEY in _node(prepared, each).meta for each in claim.many("readers") - {"output"})
    if claim.many("subject") != {subject} or is_annotated != (claim.code == "cast.dequantize_in_pattern"):
        return False
    beside = {subject, *readers(_node(base, subject), base)}
    bare = flow.converted(without=beside)
    return all(past(each, bare).name != subject for each in bare.graph.nodes if is_cast(each))


def constant_cast(claim: Claim, flow: ExportedFlow) -> bool:
    """Without the annotation of its readers the constant is read in float."""
    base = flow.converted()
    node = named(base, claim.node)
    if node is None or readers(node, base) != claim.many("readers"):
        return False
    bare = flow.converted(without=claim.many("readers"))
    return all(not any(map(is_cast, _node(bare, each).all_input_nodes)) for each in claim.many("readers")) or any(
        past(each, bare).op != "get_attr"
        for name in claim.many("readers")
        for each in _node(bare, name).all_input_nodes
    )


def picks(claim: Claim, flow: ExportedFlow) -> bool:
    """It gives what the computed parameters have at its place, and is read where a cast takes that."""
    base = flow.converted()
    node = named(base, claim.node)
    if node is None or node.args[0] is not named(base, claim.one("producer")):
        return False
    position = 1 if claim.code == "operator.picks_scale" else 2
    fits = all(list(user.args).index(node) == position for user in node.users if node in user.args)
    bare = flow.converted(without={each.name for each in base.graph.nodes})
    return fits and not any("choose_qparams" in each.name for each in bare.graph.nodes)


def in_subgraph(claim: Claim, flow: ExportedFlow) -> bool:
    """Annotated by hand nothing is observed in the region; where the model has no region, the same operator is."""
    inside, _, name = claim.node.rpartition("/")
    annotated = flow.prepared(in_region=True, is_kept=False)
    read = _node(annotated, inside)
    region: Any = annotated.get_submodule(str(read.target))
    node, (call,) = _node(region, name), read.users
    if claim.args["operator"] not in str(call.target) or KEY not in node.meta or watchers(region):
        return False
    if (cause := claim.args.get("cause")) and cause["code"] != f"origin.{_mode_of(call)}":
        return False

    def without(model: nn.Module) -> None:
        setattr(model, "has_region", False)  # noqa: B010 - torch types it as a tensor

    outside = flow.captured(change=without)
    same = [each.name for each in outside.graph.nodes if each.target == node.target]
    given = flow.prepared(change=without, given=same)
    return any(_ties(given, each) for each in same)


def calls_graph(claim: Claim, flow: ExportedFlow) -> bool:
    """The graphs that it reads are those; they hold no observer, nor where all inside is annotated by hand."""
    base = flow.prepared() if claim.stage == "prepared" else flow.converted()
    node = _node(base, claim.node)
    read = {each.name: getattr(base, str(each.target), None) for each in node.all_input_nodes if each.op == "get_attr"}
    graphs = {name: each for name, each in read.items() if isinstance(each, GraphModule)}
    if set(graphs) != claim.many("graphs") or claim.args["operator"] not in str(node.target):
        return False
    by_hand = flow.prepared(in_region=True, is_kept=False)
    inside = [*graphs.values(), *(each for each in by_hand.children() if isinstance(each, GraphModule))]
    return not any(watchers(each) or any(map(is_cast, each.graph.nodes)) for each in inside)


def graph_read(claim: Claim, flow: ExportedFlow) -> bool:
    """With another output of its graph the reader gives another value."""
    graph, node = _read_in(claim, flow, claim.node)
    own: Any = graph.get_submodule(str(node.target))
    is_read = {each.name for each in node.users} == {claim.one("reader")}
    return is_read and isinstance(own, GraphModule) and _is_output(graph, node, own, flow.inputs)


def output_inside(claim: Claim, flow: ExportedFlow) -> bool:
    """With another value in its place the operator that runs the graph gives that."""
    graph, node = _read_in(claim, flow, claim.node.rpartition("/")[0])
    own: Any = graph.get_submodule(str(node.target))
    (call,) = node.users
    (name,) = claim.roles["returned"]
    (returned,) = own.graph.find_nodes(op="output")[0].args[0]
    is_named = returned.name == name and claim.args["operator"] in str(call.target)
    return is_named and _is_output(graph, node, own, flow.inputs)


def _is_output(graph: GraphModule, read: Node, own: GraphModule, inputs: Any) -> bool:
    other = copy.deepcopy(own)
    (given,) = other.graph.find_nodes(op="output")[0].args[0]
    with other.graph.inserting_after(given):
        negative = other.graph.call_function(torch.neg, (given,))
    given.replace_all_uses_with(negative, lambda user: user is not negative)
    other.recompile()
    (call,) = read.users
    was, now = (computed(graph, inputs, {read.name: each})[call.name][0] for each in (own, other))
    return torch.equal(was, -now) and not torch.equal(was, now)


def input_inside(claim: Claim, flow: ExportedFlow) -> bool:
    """The graph is made to return it alone: it gives what stands at its place in the call, whatever that is."""
    inside, _, name = claim.node.rpartition("/")
    graph, node = _read_in(claim, flow, inside)
    own: Any = graph.get_submodule(str(node.target))
    (call,) = node.users
    other = copy.deepcopy(own)
    place = [each.name for each in other.graph.find_nodes(op="placeholder")].index(name)
    (output,) = other.graph.find_nodes(op="output")
    output.args = ((_node(other, name),),)
    other.recompile()
    given = call.args[list(call.args).index(node) + 1 + place]
    assert isinstance(given, Node)
    value = computed(graph, flow.inputs)[given.name]
    found = [
        torch.equal(computed(graph, flow.inputs, {node.name: other, given.name: each})[call.name][0], each)
        for each in (value, value * 0.5 + 0.1)
    ]
    return all(found) and claim.args["operator"] in str(call.target)


def _read_in(claim: Claim, flow: ExportedFlow, name: str) -> tuple[GraphModule, Node]:
    """Return the graph of a stage, and the node that reads an inner graph."""
    builds: Any = {"captured": flow.captured, "prepared": flow.prepared, "converted": flow.converted}
    graph: GraphModule = builds[claim.stage]()
    return graph, _node(graph, name)


def _mode_of(call: Node) -> str:
    if "autocast" in str(call.target):
        return "autocast"
    return "enable_grad" if call.args[0] is True else "no_grad"


PROOFS: dict[str, Callable[[Claim, ExportedFlow], bool]] = {
    **dict.fromkeys((f"observer.{place}" for place in ("output", "input", "parameter")), observer_stands_for),
    "quantized.annotated": annotated,
    "quantized.inside_pattern": inside_pattern,
    "float.not_annotated": not_annotated,
    "float.parameter_taken": parameter_taken,
    "float.in_subgraph": in_subgraph,
    "operator.calls_graph": calls_graph,
    "constant.graph": graph_read,
    "input.of_graph": input_inside,
    "output.of_graph": output_inside,
    "unquantized.not_float": not_a_float,
    "cast.quantize": cast_is_for,
    "cast.choose_qparams": cast_is_for,
    "cast.dequantize_returned": back_to_float,
    "cast.dequantize_requantized": back_to_float,
    "cast.dequantize_in_pattern": back_to_float,
    "cast.dequantize_for_float": back_to_float,
    "cast.dequantize_constant": constant_cast,
    "operator.picks_scale": picks,
    "operator.picks_zero_point": picks,
}
