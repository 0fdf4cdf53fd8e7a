"""Interventions in PT2E: an annotation is taken from a node or written on it by hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import nn
from torch.fx import GraphModule, Node

from tests.engine.why.reasons.flows import KEY, ExportedFlow, named, watchers
from tests.engine.why.reasons.reading import is_cast, on, past, readers
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
    if readers(node, base) != claim.many("continues_in"):
        return False
    before = {user for user in claim.many("continues_in") if KEY in _node(flow.prepared(), user).meta}
    return bool(before) and _ties(base, claim.node) == _ties(without, claim.node)


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
    subject = past(node, base).name
    if claim.many("subject") != {subject}:
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


def parameter(claim: Claim, flow: ExportedFlow) -> bool:
    """The parameter named is changed in the model: the constant changes. Any other is changed: it does not."""
    path = f"{claim.args['path']}.{claim.args['parameter']}"
    target = claim.fields["target"]
    build: Any = {"captured": flow.captured, "prepared": flow.prepared, "converted": flow.converted}[claim.stage]

    def changed(own: bool) -> Callable[[nn.Module], None]:
        def change(model: nn.Module) -> None:
            known = dict(model.named_parameters(remove_duplicate=False)) | dict(model.named_buffers())
            assert path in known
            for name, value in known.items():
                if (name == path) is own and not _is_folded(name, path):
                    value.data = _mixed(value.data) if value.is_floating_point() else value.data + 1

        return change

    base = _value(build(), target)
    is_ours = not torch.equal(base, _value(build(change=changed(True)), target))
    return is_ours and torch.equal(base, _value(build(change=changed(False)), target))


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


PROOFS: dict[str, Callable[[Claim, ExportedFlow], bool]] = {
    **dict.fromkeys((f"observer.{place}" for place in ("output", "input", "parameter")), observer_stands_for),
    "quantized.annotated": annotated,
    "quantized.inside_pattern": inside_pattern,
    "float.not_annotated": not_annotated,
    "unquantized.not_float": not_a_float,
    "cast.quantize": cast_is_for,
    "cast.choose_qparams": cast_is_for,
    "cast.dequantize_returned": back_to_float,
    "cast.dequantize_requantized": back_to_float,
    "cast.dequantize_in_pattern": back_to_float,
    "cast.dequantize_constant": constant_cast,
    "constant.parameter": parameter,
    "operator.picks_scale": picks,
    "operator.picks_zero_point": picks,
}
