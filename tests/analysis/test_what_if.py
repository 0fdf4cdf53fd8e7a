"""Predictions are arithmetic on the ledger: the kept share of the measured noise."""

from __future__ import annotations

import math

import pytest

from qviz.analysis.what_if import misses, predict
from qviz.document.changes import Change
from qviz.document.measurements import Ledger, Measurements, OutputErrors, QuantizerNoise

CONV = QuantizerNoise(
    "conv weight",
    "prepared",
    ("conv",),
    "conv",
    "weight",
    bits=8,
    powers={"a": 3.0, "b": 0.0},
    share_simulated=0.5,
    asked_by=("conv",),
    elements=100,
    macs=900,
)
BETWEEN = QuantizerNoise(
    "conv output",
    "prepared",
    ("observer",),
    "",
    "activation",
    bits=8,
    powers={"a": 1.0, "b": 2.0},
    share_simulated=0.5,
    asked_by=("conv", "fc"),
)
LEDGER = Ledger("estimate", 8, {"a": 200.0, "b": 200.0}, {"a": 2.0, "b": 2.0}, (CONV, BETWEEN), macs=1000)
CONV_STAYS = Change("operator", "conv", ("conv weight",), nodes=("conv",))
FC_STAYS = Change("operator", "fc", (), nodes=("fc",))
NOT_ROUNDED = Change("tensor", "conv output", ("conv output",), nodes=("conv",))


def test_nothing_changed_is_what_was_measured():
    assert predict(LEDGER, ()).outputs == {"a": pytest.approx(20.0), "b": pytest.approx(20.0)}
    assert predict(LEDGER, ()).sqnr_db == pytest.approx(20.0)
    assert predict(LEDGER, ()).macs == pytest.approx(0.9)


def test_the_noise_that_stays_is_a_share_of_the_whole():
    found = predict(LEDGER, (CONV_STAYS,))
    assert found.outputs == {"a": pytest.approx(10 * math.log10(400)), "b": pytest.approx(20.0)}
    assert found.added_bytes == 300
    assert found.macs == 0


def test_a_tensor_stays_rounded_until_all_that_ask_for_it_are_in_float():
    assert predict(LEDGER, (FC_STAYS,)).sqnr_db == pytest.approx(20.0)
    assert predict(LEDGER, (CONV_STAYS, FC_STAYS)).sqnr_db == "inf"
    assert predict(LEDGER, (CONV_STAYS, NOT_ROUNDED)).sqnr_db == "inf"


def test_a_tensor_in_float_leaves_its_operator_alone():
    found = predict(LEDGER, (NOT_ROUNDED,))
    assert found.outputs == {"a": pytest.approx(10 * math.log10(200 / 1.5)), "b": "inf"}
    assert found.added_bytes == 0
    assert found.macs == pytest.approx(0.9)


def test_an_alternative_takes_its_gain_off():
    better = Change("alternative", "conv weight", ("conv weight",), "per_channel", gains={"conv weight": 10.0})
    assert predict(LEDGER, (better,)).outputs["a"] == pytest.approx(10 * math.log10(200 / (2 * 1.3 / 4)))


def test_where_noise_is_large_the_shares_along_the_simulated_model_count():
    noisy = Ledger("estimate", 8, {"a": 4.0}, {"a": 2.0}, (CONV, BETWEEN))
    assert predict(noisy, (CONV_STAYS,)).sqnr_db == pytest.approx(10 * math.log10(4))


def test_a_prediction_is_compared_with_what_a_run_measured():
    after = Measurements("", 1, 1, (OutputErrors("a", simulated=25.0), OutputErrors("c", simulated=1.0)))
    found = misses(predict(LEDGER, (CONV_STAYS,)), after)
    assert found == {"a": pytest.approx(10 * math.log10(400) - 25)}
