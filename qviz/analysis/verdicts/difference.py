"""What changed between two runs: configuration, stages, nodes, coverage, findings."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from qviz.analysis.coverage import coverage
from qviz.analysis.linking.matching import match
from qviz.analysis.node_aspects import Aspect, aspects
from qviz.analysis.verdicts.finding_places import FindingPlaces
from qviz.analysis.verdicts.verdict import findings_of
from qviz.document.coverage import Coverage
from qviz.document.graph import Graph, Json, Kind, Record
from qviz.document.query import count_kinds
from qviz.document.snapshot import Finding, Run, Snapshot


class SettingChange(Record, frozen=True):
    """One value of the configuration or of the versions; None where a run has none."""

    name: str
    a: Json
    b: Json


class NodeChange(Record, frozen=True):
    """One node of both runs that is not the same in both; the ids differ where it was renamed."""

    a: str
    b: str
    aspects: tuple[Aspect, ...]


class KindCount(Record, frozen=True):
    """How many nodes of a kind either run has; only where that differs."""

    kind: Kind
    a: int
    b: int


class StageDifference(Record, frozen=True):
    """One stage that both runs have.

    Attributes:
        name: Of the stage.
        nodes: How many nodes either run has.
        only_a: Ids of the nodes that only A has, in graph order.
        only_b: Those that only B has.
        changed: The nodes of both that differ, in the order of A.
        kinds: The kinds whose counts differ.
    """

    name: str
    nodes: tuple[int, int]
    only_a: tuple[str, ...]
    only_b: tuple[str, ...]
    changed: tuple[NodeChange, ...]
    kinds: tuple[KindCount, ...]

    @property
    def is_same(self) -> bool:
        """Whether nothing differs."""
        return not (self.only_a or self.only_b or self.changed or self.kinds)


class Difference(Record, frozen=True):
    """All that differs between two runs.

    Attributes:
        settings: Source, flow, status, configuration and versions, where they differ.
        stages_only_a: Names of the stages that only A has.
        stages_only_b: Those that only B has.
        stages: Every stage of both, also where nothing differs.
        coverage_a: How much of A is quantized; None before a conversion.
        coverage_b: The same of B.
        gone: Findings of A that B has not.
        new: Findings of B that A has not.
    """

    settings: tuple[SettingChange, ...]
    stages_only_a: tuple[str, ...]
    stages_only_b: tuple[str, ...]
    stages: tuple[StageDifference, ...]
    coverage_a: Coverage | None
    coverage_b: Coverage | None
    gone: tuple[Finding, ...]
    new: tuple[Finding, ...]

    @property
    def is_same(self) -> bool:
        """Whether nothing differs."""
        parts = (self.settings, self.stages_only_a, self.stages_only_b, self.gone, self.new)
        return not any(parts) and self.coverage_a == self.coverage_b and all(each.is_same for each in self.stages)


def difference(a: Snapshot, b: Snapshot, tolerance: float) -> Difference:
    """Compare two runs.

    Args:
        a: The earlier one.
        b: The later one.
        tolerance: By what share a scale may differ and still count as the same.
    """
    names_a, names_b = ([stage.name for stage in each.stages] for each in (a, b))
    marks_a, marks_b = ({FindingPlaces(run).fingerprint(each): each for each in findings_of(run)} for run in (a, b))
    return Difference(
        settings=tuple(_settings(a.run, b.run)),
        stages_only_a=tuple(name for name in names_a if name not in names_b),
        stages_only_b=tuple(name for name in names_b if name not in names_a),
        stages=tuple(
            _stage(name, a.stage(name).whole, b.stage(name).whole, tolerance) for name in names_a if name in names_b
        ),
        coverage_a=coverage(a.stages, a.links, a.facts),
        coverage_b=coverage(b.stages, b.links, b.facts),
        gone=tuple(each for mark, each in marks_a.items() if mark not in marks_b),
        new=tuple(each for mark, each in marks_b.items() if mark not in marks_a),
    )


def _settings(a: Run, b: Run) -> Iterator[SettingChange]:
    flat_a, flat_b = (dict(_flat(_record(run))) for run in (a, b))
    for name in dict.fromkeys((*flat_a, *flat_b)):
        one, other = flat_a.get(name), flat_b.get(name)
        if one != other:
            yield SettingChange(name, one, other)


def _record(run: Run) -> dict[str, Json]:
    error: Json = None
    if run.error is not None:
        error = {"step": run.error.step, "type": run.error.type, "code": run.error.code, "args": dict(run.error.args)}
    head: dict[str, Json] = {"source": run.source, "flow": run.flow, "status": run.status, "error": error}
    return {**head, "config": dict(run.config), "versions": dict(run.versions)}


def _flat(value: dict[str, Json], before: str = "") -> Iterator[tuple[str, Json]]:
    """Yield every value under its dotted name; lists are values."""
    for name, each in value.items():
        if isinstance(each, dict):
            yield from _flat(each, f"{before}{name}.")
        else:
            yield f"{before}{name}", each


def _stage(name: str, a: Graph, b: Graph, tolerance: float) -> StageDifference:
    pairs = match(a, b)
    nodes_b = {node.id: node for node in b.nodes}
    partners = set(pairs.values())
    found = (
        NodeChange(node.id, pairs[node.id], tuple(aspects(node, nodes_b[pairs[node.id]], tolerance)))
        for node in a.nodes
        if node.id in pairs
    )
    return StageDifference(
        name=name,
        nodes=(len(a.nodes), len(b.nodes)),
        only_a=tuple(node.id for node in a.nodes if node.id not in pairs),
        only_b=tuple(node.id for node in b.nodes if node.id not in partners),
        changed=tuple(each for each in found if each.aspects),
        kinds=tuple(_kinds(count_kinds(a), count_kinds(b))),
    )


def _kinds(a: Counter[Kind], b: Counter[Kind]) -> Iterator[KindCount]:
    for kind in Kind:
        if a[kind] != b[kind]:
            yield KindCount(kind, a[kind], b[kind])
