"""Observers and fake-quants that somebody turned off."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from qviz.analysis.findings.evidence import Evidence, listed
from qviz.document.kept import kept_finding
from qviz.document.snapshot import Finding, Level


def find(evidence: Evidence) -> Iterator[Finding]:
    """Yield the fake-quants that do nothing, and the observers whose range stands still."""
    idle: defaultdict[str, list[str]] = defaultdict(list)
    frozen: defaultdict[str, list[str]] = defaultdict(list)
    for stage in evidence.snapshot.stages:
        for place, facts in evidence.snapshot.facts.get(stage.name, {}).items():
            fact = facts.observer
            if fact is not None and fact.fake_quant_enabled is False:
                idle[stage.name].append(place)
            elif fact is not None and fact.observer_enabled is False:
                frozen[stage.name].append(place)
    for name, places in idle.items():
        yield kept_finding(
            rule="switched_off",
            level=Level.WARNING,
            stage=name,
            nodes=_nodes(evidence, name, places),
            message=f"the fake-quant is off in {listed(places)}",
            reason="fake_quant_enabled is 0, so that training sees float values there; convert quantizes them all the "
            "same",
            hint="Call model.apply(torch.ao.quantization.enable_fake_quant) before training ends.",
        )
    for name, places in frozen.items():
        yield kept_finding(
            rule="switched_off",
            level=Level.INFO,
            stage=name,
            nodes=_nodes(evidence, name, places),
            message=f"the observer is off in {listed(places)}",
            reason="observer_enabled is 0: the range stands still, as it should in the last epochs of training",
            hint="Call model.apply(torch.ao.quantization.enable_observer) if the ranges are to follow the data.",
        )


def _nodes(evidence: Evidence, stage_name: str, places: list[str]) -> tuple[str, ...]:
    """Return the nodes at which facts are kept: the observer itself, or the module that has it inside."""
    index = evidence.index(evidence.snapshot.stage(stage_name))
    by_path = {node.target: node.id for node in index.nodes.values() if node.op == "call_module"}
    found = (each if each in index.nodes else by_path.get(each.rpartition(".")[0]) for each in places)
    return tuple(dict.fromkeys(each for each in found if each is not None))
