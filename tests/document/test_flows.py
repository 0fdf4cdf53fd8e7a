"""Flows answer for themselves: what they take, need and show; nobody reads their ids."""

from __future__ import annotations

import pytest

from qviz.document.flows import (
    BUILTIN,
    FLOWS,
    OPTIONS,
    REGISTRY,
    ExtraStage,
    Flow,
    Method,
    Mode,
    flow,
    flow_ids,
    register,
)
from qviz.document.plan import Plan, default_flow, expected_stages

FOR_ALL = {"source", "flow", "inputs", "weights", "calibrate", "batch_limit", "random_batches", "seed", "dtype"} | {
    "evaluate",
    "metric",
    "measure",
    "exact",
    "workers",
    "executor",
    "at_most",
    "thresholds",
}


@pytest.fixture
def mine(monkeypatch: pytest.MonkeyPatch) -> Flow:
    monkeypatch.setattr(REGISTRY, "_items", dict(REGISTRY._items))
    return Flow(id="mine", title="Mine", mode=Mode.FX, method=Method.STATIC, stages=("captured", "converted"))


def test_every_choice_of_a_plan_is_for_all_flows_or_taken_by_some():
    assert set(OPTIONS) | FOR_ALL == set(Plan.__struct_fields__)
    assert not OPTIONS & FOR_ALL
    for option in OPTIONS:
        assert any(each.takes(option) for each in BUILTIN), option
        assert not all(each.takes(option) for each in BUILTIN), option
    for option in FOR_ALL:
        assert all(each.takes(option) for each in BUILTIN), option


@pytest.mark.parametrize("each", BUILTIN, ids=lambda each: each.id)
def test_what_a_flow_needs_can_be_given(each: Flow):
    assert each.is_training == each.takes("train")
    assert not (each.is_training and each.calibrates)
    assert each.takes("weight_dtype") == (each.method is Method.WEIGHT_ONLY)
    assert ("prepared" in each.stages) or not each.takes("qconfig")


def test_stages_that_a_plan_asks_for_come_in_their_places():
    assert expected_stages(Plan("m", "fx-static", reference=True)) == (
        "captured",
        "fused",
        "prepared",
        "reference",
        "converted",
    )
    assert expected_stages(Plan("m", "pt2e-static", reference=True)) == ("captured", "prepared", "reference")
    assert expected_stages(Plan("m", "pt2e-qat", lower=True))[-2:] == ("converted", "lowered")
    assert expected_stages(Plan("m", "eager-static", reference=True, lower=True))[-1] == "converted"
    assert expected_stages(Plan("m", "of-a-newer-qviz")) == ("captured",)


def test_programs_are_opened_with_a_flow_that_takes_them():
    for source in ("m.pt2", "m.pt", "m.py:Net"):
        chosen = flow(default_flow(source))
        assert chosen is not None
        assert chosen.takes_exported_programs == (source == "m.pt2")


def test_a_registered_flow_is_known_and_comes_last(mine: Flow):
    register(mine)
    register(mine)
    assert flow("mine") is mine
    assert list(FLOWS)[-1] is mine
    assert flow_ids() == (*(each.id for each in BUILTIN), "mine")
    assert flow("yours") is None
    assert flow(None) is None


def test_an_id_stands_for_one_flow_only(mine: Flow):
    other = Flow(id="fx-static", title="Mine", mode=Mode.FX, method=Method.STATIC, stages=("captured",))
    with pytest.raises(ValueError, match='"fx-static" cannot be the name of another flow'):
        register(other)
    assert flow("fx-static") is not other


def test_an_option_that_no_plan_has_is_refused():
    with pytest.raises(ValueError, match="a plan has no option 'quantiser'"):
        Flow(
            id="mine",
            title="Mine",
            mode=Mode.FX,
            method=Method.STATIC,
            stages=("captured",),
            options=frozenset({"quantiser"}),
        )
    with pytest.raises(ValueError, match="no option 'mine'"):
        Flow(
            id="mine",
            title="Mine",
            mode=Mode.FX,
            method=Method.STATIC,
            stages=("captured",),
            extras=(ExtraStage("mine", option="mine"),),
        )
