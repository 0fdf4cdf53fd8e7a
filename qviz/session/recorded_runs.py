"""Runs and what a window shows, as records for the disk, and back."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import NamedTuple

from qviz.document.snapshot import Snapshot
from qviz.session.kept_runs import RunOrigin, ShelvedRun, ShelvedRuns, with_result
from qviz.session.laid_over import OverlayChoice
from qviz.session.project import Project, SelectedNode
from qviz.session.run_pair import RunPair, beside_each_other, runs_in_view
from qviz.session.run_records import RECORD_VERSION, RunRecord, SessionRecord
from qviz.session.run_store import LastSession
from qviz.session.sides import Shown, Side


class RestoredSession(NamedTuple):
    """What a window showed, ready to be shown again.

    Attributes:
        project: What was on screen.
        runs: The runs in the list.
        records: The same on disk.
        pair: The two runs on screen; None where it was one.
        overlay: What was laid over the stages.
        damaged: How many runs could not be read.
    """

    project: Project
    runs: ShelvedRuns
    records: tuple[RunRecord, ...]
    pair: RunPair | None
    overlay: OverlayChoice
    damaged: int


def record_of(run: ShelvedRun, source: str) -> RunRecord:
    """Return what is to stand on disk of a run of a source."""
    return RunRecord(
        format="qviz-run",
        version=RECORD_VERSION,
        key=run.origin.key,
        origin=source,
        content=run.origin.content,
        number=run.number,
        plan=run.project.plan,
        before=run.before,
        own_name=run.own_name,
        is_pinned=run.is_pinned,
        is_of_file=run.origin.is_of_file,
        has_new_content=run.has_new_content,
        figures=run.figures,
        bookmarks=run.project.bookmarks,
    )


def run_of(record: RunRecord) -> ShelvedRun:
    """Return the run of a record, its result on disk; nobody here has asked for its source to run."""
    project = replace(
        Project.of_plan(record.plan),
        foreign_source=record.plan.source,
        seconds=record.figures.seconds,
        bookmarks=record.bookmarks,
    )
    return ShelvedRun(
        record.number,
        project,
        record.before,
        record.own_name,
        record.is_pinned,
        record.figures,
        RunOrigin(record.content, record.figures.ended, record.is_of_file, record.key),
        record.has_new_content,
    )


def runs_of(records: Iterable[RunRecord]) -> ShelvedRuns:
    """Return runs that are on disk."""
    runs = tuple(run_of(each) for each in records)
    return ShelvedRuns(runs, max((each.number for each in runs), default=0))


def session_of(project: Project, runs: ShelvedRuns, pair: RunPair | None, source: str, overlay: str) -> SessionRecord:
    """Return what is to stand on disk of what a window shows."""
    in_view = runs_in_view(project, runs, pair)
    keys = {side: each.origin.key for side in Side if (each := runs.run(in_view.get(side, 0))) is not None}
    left, right = (
        pair.own_name(name) if pair is not None else name for name in (project.shown.left, project.shown.right)
    )
    selected = project.selected
    return SessionRecord(
        format="qviz-session",
        version=RECORD_VERSION,
        saved=0.0,
        origin=source,
        plan=project.plan,
        keys=tuple(each.origin.key for each in runs.runs if each.origin.key),
        a=keys.get(Side.LEFT, ""),
        b=keys.get(Side.RIGHT, ""),
        left=left,
        right=right,
        is_left_selected=selected is not None and selected.side is Side.LEFT,
        selected=selected.node_id if selected is not None else "",
        overlay=overlay,
    )


def restored(last: LastSession) -> RestoredSession | None:
    """Return what a window showed, as far as it could be read; None where nothing of it could."""
    record, runs = last.record, runs_of(last.found.records)
    if record.plan is None:
        return None
    a, b = _run(runs, record.a, last.a), _run(runs, record.b, last.b)
    pair: RunPair | None = None
    one = a or b
    if a is not None and b is not None and a.number != b.number:
        project, pair = beside_each_other(a, b)
    elif one is not None:
        project = one.project
    else:
        project = replace(Project.of_plan(record.plan), foreign_source=record.plan.source)
    for run in (a, b):
        if run is not None:
            runs = runs.put_back(run)
    if one is not None:
        project = _as_it_was(project, record, pair)
    project = replace(project, plan=record.plan, foreign_source=record.plan.source)
    overlays = {each.value: each for each in OverlayChoice}
    overlay = overlays.get(record.overlay, OverlayChoice.ROLES)
    return RestoredSession(project, runs, last.found.records, pair, overlay, last.found.damaged)


def _run(runs: ShelvedRuns, key: str, snapshot: Snapshot | None) -> ShelvedRun | None:
    run = next((each for each in runs.runs if key and each.origin.key == key), None)
    if run is None or snapshot is None:
        return None
    return replace(run, project=with_result(run.project, snapshot))


def _as_it_was(project: Project, record: SessionRecord, pair: RunPair | None) -> Project:
    """Return a project with the stages and the node that were in view, where they are there."""
    left = record.left
    if pair is not None and left is not None:
        left = pair.name_of_a(left)
    names = {stage.name for stage in project.stages}
    shown = Shown(left, record.right)
    if not shown.stages or not names.issuperset(shown.stages):
        return project
    side = Side.LEFT if record.is_left_selected else Side.RIGHT
    stage = project.stage(shown.on(side))
    is_there = stage is not None and any(node.id == record.selected for node in stage.whole.nodes)
    return replace(project, shown=shown, selected=SelectedNode(side, record.selected) if is_there else None)
