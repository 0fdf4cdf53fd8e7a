"""Observers and fake-quants that somebody turned off."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from qviz.analysis.findings.evidence import Evidence
from qviz.analysis.findings.rules import finds
from qviz.document.snapshot import Finding, Level

_PLACES = 3
"""How many modules tell a finding without nodes from another."""


@finds("switched_off")
def find(evidence: Evidence) -> Iterator[Finding]:
    """Yield the fake-quants that do nothing, and the observers whose range stands still."""
    idle: defaultdict[str, list[str]] = defaultdict(list)
    frozen: defaultdict[str, list[str]] = defaultdict(list)
    for stage in evidence.snapshot.stages:
        for place, facts in evidence.snapshot.facts.get(stage.name, {}).items():
            fact = facts.observer
            if fact is not None and fact.fake_quant_enabled is False:
                idle[stage.name].append(place)
            elif fact is not None and fact.observer_enabled is False and fact.calibrated is not False:
                frozen[stage.name].append(place)
    for name, places in idle.items():
        yield _finding(evidence, Level.WARNING, name, "switched_off.fake_quant", places)
    for name, places in frozen.items():
        yield _finding(evidence, Level.INFO, name, "switched_off.observer", places)


def _finding(evidence: Evidence, level: Level, stage: str, code: str, places: list[str]) -> Finding:
    nodes = watching_nodes(evidence, stage, places)
    place = () if nodes else tuple(places[:_PLACES])
    return Finding("switched_off", level, stage, nodes, code, {"subject": nodes}, {"places": [*places]}, place)


def watching_nodes(evidence: Evidence, stage_name: str, places: list[str]) -> tuple[str, ...]:
    """Return the nodes at which facts are kept: the observer itself, or the module that has it inside."""
    index = evidence.index(evidence.snapshot.stage(stage_name))
    by_path = {node.target: node.id for node in index.nodes.values() if node.op == "call_module"}
    found = (each if each in index.nodes else by_path.get(each.rpartition(".")[0]) for each in places)
    return tuple(dict.fromkeys(each for each in found if each is not None))
