"""Sound models of many fields get no finding above info: 50 models, each in the flows that suit it.

``pytest -m slow tests/faults/test_fields.py`` runs them all; the suite has one of each flow.
"""

from __future__ import annotations

import pytest

from qviz.document.snapshot import Level
from tests.faults.fields.field import FieldModel
from tests.faults.fields.sequences import SEQUENCES
from tests.faults.fields.vision import VISION
from tests.faults.fields.worlds import WORLDS

MODELS = (*VISION, *SEQUENCES, *WORLDS)
RUNS = [(model, flow) for model in MODELS for flow in model.flows]
FEW = [*{flow: (model, flow) for model, flow in RUNS}.values()]
"""One of each flow."""
BY_TORCH = ("eager-dynamic", "fx-static", "fx-dynamic", "fx-qat", "pt2e-static", "pt2e-dynamic")
"""Flows that `inspection` runs with nothing but torch's defaults."""


def _named(run: tuple[FieldModel, str]) -> str:
    return f"{run[0].name}, {run[1]}"


def test_there_are_enough() -> None:
    assert len(MODELS) >= 40
    assert len({model.name for model in MODELS}) == len(MODELS)
    assert len({model.name.partition(":")[0] for model in MODELS}) >= 15


@pytest.mark.parametrize("run", FEW, ids=_named)
def test_a_sound_model_of_each_flow_has_no_finding_above_info(run: tuple[FieldModel, str]) -> None:
    _inspect(*run)


@pytest.mark.slow
@pytest.mark.parametrize("run", [run for run in RUNS if run not in FEW], ids=_named)
def test_a_sound_model_has_no_finding_above_info(run: tuple[FieldModel, str]) -> None:
    _inspect(*run)


@pytest.mark.slow
@pytest.mark.parametrize("run", [run for run in RUNS if run[1] in BY_TORCH and not run[0].plan], ids=_named)
def test_torch_itself_shows_that_the_model_is_in_order(run: tuple[FieldModel, str]) -> None:
    model, flow = run
    assert model.faults(flow) == []


def _inspect(model: FieldModel, flow: str) -> None:
    snapshot = model.run(flow)
    assert snapshot.run.error is None
    found = [(each.rule, each.nodes, each.message) for each in snapshot.findings if each.level is not Level.INFO]
    assert found == []
