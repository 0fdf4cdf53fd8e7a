"""What has arrived of one run: an immutable value that every report makes anew."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from qviz.analysis.linking.index import LinkIndex
from qviz.document.graph import NodeId
from qviz.document.plan import Plan
from qviz.document.snapshot import Facts, Link, RunError, Snapshot, Stage, StageName
from qviz.wire.assembly import Assembly
from qviz.wire.messages import RunFinished, StageReached


@dataclass(frozen=True)
class Received:
    """The stages of a run so far.

    Attributes:
        plan: The plan of that run; the user may have edited it since.
        stages: In the order of the run.
        links: Between neighbouring stages.
        facts: By stage and node.
    """

    plan: Plan
    stages: tuple[Stage, ...] = ()
    links: tuple[Link, ...] = ()
    facts: Mapping[StageName, Mapping[NodeId, Facts]] = field(default_factory=dict)

    @cached_property
    def index(self) -> LinkIndex:
        """The links, ready to be asked."""
        return LinkIndex(self.links)

    def with_stage(self, report: StageReached) -> Received:
        """Return this with a stage that arrived, its facts and links."""
        assembly = self._assembly()
        assembly.add(report)
        return Received(self.plan, tuple(assembly.stages), tuple(assembly.links), assembly.facts)

    def finished(self, report: RunFinished) -> Snapshot:
        """Return the result of a run that came to its end, good or bad."""
        return self._assembly().finished(report)

    def interrupted(self, error: RunError | None = None) -> Snapshot:
        """Return what there is of a run that was canceled, or whose engine died."""
        return self._assembly().interrupted(error)

    def _assembly(self) -> Assembly:
        facts = {stage: dict(of_nodes) for stage, of_nodes in self.facts.items()}
        return Assembly(self.plan, list(self.stages), list(self.links), facts)
