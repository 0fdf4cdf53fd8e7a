"""What became of a node between the two stages in view."""

from __future__ import annotations

from typing import NamedTuple

from qviz.analysis.inspecting.inspected_run import InspectedRun, NodePlace
from qviz.analysis.views.captions import signature, title_of
from qviz.document.graph import Node, NodeId
from qviz.document.snapshot import StageName
from qviz.words import names, tr


class ChangedNode(NamedTuple):
    """One node of a side: its name, and what it is."""

    place: NodePlace
    title: str
    about: str


class ChangePart(NamedTuple):
    """What a change made of what.

    Attributes:
        before: The nodes of the earlier stage; none where they were added.
        after: Those of the later one; none where nothing is left.
        relation: What happened, in a word.
        stages: The two stages.
    """

    before: tuple[ChangedNode, ...]
    after: tuple[ChangedNode, ...]
    relation: str
    stages: tuple[StageName, StageName]


def change_part(run: InspectedRun, place: NodePlace, stages: tuple[StageName, StageName]) -> ChangePart | None:
    """Return what became of a node between two stages; None where it is the same in both, or in neither."""
    one, other = stages
    if place.stage not in stages or run.stage(one) is None or run.stage(other) is None:
        return None
    there = run.parts.across(place.stage, (place.node,), other if place.stage == one else one)
    here = run.parts.across(other if place.stage == one else one, there, place.stage) if there else (place.node,)
    before, after = (here, there) if place.stage == one else (there, here)
    first, second = _nodes(run, one, before), _nodes(run, other, after)
    relation = _relation(first, second)
    if not relation:
        return None
    return ChangePart(
        tuple(_told(run, one, node) for node in first),
        tuple(_told(run, other, node) for node in second),
        relation,
        stages,
    )


def _nodes(run: InspectedRun, stage: StageName, ids: tuple[NodeId, ...]) -> list[Node]:
    """Return the nodes that compute, else all of them: parameters that were folded say little."""
    nodes = [run.index(stage).nodes[each] for each in ids if each in run.index(stage).nodes]
    return [node for node in nodes if node.kind.computes] or nodes


def _relation(before: list[Node], after: list[Node]) -> str:
    if not before or not after:
        return tr("removed") if before else tr("added") if after else ""
    if len(before) > len(after):
        return tr("fused")
    if len(after) > len(before):
        return tr("split")
    one, other = before[0], after[0]
    is_same = (one.kind, one.target, one.module_type) == (other.kind, other.target, other.module_type)
    return "" if is_same else tr("replaced")


def _told(run: InspectedRun, stage: StageName, node: Node) -> ChangedNode:
    place = NodePlace(stage, node.id)
    if not node.kind.computes:
        return ChangedNode(place, node.id, names.kind(node.kind.value))
    about = f"{names.kind(node.kind.value)} {signature(node)}" if node.kind.value == "quantized_op" else signature(node)
    return ChangedNode(place, title_of(node, run.leaf(place)), about)
