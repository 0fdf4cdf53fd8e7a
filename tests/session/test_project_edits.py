"""Edits of a project give another project and leave the first as it was."""

from __future__ import annotations

import dataclasses

import pytest

from qviz.document.plan import Plan
from qviz.document.snapshot import Bookmark
from qviz.session.project import Project, SelectedNode
from qviz.session.sides import NOTHING_SHOWN, Shown, Side
from qviz.wire.messages import StageReached
from tests.factories import node, snapshot, stage

CAPTURED = stage("captured", node("x", kind="input"), node("conv", "x"))
CONVERTED = stage("converted", node("x", kind="input"), node("conv", "x", kind="quantized_op"))


def test_a_project_cannot_be_changed():
    project = Project.of_plan(Plan("m.py:net"))
    with pytest.raises(dataclasses.FrozenInstanceError):
        project.plan = Plan("other.py:net")  # type: ignore[misc]


def test_stages_arrive_first_on_the_left_then_on_the_right():
    first = Project.of_plan(Plan("m.py:net"))
    second = first.with_stage(StageReached(1, CAPTURED, {}, ()))
    third = second.with_stage(StageReached(1, CONVERTED, {}, ()))
    assert [first.shown, second.shown, third.shown] == [
        NOTHING_SHOWN,
        Shown("captured"),
        Shown("captured", "converted"),
    ]
    assert [len(each.stages) for each in (first, second, third)] == [0, 1, 2]


def test_swapping_twice_changes_nothing():
    project = Project.of_snapshot(snapshot(CAPTURED, CONVERTED)).selecting(SelectedNode(Side.LEFT, "x"))
    assert project.swapped().shown == Shown("converted", "captured")
    assert project.swapped().selected == (Side.RIGHT, "x")
    assert project.swapped().swapped() == project


def test_a_bookmark_replaces_one_at_the_same_node_in_its_place():
    project = Project.of_plan(Plan("m.py:net"))
    both = project.marked(Bookmark("captured", "x", "a")).marked(Bookmark("captured", "conv", "b"))
    noted = both.marked(Bookmark("captured", "x", "c"))
    assert noted.bookmarks == (Bookmark("captured", "x", "c"), Bookmark("captured", "conv", "b"))
    assert noted.unmarked(Bookmark("captured", "x")).bookmarks == (Bookmark("captured", "conv", "b"),)
    assert project.bookmarks == ()
    assert noted.restarted().bookmarks == noted.bookmarks


def test_links_are_indexed_once_for_all_edits():
    project = Project.of_snapshot(snapshot(CAPTURED, CONVERTED))
    assert project.swapped().index is project.index


def test_a_pair_is_still_of_its_own_run_and_the_earlier_stands_first():
    own, other = snapshot(CAPTURED, CONVERTED), snapshot(CAPTURED, CONVERTED)
    after = Project.of_snapshot(own).with_other(other, "Run 1", is_before=True)
    assert after.shown == Shown("converted · Run 1", "converted")
    assert [stage.name for stage in after.stages][:2] == ["captured · Run 1", "converted · Run 1"]
    assert after.own_snapshot is own
    again = after.with_other(other, "Run 3")
    assert again.shown == Shown("converted", "converted · Run 3")
    assert again.own_snapshot is own
    assert len(again.stages) == 4, "one that stood beside it before is gone"
