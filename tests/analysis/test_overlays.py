"""Overlays: values over nodes and edges, their scales and legends, and where they land on a view."""

from __future__ import annotations

import pytest

from qviz.analysis.overlays import OVERLAYS, made
from qviz.analysis.overlays.on_view import PLAIN, ViewOverlays
from qviz.analysis.overlays.overlay import Overlay, StageRecord, legend
from qviz.analysis.overlays.precision import precision
from qviz.analysis.overlays.scale import Categories, Category, Look, Range, range_of
from qviz.analysis.views.folding import fold
from qviz.analysis.views.view import Folds
from qviz.document.graph import Json
from qviz.document.snapshot import Finding, Level
from qviz.errors import QvizError
from tests.factories import small_stages

CAPTURED, CONVERTED = small_stages()
COLORS = Categories((Category("good", "good", "edge.low"), Category("bad", "bad", "level.error", "dashed")))


def finding(level: Level, *nodes: str) -> Finding:
    return Finding("rule", level, "converted", nodes, "rule")


def test_an_unknown_overlay_is_an_error_that_lists_the_known() -> None:
    with pytest.raises(QvizError, match="noise") as raised:
        made(["noise"], StageRecord(CAPTURED))
    assert "precision, findings" in raised.value.hint


def test_the_worst_finding_of_a_node_counts_whatever_the_order() -> None:
    found = (finding(Level.WARNING, "fc", "x"), finding(Level.ERROR, "fc"), finding(Level.INFO, "fc", "x"))
    overlay = OVERLAYS["findings"](StageRecord(CONVERTED, findings=found))
    assert overlay.nodes == {"fc": "error", "x": "warning"}


def test_a_collapsed_module_shows_the_worst_of_its_nodes() -> None:
    view = fold(CAPTURED.graph, Folds(), {})
    nodes = {"relu_1": "good", "conv": "bad", "bn": "good", "fc": "good"}
    (shown,) = ViewOverlays(view, [Overlay("a", "a", COLORS, nodes, mark="flag")]).shown
    assert shown.boxes == {"group:block": "bad", "fc": "good"}


def test_precision_of_operators_is_that_of_the_summary() -> None:
    summary: dict[str, Json] = {"precision": {"stage": "converted", "low": ["fc"], "float": ["view"]}}
    assert precision(StageRecord(CONVERTED, summary=summary)).nodes == {"fc": "low", "view": "float"}
    assert precision(StageRecord(CAPTURED, summary=summary)).nodes == {}


def test_precision_has_every_edge_once() -> None:
    edges = precision(StageRecord(CONVERTED)).edges
    assert set(edges) == {(edge.from_id, edge.to_id) for edge in CONVERTED.graph.edges}
    assert len(edges) == len(list(edges))
    assert edges["quantize_per_tensor", "fc"] == "low"


def test_the_uppermost_overlay_with_a_value_decides_how_a_line_looks() -> None:
    view = fold(CAPTURED.graph, Folds(), {})
    below = Overlay("below", "below", COLORS, edges={("x", "fc"): "good", ("fc", "relu"): "good"})
    above = Overlay("above", "above", COLORS, edges={("fc", "relu"): "bad"})
    looks = ViewOverlays(view, [below, above]).looks
    by_line = {(line.from_box, line.to_box): look for line, look in zip(view.lines, looks, strict=True)}
    assert by_line["x", "fc"] == Look("edge.low")
    assert by_line["fc", "relu"] == Look("level.error", "dashed")
    assert by_line["relu", "view"] == PLAIN


def test_work_with_an_overlay_that_stays_is_done_once() -> None:
    view = fold(CONVERTED.graph, Folds(), {})
    before = made(["precision", "findings"], StageRecord(CONVERTED))
    after = made(["precision", "findings"], StageRecord(CONVERTED, findings=(finding(Level.ERROR, "fc"),)), before)
    assert after[0] is before[0]
    shown = ViewOverlays(view, before)
    assert ViewOverlays(view, after, shown).looks is shown.looks
    assert ViewOverlays(view, after, shown).shown[1].boxes == {"fc": "error"}


@pytest.mark.parametrize(
    ("scale", "expected"),
    [
        (Range(0.001, 10, is_log=True), ("scale.0", "scale.4", "scale.8")),
        (Range(0, 0.2), ("scale.0", "scale.4", "scale.8")),
        (Range(5, 5), ("scale.0", "scale.0", "scale.0")),
    ],
)
def test_numbers_are_spread_over_the_range_and_those_beyond_are_its_ends(scale: Range, expected: tuple) -> None:
    assert tuple(scale.look(each).token for each in (-1.0, 0.1, 1e9)) == expected


@pytest.mark.parametrize(
    ("scale", "ticks"),
    [
        (Range(0.0005, 20, is_log=True), [0.001, 0.01, 0.1, 1, 10]),
        (Range(0, 1), [0, 0.2, 0.4, 0.6, 0.8, 1]),
        (Range(-7, 12), [-5, 0, 5, 10]),
        (Range(2, 3, is_log=True), [2, 3]),
        (Range(4, 4), [4]),
    ],
)
def test_ticks_are_round(scale: Range, ticks: list[float]) -> None:
    assert list(scale.ticks()) == pytest.approx(ticks)


def test_a_range_leaves_aside_what_is_not_finite() -> None:
    assert range_of([1.0, float("inf"), 3.0, float("nan")]) == Range(1.0, 3.0)
    assert range_of([0.0, -1.0, 0.1, 2.0], is_log=True) == Range(0.1, 2.0, is_log=True)
    assert Range(0, 1).merged([float("nan"), 0.3, 0.2]) == 0.3
    assert Range(0, 1, worst="low").merged([0.3, 0.2]) == 0.2
    assert Range(0, 1).merged([float("nan")]) is None


def test_the_legend_holds_the_values_that_occur() -> None:
    overlay = Overlay("a", "a", COLORS, mark="flag")
    assert [(each.text, each.shape) for each in legend(overlay, ["bad"], ["good"])] == [
        ("bad", "line"),
        ("good", "flag"),
    ]
    numbers = Overlay("noise", "noise", Range(0.01, 10, is_log=True), unit="dB", mark="bar")
    (entry,) = legend(numbers, [], [0.5])
    assert entry.text == "noise: 0.01 · 0.1 · 1 · 10 dB"
    assert legend(numbers, [], []) == ()
