"""Names the places that a finding speaks of, so that they hold from run to run, whatever torch calls its nodes."""

from __future__ import annotations

from collections import Counter

from qviz.analysis.regions import function_name
from qviz.document.baseline import fingerprint
from qviz.document.graph import COMPUTING, Kind, Node
from qviz.document.snapshot import Finding, Snapshot


class FindingPlaces:
    """The places of a run's findings, looked up once."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot
        self._stages: dict[str, dict[str, str]] = {}

    def of(self, finding: Finding) -> tuple[str, ...]:
        """Return the places of a finding: those of its nodes, and what its rule was about; sorted, each once.

        A node's place is its module path; where the node is not the module itself, with the operator, and its
        number among the equal ones there: ``layer1.0:add``, ``fc:observer#2``.
        """
        nodes = self._nodes(finding.stage)
        return tuple(sorted({*(nodes.get(each, each) for each in finding.nodes), *finding.place}))

    def fingerprint(self, finding: Finding) -> str:
        """Return what names a finding across runs."""
        return fingerprint(finding.rule, finding.stage, self.of(finding))

    def _nodes(self, name: str) -> dict[str, str]:
        if name not in self._stages:
            graph = next((stage.whole for stage in self._snapshot.stages if stage.name == name), None)
            turns: Counter[str] = Counter()
            places: dict[str, str] = {}
            for node in graph.nodes if graph is not None else ():
                place = _place(node)
                turns[place] += 1
                places[node.id] = place if turns[place] == 1 else f"{place}#{turns[place]}"
            self._stages[name] = places
        return self._stages[name]


def _place(node: Node) -> str:
    if node.op == "call_module" and node.kind in COMPUTING:
        return node.place or node.target
    what = function_name(node) if node.kind in COMPUTING else node.kind.value
    if node.kind in (Kind.INPUT, Kind.CONSTANT):
        what = f"{what} {node.target}"
    return f"{node.place}:{what}"
