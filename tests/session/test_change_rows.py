"""The rows of what changed between two stages."""

from __future__ import annotations

import msgspec

from qviz.analysis.linking.links import link_stages
from qviz.session.change_rows import change_rows
from qviz.session.project import Project
from tests.factories import node, snapshot, stage

BEFORE = stage(
    "captured", node("x", kind="input"), node("conv", "x", path="conv", type="Conv2d"), node("output", "conv")
)
AFTER = stage(
    "prepared",
    node("x", kind="input"),
    node("obs", "x", kind="observer", type="HistogramObserver"),
    node("conv", "obs", path="conv", type="Conv2d"),
    node("output", "conv"),
)


def rows(project: Project) -> list[tuple[str, tuple[str, ...], tuple[str, ...]]]:
    return [(each.sort, each.left, each.right) for each in change_rows(project)]


def test_what_only_the_later_stage_has_was_added_whichever_pane_shows_it():
    links = link_stages(BEFORE, AFTER)
    project = Project.of_snapshot(msgspec.structs.replace(snapshot(BEFORE, AFTER), links=links))
    assert rows(project) == [("added", (), ("obs",))]
    assert rows(project.swapped()) == [("added", ("obs",), ())]


def test_constants_that_stand_in_the_box_of_their_operator_are_told_apart():
    scale = node("scale", kind="constant", target="conv_scale")
    after = stage("prepared", *AFTER.graph.nodes[:2], scale, *AFTER.graph.nodes[2:])
    links = link_stages(BEFORE, after)
    project = Project.of_snapshot(msgspec.structs.replace(snapshot(BEFORE, after), links=links))
    assert {each.right: each.is_constant for each in change_rows(project)} == {("obs",): False, ("scale",): True}


def test_one_stage_has_no_changes():
    assert rows(Project.of_snapshot(snapshot(BEFORE))) == []
