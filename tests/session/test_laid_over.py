from __future__ import annotations

import pytest
from msgspec.structs import replace

from qviz.analysis.linking.beside import beside
from qviz.session.laid_over import OverlayChoice, laid_over
from qviz.session.project import Project
from tests.factories import node, snapshot, stage


@pytest.mark.parametrize("choice", OverlayChoice)
def test_a_run_that_failed_before_any_stage_has_nothing_laid_over(choice: OverlayChoice):
    failed = replace(snapshot(status="failed"), stages=())
    assert laid_over(choice, Project.of_snapshot(failed)) == {}


@pytest.mark.parametrize("choice", OverlayChoice)
def test_a_result_beside_a_run_that_reached_no_stage_is_laid_over_alone(choice: OverlayChoice):
    failed = replace(snapshot(status="failed"), stages=())
    other = snapshot(stage("captured", node("a")), stage("converted", node("a")))
    project = Project.of_snapshot(beside(failed, other, "b"))
    assert project.snapshot is not None
    assert [each.name for each in project.snapshot.stages] == ["captured · b", "converted · b"]
    assert {*laid_over(choice, project)} <= {"captured · b", "converted · b"}
