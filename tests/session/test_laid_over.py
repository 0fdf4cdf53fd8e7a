from __future__ import annotations

import pytest
from msgspec.structs import replace

from qviz.session.laid_over import OverlayChoice, laid_over
from qviz.session.project import Project
from tests.factories import snapshot


@pytest.mark.parametrize("choice", OverlayChoice)
def test_a_run_that_failed_before_any_stage_has_nothing_laid_over(choice: OverlayChoice):
    failed = replace(snapshot(status="failed"), stages=())
    assert laid_over(choice, Project.of_snapshot(failed)) == {}
