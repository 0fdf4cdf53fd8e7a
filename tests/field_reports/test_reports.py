"""What qviz says first of faults that others have reported in public."""

from __future__ import annotations

import pytest

from qviz.document.snapshot import Level
from tests.field_reports.later_reports import LATER_REPORTS
from tests.field_reports.models import REPORTS, Report


@pytest.mark.parametrize("report", [*REPORTS, *LATER_REPORTS], ids=lambda report: report.name)
@pytest.mark.filterwarnings("ignore")  # torch's own, of which some are about the very fault
def test_the_fault_is_named_first(report: Report):
    first = report.run().findings[0]
    assert (first.rule, first.level is Level.INFO) == (report.rule, False)
    told = f"{first.message} {first.reason} {first.hint}"
    assert [each for each in report.words if each not in told] == []
