"""Makes one finding of what is the same at several places."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from itertools import chain

import msgspec

from qviz.analysis.findings.evidence import Evidence
from qviz.document.graph import Json
from qviz.document.snapshot import Finding
from qviz.words.statement import ALSO


def grouped(findings: Iterable[Finding], evidence: Evidence) -> tuple[Finding, ...]:
    """Return the findings with those as one that say the same of other nodes, in numbers that may differ.

    The first one speaks for all; ``nodes`` holds those of all, and the role `ALSO` the first of each other one.
    """
    stages = {stage.name: evidence.index(stage).nodes for stage in evidence.snapshot.stages}
    groups: dict[tuple[object, ...], list[Finding]] = {}
    for number, finding in enumerate(findings):
        nodes = stages.get(finding.stage, {})
        places = {
            name for each in finding.nodes if (node := nodes.get(each)) for name in (node.id, node.target, node.place)
        }
        groups.setdefault(_said(finding, places) if finding.nodes else (number,), []).append(finding)
    return tuple(_joined(each) for each in groups.values())


def _said(finding: Finding, places: Collection[str]) -> tuple[object, ...]:
    """Return what findings of one cause have in common: all but their numbers and places."""
    names = {name: _names(value, places) for name, value in finding.args.items()}
    return finding.rule, finding.code, finding.level, finding.stage, finding.place, msgspec.json.encode(names)


def _names(value: Json, places: Collection[str]) -> Json:
    """Return what an argument names, without numbers and places: findings that name something else differ."""
    if isinstance(value, dict):
        return {name: _names(each, places) for name, each in value.items() if name != "roles"}
    if isinstance(value, list):
        named = [_names(each, places) for each in value]
        return named if any(each is not None for each in named) else None
    return value if isinstance(value, str) and value not in places else None


def _joined(findings: list[Finding]) -> Finding:
    first, *others = findings
    nodes = tuple(dict.fromkeys(chain.from_iterable(each.nodes for each in findings)))
    also = tuple(dict.fromkeys(each.nodes[0] for each in others if each.nodes[0] not in first.nodes))
    roles = {**first.roles, ALSO: also} if also else first.roles
    return msgspec.structs.replace(first, nodes=nodes, roles=roles) if others else first
