"""A weight with one scale for all channels, of which many use a few levels only."""

from __future__ import annotations

from collections.abc import Iterator, Set

from qviz.analysis.findings import never_calibrated
from qviz.analysis.findings.evidence import Evidence
from qviz.analysis.findings.rules import finds
from qviz.document.graph import WATCHING
from qviz.document.snapshot import Finding, Level, Stage

_MANY = 1 / 8


@finds("uneven_channels")
def find(evidence: Evidence) -> Iterator[Finding]:
    """Yield each weight quantized per tensor in which many channels reach less than a sixteenth of the range."""
    known = [*_by_integers(evidence)]
    found = (*known, *_measured(evidence, {finding.nodes[0] for finding in known}))
    empty = [*never_calibrated.find(evidence)]
    yield from (each for each in found if not any(_is_of(each, cause, evidence) for cause in empty))


def _is_of(finding: Finding, empty: Finding, evidence: Evidence) -> bool:
    """Return whether an observer of a weight saw nothing: no channel made that scale."""
    there = evidence.links.partners(finding.stage, empty.stage, finding.nodes)
    own = finding.nodes if finding.stage == empty.stage else there
    return bool(set(empty.nodes).intersection(own))


def _measured(evidence: Evidence, known: Set[str]) -> Iterator[Finding]:
    """Yield the weights that lose many channels: their own numbers all became zero, or one step."""
    measured = evidence.snapshot.measurements
    for each in measured.uneven if measured is not None else ():
        stage = next(stage for stage in evidence.snapshot.stages if stage.name == each.stage)
        index = evidence.index(stage)
        readers = [user for node in each.nodes if index.nodes[node].kind in WATCHING for user in index.users[node]]
        subject = (*readers, *each.nodes)
        if each.lost < _MANY * each.total or known & set(_later(evidence, stage, subject)):
            continue
        yield Finding(
            rule="uneven_channels",
            level=Level.WARNING,
            stage=each.stage,
            nodes=subject,
            code="uneven_channels.lost",
            roles={"subject": subject[:1]},
            args={"lost": each.lost, "total": each.total, "widest": each.widest, "ratio": each.ratio},
        )


def _later(evidence: Evidence, stage: Stage, nodes: tuple[str, ...]) -> tuple[str, ...]:
    """Return nodes with what they became in the converted stage."""
    converted = evidence.converted
    if converted is None or stage is converted:
        return nodes
    return (*nodes, *evidence.links.partners(stage.name, converted.name, nodes))


def _by_integers(evidence: Evidence) -> Iterator[Finding]:
    stage = evidence.converted
    facts = evidence.snapshot.facts.get(stage.name, {}) if stage is not None else {}
    nodes = evidence.index(stage).nodes if stage is not None else {}
    for node_id, each in facts.items():
        weight = each.integers
        if stage is None or node_id not in nodes or weight is None or not weight.narrow:
            continue
        if weight.total > 1 and weight.narrow >= _MANY * weight.total:
            host = next(iter(_reader(evidence, node_id)), node_id)
            yield Finding(
                rule="uneven_channels",
                level=Level.WARNING,
                stage=stage.name,
                nodes=tuple(dict.fromkeys((host, node_id))),
                code="uneven_channels",
                roles={"subject": (host,), "weight": (node_id,)},
                args={"narrow": weight.narrow, "total": weight.total},
            )


def _reader(evidence: Evidence, node_id: str) -> list[str]:
    """Return the operator that a constant reaches through casts; nothing for an operator itself."""
    stage = evidence.converted
    assert stage is not None
    index = evidence.index(stage)
    if index.nodes[node_id].op != "get_attr":
        return []
    step = node_id
    while len(users := index.users[step]) == 1:
        step = users[0]
        if index.nodes[step].kind.value in ("op", "fused_op", "quantized_op"):
            return [step]
    return []
