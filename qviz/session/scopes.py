"""Which nodes of some stages a picture shows: all, those around one, or those that changed."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from qviz.analysis.linking.index import LinkIndex
from qviz.analysis.overlays.changes import changed
from qviz.analysis.overlays.overlay import Overlay
from qviz.analysis.views.reach import neighbours, part
from qviz.document.graph import Kind, NodeId
from qviz.document.query import Index
from qviz.document.snapshot import Snapshot, Stage, StageName
from qviz.errors import QvizError
from qviz.words import names, tr
from qviz.words.formats import every

NEAR = 1
"""Hops around what changed."""


class Scope(NamedTuple):
    """What of each stage is drawn.

    Attributes:
        around: Ids of nodes, or the path of a module; all of the stage where there is none.
        hops: How many edges away from them.
        is_changes: What changed between two stages instead, with its neighbours.
        shows_changes: Whether what changed is marked, whatever else is drawn.
    """

    around: tuple[str, ...] = ()
    hops: int = 2
    is_changes: bool = False
    shows_changes: bool = False


WHOLE = Scope()


class ScopedStage(NamedTuple):
    """What is drawn of one stage.

    Attributes:
        stage: With these nodes only.
        nodes: How many nodes the whole stage has.
        overlays: What the scope has to say of them.
        fused: Nodes that one node of the other stage stands for.
    """

    stage: Stage
    nodes: int
    overlays: tuple[Overlay, ...] = ()
    fused: tuple[tuple[NodeId, ...], ...] = ()


def parts(snapshot: Snapshot, shown: Sequence[StageName], scope: Scope = WHOLE) -> tuple[ScopedStage, ...]:
    """Return what is drawn of some stages.

    Raises:
        QvizError: No such stage or node, or nothing that changed.
    """
    stages = [_stage(snapshot, name) for name in shown]
    if scope.is_changes:
        return _near_changes(_with_changes(snapshot, _whole(stages)))
    found = _around(snapshot, stages, scope) if scope.around else _whole(stages)
    return _with_changes(snapshot, found) if scope.shows_changes else found


def _stage(snapshot: Snapshot, name: StageName) -> Stage:
    try:
        return snapshot.stage(name)
    except KeyError as error:
        raise QvizError(str(error.args[0]), tr("Choose one of them.")) from error


def _whole(stages: Sequence[Stage]) -> tuple[ScopedStage, ...]:
    return tuple(ScopedStage(stage, len(stage.whole.nodes)) for stage in stages)


def _with_changes(snapshot: Snapshot, found: Sequence[ScopedStage]) -> tuple[ScopedStage, ...]:
    """Return the stages with what changed between them; of a single one, since the first, or to the last if it is that.

    Raises:
        QvizError: There is one stage only.
    """
    one, other = found[0].stage.name, found[-1].stage.name
    if one == other:
        one = next((stage.name for stage in (snapshot.stages[0], snapshot.stages[-1]) if stage.name != other), other)
    if one == other:
        raise QvizError(tr("Changes need two stages, and there is only one"), tr("Run a flow that has several."))
    changes = changed(snapshot.stages, snapshot.links, one, other)
    return tuple(
        each._replace(
            overlays=(*each.overlays, changes.overlays[each.stage.name]),
            fused=changes.changes.fused if each.stage.name == changes.changes.earlier else (),
        )
        for each in found
    )


def _near_changes(found: Sequence[ScopedStage]) -> tuple[ScopedStage, ...]:
    """Return of each stage what changed, and what is next to it.

    Raises:
        QvizError: Nothing changed.
    """
    made = []
    for each in found:
        index = Index(each.stage.whole)
        ids = frozenset(near for one in each.overlays[-1].nodes for near in neighbours(index, one, _reach(index, one)))
        made.append(each._replace(stage=_part(each.stage, ids)))
    if not any(each.stage.graph.nodes for each in made):
        one, other = (names.stage(each.stage.name) for each in (found[0], found[-1]))
        raise QvizError(tr("Nothing changed from {one} to {other}", one=one, other=other), tr("Draw whole stages."))
    return tuple(made)


def _part(stage: Stage, ids: frozenset[NodeId]) -> Stage:
    """Return a stage with these nodes only; the stage itself where it has no others."""
    return stage if len(ids) == len(stage.whole.nodes) else part(stage, ids)


def _reach(index: Index, node_id: NodeId) -> int:
    """Return how far to go from a node that changed: of a constant, from the operator that reads it."""
    return NEAR + (index.nodes[node_id].kind is Kind.CONSTANT)


def _around(snapshot: Snapshot, stages: Sequence[Stage], scope: Scope) -> tuple[ScopedStage, ...]:
    """Return what lies around some nodes, and around what they are in the other stages."""
    found = [(stage, _named(stage, scope.around)) for stage in stages]
    if not any(ids for _, ids in found):
        raise _unknown(stages, scope.around)
    links = LinkIndex(snapshot.links)
    made = []
    for stage, ids in found:
        linked = (each for other, there in found for each in links.partners(other.name, stage.name, there))
        index = Index(stage.whole)
        near = (each for one in ids or dict.fromkeys(linked) for each in neighbours(index, one, scope.hops))
        made.append(ScopedStage(_part(stage, frozenset(near)), len(stage.whole.nodes)))
    return tuple(made)


def _named(stage: Stage, wanted: Iterable[str]) -> tuple[NodeId, ...]:
    """Return the nodes of these ids, or of the modules of these paths."""
    found: dict[NodeId, None] = {}
    for name in wanted:
        nodes = [node.id for node in stage.whole.nodes if node.id == name]
        if not nodes:
            nodes = [node.id for node in stage.whole.nodes if f"{node.place}.".startswith(f"{name}.")]
        found.update(dict.fromkeys(nodes))
    return tuple(found)


def _unknown(stages: Sequence[Stage], wanted: Sequence[str]) -> QvizError:
    known = dict.fromkeys(each for stage in stages for node in stage.whole.nodes for each in (node.id, node.place))
    near = difflib.get_close_matches(wanted[0], [each for each in known if each], 1)
    hint = tr("Did you mean {near}?", near=near[0]) if near else tr("Name a node or a module path.")
    told = every(names.stage(stage.name) for stage in stages)
    return QvizError(tr("{stages} has no node {name}", stages=told, name=wanted[0]), hint)
