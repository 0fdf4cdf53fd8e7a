"""The error of each quantizer as an overlay."""

from __future__ import annotations

import msgspec
import pytest

from qviz.analysis.overlays.numbers import SCALE, numbers
from qviz.analysis.overlays.on_view import OverlayOnView, legend_of
from qviz.analysis.overlays.scale import Look
from qviz.analysis.views.folding import fold
from qviz.analysis.views.view import Folds
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
    assert numbers(run(), PREPARED).edges == {("x", "obs"): float("inf"), ("obs", "conv"): float("inf")}
    assert numbers(run(), CONVERTED).edges == {("x", "q"): float("inf"), ("q", "conv"): float("inf")}


def test_an_operator_that_rounds_its_result_has_no_such_edge_into_it() -> None:
    row = QuantizerNoise("conv", "converted", ("conv",), "conv", "activation", local_db=31.0)
    made = msgspec.structs.replace(run(), measurements=measured(ledger=ledger(row)))
    assert numbers(made, CONVERTED).edges == {("conv", "out"): 31.0}


def test_lines_are_as_wide_as_the_noise_that_they_carry_not_as_the_error_of_their_quantizer() -> None:
    quiet = QuantizerNoise("x", "prepared", ("obs",), "", "activation", local_db=60.0, accumulated_db=31.0)
    unknown = QuantizerNoise("conv", "prepared", ("conv",), "", "activation", local_db=31.0)
    made = msgspec.structs.replace(run(), measurements=measured(ledger=ledger(quiet, unknown)))
    view = fold(PREPARED.graph, Folds(), {})
    laid = OverlayOnView(numbers(made, PREPARED), view)
    assert {line.pairs[0]: look for line, look in zip(view.lines, laid.looks, strict=True)} == {
        ("x", "obs"): Look("error.0", width=7.0),
        ("obs", "conv"): Look("error.0", width=7.0),
        ("conv", "out"): Look("error.4"),
    }


def test_the_legend_tells_widths_where_lines_have_them() -> None:
    def told(row: QuantizerNoise) -> list[tuple[str, str]]:
        made = msgspec.structs.replace(run(), measurements=measured(ledger=ledger(row)))
        laid = OverlayOnView(numbers(made, PREPARED), fold(PREPARED.graph, Folds(), {}))
        return [(each.shape, each.text.partition(":")[0]) for each in legend_of([laid])]

    alone = QuantizerNoise("x", "prepared", ("obs",), "", "activation", local_db=60.0)
    assert told(alone) == [("line", "SQNR of the quantizer"), ("side", "SQNR of the quantizer")]
    assert ("width", "noise carried") in told(msgspec.structs.replace(alone, accumulated_db=31.0))


@pytest.mark.parametrize(
    ("level", "wide"), [(float("inf"), 1.4), (46.0, 1.4), (38.5, 4.2), (31.0, 7.0), (-3.0, 7.0), (float("nan"), 7.0)]
)
def test_more_noise_makes_a_wider_line(level: float, wide: float) -> None:
    assert SCALE.width(level) == wide


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
