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
    known = {reference(each): each for each in found}
    groups: dict[int, list[Finding]] = {}
    for each in found:
        root = _root(each, known)
        groups.setdefault(id(root), []).extend([] if root is each else [each])
    return tuple(CauseGroup(each, tuple(groups[id(each)])) for each in found if _root(each, known) is each)


def reference(finding: Finding) -> FindingReference:
    """Return what names a finding to others of its run."""
    return FindingReference(finding.rule, finding.stage, finding.nodes)


def _root(finding: Finding, known: dict[FindingReference, Finding]) -> Finding:
    seen = [finding]
    while (named := seen[-1].because_of) is not None and (cause := known.get(named)) is not None:
        if any(cause is each for each in seen):
            return finding  # a document may say anything
        seen.append(cause)
    return seen[-1]
