"""Puts findings that follow from others under them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from qviz.document.snapshot import Finding, FindingReference


class CauseGroup(NamedTuple):
    """A finding, and all that follow from it, also by way of others."""

    cause: Finding
    consequences: tuple[Finding, ...]


def by_cause(findings: Iterable[Finding]) -> tuple[CauseGroup, ...]:
    """Return the findings that follow from none of the others, in their order, each with those that follow from it."""
    found = [*findings]
    roots = _roots(found)
    groups: dict[int, list[Finding]] = {}
    for each in found:
        root = roots[id(each)]
        groups.setdefault(id(root), []).extend([] if root is each else [each])
    return tuple(CauseGroup(each, tuple(groups[id(each)])) for each in found if roots[id(each)] is each)


def reference(finding: Finding) -> FindingReference:
    """Return what names a finding to others of its run."""
    return FindingReference(finding.rule, finding.stage, finding.nodes)


def _roots(found: list[Finding]) -> dict[int, Finding]:
    """Return for each finding, by its id, the one that it follows from in the end; each is gone through once."""
    known = {reference(each): each for each in found}
    roots: dict[int, Finding] = {}
    for each in found:
        way: dict[int, Finding] = {}
        at = each
        while id(at) not in roots and id(at) not in way:  # a document may lead in a circle
            way[id(at)] = at
            at = known.get(at.because_of, at) if at.because_of is not None else at
        roots.update(dict.fromkeys(way, roots.get(id(at), at)))
    return roots
