"""The error of each quantizer as an overlay."""

from __future__ import annotations

import msgspec
import pytest

from qviz.analysis.overlays.numbers import SCALE, numbers
from qviz.document.measurements import QuantizerNoise
from qviz.document.snapshot import Link, Snapshot
from tests.factories import node, snapshot, stage
from tests.measured import ledger, measured, measured_run

PREPARED = stage(
    "prepared",
    node("x", kind="input"),
    node("obs", "x", kind="observer"),
    node("conv", "obs", path="conv", type="Conv2d"),
    node("out", "conv", kind="output"),
)
CONVERTED = stage(
    "converted",
    node("x", kind="input"),
    node("q", "x", kind="quantize"),
    node("conv", "q", kind="quantized_op"),
    node("out", "conv", kind="output"),
)
LINKS = (
    Link("prepared", "converted", ("obs",), ("q",), "replaced", 1.0, "test"),
    Link("prepared", "converted", ("conv",), ("conv",), "replaced", 1.0, "test"),
)
ROWS = (
    QuantizerNoise("conv weight", "prepared", ("conv",), "conv", "weight", local_db=31.0),
    QuantizerNoise("x", "prepared", ("obs",), "", "activation", local_db="inf"),
    QuantizerNoise("unknown", "prepared", ("out",), "", "activation"),
)


def run() -> Snapshot:
    made = snapshot(PREPARED, CONVERTED, links=LINKS)
    return msgspec.structs.replace(made, measurements=measured(ledger=ledger(*ROWS)))


def test_the_nodes_of_a_quantizer_have_its_error_in_every_stage() -> None:
    assert numbers(run(), PREPARED).nodes == {"conv": 31.0, "obs": float("inf")}
    assert numbers(run(), CONVERTED).nodes == {"conv": 31.0, "q": float("inf")}


def test_edges_have_that_of_the_activation_that_runs_along_them() -> None:
    assert numbers(run(), CONVERTED).edges == {("q", "conv"): float("inf")}


def test_a_run_that_was_not_measured_has_none() -> None:
    assert not numbers(snapshot(), snapshot().stages[0]).nodes
    assert not numbers(measured_run(measured()), snapshot().stages[0]).nodes


@pytest.mark.parametrize(
    ("level", "shade"), [(float("inf"), 0), (50.0, 0), (49.9, 1), (40.0, 2), (35.0, 3), (30.0, 4), (29.9, 5), (-3.0, 5)]
)
def test_a_smaller_error_has_a_quieter_shade(level: float, shade: int) -> None:
    assert SCALE.look(level).token == f"error.{shade}"


def test_the_worst_of_several_counts_and_the_legend_has_each_shade_once() -> None:
    assert SCALE.merged([41.0, 31.0, 60.0]) == 31.0
    assert [SCALE.look(tick).token for tick in SCALE.ticks()] == [f"error.{shade}" for shade in range(6)]
