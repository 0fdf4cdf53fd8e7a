"""What the user lays over the stages in view: nothing but roles, the numbers of quantizers, or what changed."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import NamedTuple

from qviz.analysis.inspecting.columns import NumberColumn, empty_columns, number_columns
from qviz.analysis.inspecting.inspected_run import InspectedRun, RunParts
from qviz.analysis.overlays.changes import changed
from qviz.analysis.overlays.numbers import numbers
from qviz.analysis.overlays.overlay import Overlay
from qviz.document.snapshot import StageName
from qviz.session.project import Project


class OverlayChoice(str, Enum):
    """One of the overlays that the user chooses from; the value is its name."""

    ROLES = "roles"
    NUMBERS = "numbers"
    CHANGES = "changes"


class LaidOver(NamedTuple):
    """What is laid over one stage."""

    overlays: tuple[Overlay, ...] = ()
    columns: tuple[NumberColumn, ...] = ()


def laid_over(choice: OverlayChoice, project: Project) -> Mapping[StageName, LaidOver]:
    """Return what a choice lays over each stage in view; a stage that is not named has nothing."""
    snapshot, shown = project.snapshot, project.shown
    if snapshot is None or not snapshot.stages or choice is OverlayChoice.ROLES:  # a run may fail before any stage
        return {}
    if choice is OverlayChoice.CHANGES:
        if shown.left is None or shown.right is None or shown.left == shown.right:
            return {}
        found = changed(project.stages, project.links, shown.left, shown.right)
        return {name: LaidOver((overlay,)) for name, overlay in found.overlays.items()}
    run = InspectedRun(
        RunParts(
            stages=project.stages,
            links=project.index,
            facts=snapshot.facts,
            findings=snapshot.findings,
            summary=snapshot.summary,
            measurements=snapshot.measurements,
        )
    )
    first = run.parts.first
    stages = {name: project.stage(name) for name in shown.stages}
    columns = {name: number_columns(run, name) for name in stages}
    without = empty_columns() if any(columns.values()) else ()  # boxes of one axis are all written alike
    return {
        name: LaidOver(() if name == first else (numbers(snapshot, stage),), columns[name] or without)
        for name, stage in stages.items()
        if stage is not None
    }
