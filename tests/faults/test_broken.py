"""Every fault of the corpus is named by the first finding, at the right node."""

from __future__ import annotations

import pytest

from qviz.document.causes import by_cause
from qviz.document.references import faults
from tests.faults.broken import BROKEN
from tests.faults.cases import Case
from tests.words.rendering import unfilled


def test_the_corpus_is_large_and_spans_the_rules():
    assert len(BROKEN) >= 40
    assert len({case.name for case in BROKEN}) == len(BROKEN)
    assert len({case.rule for case in BROKEN}) >= 25


@pytest.mark.parametrize("case", BROKEN, ids=lambda case: case.name)
def test_the_first_finding_names_the_fault(case: Case):
    snapshot = case.run()
    assert [*faults(snapshot)] == [], "it could not be opened once it is saved"
    causes = [each.cause for each in by_cause(snapshot.findings)]
    found = [(each.rule, each.level.value, each.stage, each.nodes) for each in causes]
    assert [each[0] for each in found[:1]] == [case.rule], found
    assert set(case.nodes) <= set(found[0][3]), found[0]
    assert [missing for each in snapshot.findings for missing in unfilled(each)] == []
    assert [each.message for each in snapshot.findings if "{" in each.message] == []
