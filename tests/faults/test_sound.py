"""Models in order get no finding above info; that they are in order is asked of torch alone, without qviz."""

from __future__ import annotations

import pytest

from qviz.document.references import faults
from qviz.document.snapshot import Level
from tests.faults.inspection import inspect
from tests.faults.sound import SOUND, Sound


def test_there_are_enough():
    assert len(SOUND) >= 20


@pytest.mark.parametrize("sound", SOUND, ids=lambda sound: sound.name)
def test_torch_itself_shows_that_the_model_is_in_order(sound: Sound):
    assert inspect(sound) == []


@pytest.mark.parametrize("sound", SOUND, ids=lambda sound: sound.name)
def test_a_model_in_order_has_no_finding_above_info(sound: Sound):
    snapshot = sound.run()
    assert snapshot.run.error is None
    assert [*faults(snapshot)] == [], "it could not be opened once it is saved"
    assert [(each.rule, each.nodes) for each in snapshot.findings if each.level is not Level.INFO] == []
