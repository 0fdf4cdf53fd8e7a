"""Two results as one, so that any stage of either can be seen beside, and compared with, any of the other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from msgspec.structs import replace

from qviz.analysis.linking.matching import match
from qviz.document.query import Index
from qviz.document.snapshot import Link, Relation, Snapshot, Stage

BETWEEN = " · "
"""Stands in a stage's name before the other result's own."""


def beside(one: Snapshot, other: Snapshot, label: str, is_before: bool = False) -> Snapshot:
    """Return a snapshot with the stages of both.

    Stages of the other are called ``converted · label``; nodes of stages that both have are
    linked across. Run, summary, measurements, script and bookmarks are those of the first.

    Args:
        one: The result that the other is put beside.
        other: The other one.
        label: Its name.
        is_before: Whether the other came before: what one alone has was added then, not removed.
    """
    taken = {stage.name for stage in one.stages}
    while any(f"{stage.name}{BETWEEN}{label}" in taken for stage in other.stages):
        label = f"{label}'"
    names = {stage.name: f"{stage.name}{BETWEEN}{label}" for stage in other.stages}
    theirs = tuple(replace(stage, name=names[stage.name]) for stage in other.stages)
    links = [replace(each, from_stage=names[each.from_stage], to_stage=names[each.to_stage]) for each in other.links]
    across = _across(one, other, names)
    return replace(
        one,
        stages=(*theirs, *one.stages) if is_before else (*one.stages, *theirs),
        links=(*one.links, *links, *(map(_turned, across) if is_before else across)),
        facts={**one.facts, **{names[name]: facts for name, facts in other.facts.items()}},
        findings=(*one.findings, *(replace(each, stage=names.get(each.stage, each.stage)) for each in other.findings)),
    )


def _across(one: Snapshot, other: Snapshot, names: Mapping[str, str]) -> Iterator[Link]:
    stages = {stage.name: stage for stage in other.stages}
    for stage in one.stages:
        if stage.name in stages:
            yield from _matched(stage, stages[stage.name], names[stage.name])


def _turned(link: Link) -> Link:
    """Return a link from the other end: stages stand in the order of their links, and what was removed was added."""
    relation = {"removed": "inserted", "inserted": "removed"}.get(link.relation, link.relation)
    return replace(
        link,
        from_stage=link.to_stage,
        to_stage=link.from_stage,
        from_ids=link.to_ids,
        to_ids=link.from_ids,
        relation=relation,
    )


def _matched(mine: Stage, theirs: Stage, name: str) -> Iterator[Link]:
    pairs = match(mine.whole, theirs.whole)
    nodes, others = Index(mine.whole).nodes, Index(theirs.whole).nodes
    for here, there in pairs.items():
        a, b = nodes[here], others[there]
        is_same = (a.kind, a.module_type, a.quant) == (b.kind, b.module_type, b.quant)
        code = "link.other_result.same_name" if here == there else "link.other_result.same_place"
        relation: Relation = "same" if is_same and (a.op == "call_module" or a.target == b.target) else "replaced"
        yield Link(mine.name, name, (here,), (there,), relation, 1.0 if here == there else 0.9, code)
    for here in nodes:
        if here not in pairs:
            yield Link(mine.name, name, (here,), (), "removed", 0.9, "link.other_result.missing")
    matched = set(pairs.values())
    for there in others:
        if there not in matched:
            yield Link(mine.name, name, (), (there,), "inserted", 0.9, "link.other_result.added")
