"""The key figures of a run, as values."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from qviz.analysis.searching.search import SearchIndex
from qviz.analysis.tables.islands import float_islands
from qviz.analysis.tables.node_figures import NodeFigures
from qviz.analysis.tables.run_words import RunWords
from qviz.analysis.tables.summary import MEASURE, RUN, EarlierRun, SummaryTile, low_name, summary_tiles
from qviz.analysis.verdicts.summary import summarize
from qviz.document.flows import flow
from qviz.document.graph import Quant
from qviz.document.snapshot import Facts, Finding, FindingReference, Level, OperatorSize, Snapshot
from tests.factories import inspected, node, qparams, small_links, small_stages, snapshot, stage, value
from tests.measured import ledger, measured

SIZES = {
    "fc": Facts(size=OperatorSize(3000, 100)),
    "conv": Facts(size=OperatorSize(1000, 20)),
    "view": Facts(size=OperatorSize(0, 0)),
}


def run_of(flow_id: str = "fx-static", **fields: Any) -> Snapshot:
    stages, facts = small_stages(), {"captured": SIZES}
    made = snapshot(*stages, links=small_links(), facts=facts, flow=flow_id)
    return msgspec.structs.replace(made, summary=summarize(stages, small_links(), facts), **fields)


def tiles_of(run: Snapshot, before: EarlierRun | None = None) -> dict[str, SummaryTile]:
    return {tile.code: tile for tile in summary_tiles(inspected(run), flow(run.run.flow), before)}


def test_shares_have_a_bar_and_a_search():
    tiles = tiles_of(run_of())
    assert [*tiles] == ["parameters", "macs", "size", "sqnr", "islands", "findings"]
    assert (tiles["parameters"].title, tiles["parameters"].value) == ("Parameters in int8", "100 %")
    assert tiles["macs"].share == 1.0
    assert tiles["macs"].query == "has:macs precision:low"


def test_what_is_not_known_says_so_and_offers_to_measure():
    tiles = tiles_of(run_of())
    assert [(tiles[code].value, tiles[code].action) for code in ("size", "sqnr")] == [("not measured", MEASURE)] * 2
    captured = msgspec.structs.replace(snapshot(small_stages()[0], flow="fx-static"), summary={})
    assert {tile.action for code, tile in tiles_of(captured).items() if code != "findings"} == {RUN}


def test_the_output_is_compared_with_the_run_before():
    run = run_of(measurements=measured(total=31.2, ledger=ledger(), size=(46_800_000, 11_800_000)))
    tiles = tiles_of(run, EarlierRun("Run 2", 29.4))
    assert (tiles["sqnr"].value, tiles["sqnr"].detail) == ("31.2 dB", "+1.8 dB against Run 2")
    assert (tiles["size"].value, tiles["size"].detail) == ("46.8 MB → 11.8 MB", "4.0× smaller")
    assert tiles_of(run, EarlierRun("Run 2", "inf"))["sqnr"].detail == ""


def test_a_model_that_grew_is_not_called_smaller():
    assert tiles_of(run_of(measurements=measured(size=(1000, 1500))))["size"].detail == "1.5× larger"
    assert tiles_of(run_of(measurements=measured(size=(1000, 990))))["size"].detail == ""


def test_tiles_follow_the_flow():
    assert "linears" in tiles_of(run_of("fx-dynamic"))
    assert [*tiles_of(run_of("fx-fuse"))] == ["parameters", "macs", "nodes", "findings"]
    run = run_of()
    coverage: Any = run.summary["coverage"]
    without_macs = {name: pair for name, pair in coverage.items() if name != "macs"}
    assert "macs" not in tiles_of(msgspec.structs.replace(run, summary={**run.summary, "coverage": without_macs}))


def test_linear_layers_in_float_are_counted_of_all():
    run = run_of("fx-dynamic")
    tile = tiles_of(run)["linears"]
    assert (tile.value, tile.detail, tile.query) == ("0", "of 1", "op:linear precision:low")


def test_findings_count_causes_by_level():
    cause = Finding("a", Level.WARNING, "converted", ("conv",), "own")
    follows = Finding(
        "b", Level.INFO, "converted", ("fc",), "own", because_of=FindingReference("a", "converted", ("conv",))
    )
    tile = tiles_of(run_of(findings=(cause, follows)))["findings"]
    assert (tile.value, dict(tile.levels), tile.query) == ("1", {Level.WARNING: 1}, "finding:")


def islands_run(*, is_last: bool = False, inside: str = "") -> Snapshot:
    """Return conv in int8, then softmax and a linear in float, then conv in int8 unless the model ends there.

    The float operators stand in a module where `inside` names one.
    """
    around = f"{inside}." if inside else ""
    low = Quant(output=qparams(dtype="torch.qint8"))
    middle = (
        node("x", kind="input"),
        node("q", "x", kind="quantize", quant=low),
        node("conv", "q", kind="quantized_op", path="a", type="Conv2d", quant=low),
        node("dq", "conv", kind="dequantize"),
        node("softmax", "dq", target="torch.softmax", path=inside),
        node("fc", "softmax", path=f"{around}fc", type="Linear"),
    )
    end = (
        node("q_2", "fc", kind="quantize", quant=low),
        node("conv_2", "q_2", kind="quantized_op", path="b", type="Conv2d", quant=low),
        node("output", "conv_2", kind="output"),
    )
    stages = (
        stage(
            "converted",
            *middle,
            *((node("output", "fc", kind="output"),) if is_last else end),
            groups=dict.fromkeys(filter(None, (inside,)), "Block"),
        ),
    )
    return msgspec.structs.replace(snapshot(*stages), summary=summarize(stages, (), {}))


def test_an_island_is_float_between_low_precision():
    run = islands_run()
    assert float_islands(inspected(run)) == (("softmax", "fc"),)
    tile = tiles_of(run)["islands"]
    assert (tile.value, tile.query) == ("1", "precision:island")


def test_float_at_the_end_is_no_island_but_is_told():
    tile = tiles_of(islands_run(is_last=True))["islands"]
    assert (tile.value, tile.detail) == ("0", "2 operators in float elsewhere")
    assert tile.query == "precision:float"


@pytest.mark.parametrize(
    ("dtype", "told"), [("torch.quint8", "int8"), ("torch.int8", "int8"), ("torch.float16", "float16")]
)
def test_the_low_precision_has_the_name_of_its_dtype(dtype: str, told: str):
    stages = (stage("converted", node("fc", kind="quantized_op", quant=Quant(weight=qparams(dtype=dtype)))),)
    run = msgspec.structs.replace(snapshot(*stages), summary=summarize(stages, (), {}))
    assert low_name(inspected(run)) == told


def test_every_search_of_a_tile_finds_what_the_tile_counts():
    run = run_of(
        measurements=measured(ledger=ledger()), findings=(Finding("a", Level.INFO, "converted", ("fc",), "own"),)
    )
    figures = NodeFigures(inspected(run), run.stages[-1])
    index = SearchIndex(run.stages[-1].whole, run.findings, RunWords(figures))
    found = {code: index.search(tile.query) for code, tile in tiles_of(run).items() if tile.query}
    assert all(not each.fault for each in found.values())
    assert found["macs"].ids == ("fc", "conv")
    assert found["findings"].ids == ("fc",)


def test_numbers_of_a_run_are_compared():
    constant = node("w", kind="constant", values=[value(10, 10, dtype="torch.int8")])
    stages = (stage("converted", constant, node("fc", "w", kind="quantized_op", type="Linear", path="fc")),)
    figures = NodeFigures(inspected(snapshot(*stages)), stages[0])
    index = SearchIndex(stages[0].whole, (), RunWords(figures))
    assert index.search("bytes:>99").ids == ("w", "fc")
    assert index.search("bytes:<100").ids == ()
    assert index.search("-bytes:>=100").ids == ()
    assert index.search("bytes:").ids == ("w", "fc")
    assert index.search("bytes:>").ids == ()
