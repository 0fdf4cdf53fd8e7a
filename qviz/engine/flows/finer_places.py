"""Finds the layers that strict capture loses: its nodes may name only the outermost of the modules around them.

``nn.TransformerEncoder`` runs its layers so that dynamo records ``encoder`` alone. Non-strict capture of the same model
records all of them. Where its operators are the same, in the same order, they tell the layers; else each operator that
reads a parameter belongs to the module that holds it. What quantizers read stays as torch wrote it.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import accumulate

from torch import nn
from torch.fx import GraphModule, Node

from qviz.engine.nodes.module_paths import KNOWN_STACK, ModulePlace, module_stack
from qviz.engine.nodes.targets import target_name
from qviz.engine.recording.values import describe


def refine(captured: GraphModule, model: nn.Module, capture_again: Callable[[], GraphModule]) -> None:
    """Write on the nodes of a strict capture which modules they stand in, where it lost some.

    Args:
        captured: Its nodes get an entry in their metadata that only the recorder reads.
        model: What was captured.
        capture_again: Captures it non-strict.
    """
    lost = {node: path for node in captured.graph.nodes if (path := _lost(node)) is not None}
    if not lost:
        return
    try:
        again = capture_again()
    except Exception:  # non-strict capture runs the user's forward, which may raise anything
        again = None
    if again is None or not _take_over(captured, again):
        for node, path in lost.items():
            node.meta[KNOWN_STACK] = [*module_stack(node), *_down_to(model, path, module_stack(node)[-1].path)]


def _lost(node: Node) -> str | None:
    """Return the module of the parameter that an operator reads, if its stack ends above that module's parent."""
    stack = module_stack(node) if node.op == "call_function" else []
    if not stack:
        return None
    for each in node.all_input_nodes:
        owner = str(each.target).rpartition(".")[0] if each.op == "get_attr" else ""
        here = f"{stack[-1].path}." if stack[-1].path else ""
        if owner.startswith(here) and "." in owner.removeprefix(here):
            return owner
    return None


def _down_to(model: nn.Module, path: str, above: str) -> list[ModulePlace]:
    """Return the modules below one down to another."""
    paths = accumulate(path.split("."), lambda one, other: f"{one}.{other}")
    found = [each for each in paths if len(each) > len(above)]
    return [ModulePlace(each, type(model.get_submodule(each)).__name__) for each in found]


def _take_over(captured: GraphModule, again: GraphModule) -> bool:
    """Write the stacks of another capture on the nodes of one; False where the two do not agree in every operator."""
    ours, theirs = _operators(captured), _operators(again)
    if len(ours) != len(theirs) or not all(map(_is_same, ours, theirs)):
        return False
    for node, other in zip(ours, theirs, strict=True):
        own, more = module_stack(node), module_stack(other)
        if own and more and more[-1].path.startswith(own[-1].path):
            node.meta[KNOWN_STACK] = more
    return True


def _operators(module: GraphModule) -> list[Node]:
    return [node for node in module.graph.nodes if node.op == "call_function"]


def _is_same(one: Node, other: Node) -> bool:
    if target_name(one.target) != target_name(other.target):
        return False
    return describe(one.meta.get("val")) == describe(other.meta.get("val"))
