"""The pages of the inspector as values: neighbors, quantizers, noise, findings, children, the whole run."""

from __future__ import annotations

from typing import Any

import pytest

from qviz.analysis.inspecting.change_part import change_part
from qviz.analysis.inspecting.group_page import group_page
from qviz.analysis.inspecting.histogram_bars import bar_chart, covered, integer_chart
from qviz.analysis.inspecting.inspected_run import InspectedRun, NodePlace, RunParts
from qviz.analysis.inspecting.node_noise import alone_text, worst_inside
from qviz.analysis.inspecting.node_page import NodePage, node_page
from qviz.analysis.inspecting.run_page import run_page
from qviz.analysis.inspecting.source_excerpt import excerpt
from qviz.analysis.inspecting.tensors import shown_first, tensors
from qviz.analysis.linking.index import LinkIndex
from qviz.document.graph import Kind, Quant, SourceLine
from qviz.document.measurements import QuantizerNoise
from qviz.document.snapshot import (
    Facts,
    Finding,
    Histogram,
    Integers,
    Level,
    Link,
    ObserverFact,
    OperatorSize,
    Stage,
)
from tests.factories import node, observed, qparams, stage
from tests.measured import ledger, measured

SEEN = Facts(ObserverFact(-3.0, 4.0, True, histogram=Histogram(-3.0, 4.0, (1.0, 0.0, 9.0, 3.0, 0.0, 0.0, 1.0))))


def quantizer(name: str, kind: Any, share: float, *nodes: str, **fields: Any) -> QuantizerNoise:
    return QuantizerNoise(name, "prepared", nodes, "", kind, 8, {"output": 5 * share}, share, **fields)


QUANTIZERS = (
    quantizer("conv weight", "weight", 0.5, "conv", asked_by=("conv",), local_db=31.0, clipped=0.02),
    quantizer("add output", "activation", 0.25, "obs_add", "obs_pool", asked_by=("add", "pool"), local_db=40.0),
    quantizer("conv output", "activation", 0.1, "obs_conv", asked_by=("conv", "add"), local_db=44.0),
    quantizer("x", "activation", 0.05, "obs_x", asked_by=("conv", "add"), local_db=38.0),
)


def captured() -> Stage:
    return stage(
        "captured",
        node("x", kind="input"),
        node("conv", "x", path="block.conv", type="Conv2d", source=SourceLine("net.py", 2, "x = self.conv(x)")),
        node("bn", "conv", path="block.bn", type="BatchNorm2d"),
        node("add", "bn", "x", path="block", type="Block", op="call_function"),
        node("pool", "add", path="pool", type="AvgPool2d"),
        node("output", "pool", kind="output"),
        groups={"block": "Block"},
    )


def prepared() -> Stage:
    shared: dict[str, Any] = {"kind": "observer", "object_id": 7, "quant": Quant(output=qparams(0.02, 0))}
    return stage(
        "prepared",
        node("x", kind="input"),
        node("obs_x", "x", kind="observer", quant=Quant(output=qparams(0.025, 120, quant_min=0, quant_max=255))),
        node("conv", "obs_x", path="block.conv", type="ConvBn2d", kind="fused_op"),
        node("obs_conv", "conv", kind="observer", inferred_path="block.conv", quant=Quant(output=qparams(0.01, 3))),
        node("add", "obs_conv", "obs_x", path="block", type="Block", op="call_function"),
        node("obs_add", "add", **shared),
        node("pool", "obs_add", path="pool", type="AvgPool2d"),
        node("obs_pool", "pool", **shared),
        node("output", "obs_pool", kind="output"),
        groups={"block": "Block"},
    )


def converted() -> Stage:
    weight = Quant(
        input=qparams(0.025, 120), weight=qparams((0.001, 0.004), (0, 0), "torch.qint8"), output=qparams(0.01, 3)
    )
    return stage(
        "converted",
        node("x", kind="input"),
        node("quantize", "x", kind="quantize", quant=Quant(output=qparams(0.025, 120))),
        node("conv", "quantize", path="block.conv", type="Conv2d", kind="quantized_op", quant=weight),
        node("add", "conv", "quantize", path="block", type="Block", op="call_function", kind="quantized_op"),
        node("pool", "add", path="pool", type="AvgPool2d"),
        node("output", "pool", kind="output"),
        groups={"block": "Block"},
    )


def link(one: str, other: str, came: tuple[str, ...], went: tuple[str, ...], relation: Any = "same") -> Link:
    return Link(one, other, came, went, relation, 1.0, "own")


LINKS = (
    *(link("captured", "prepared", (each,), (each,)) for each in ("x", "add", "pool", "output")),
    link("captured", "prepared", ("conv", "bn"), ("conv",), "fused"),
    *(link("prepared", "converted", (each,), (each,)) for each in ("x", "conv", "add", "pool", "output")),
    link("prepared", "converted", ("obs_x",), ("quantize",), "replaced"),
)
FACTS = {
    "captured": {"conv": Facts(size=OperatorSize(900, 100)), "add": Facts(size=OperatorSize(0, 0))},
    "prepared": {"obs_x": SEEN, "obs_conv": observed(-1.0, 1.0)},
    "converted": {"conv": Facts(integers=Integers("torch.qint8", (2, 50), ((1,), (2,)), -9, 9, 0, 0.1, 0, 2))},
}
SUMMARY: Any = {"precision": {"stage": "converted", "low": ["conv", "add"], "float": ["pool"]}}
FINDING = Finding("scales_differ", Level.WARNING, "prepared", ("obs_conv",), "own", {}, {"message": "it differs"})


def inspected(with_ledger: bool = True, **parts: Any) -> InspectedRun:
    known: dict[str, Any] = {
        "stages": (captured(), prepared(), converted()),
        "links": LinkIndex(LINKS),
        "facts": FACTS,
        "findings": (FINDING,),
        "summary": SUMMARY,
        "measurements": measured(ledger=ledger(*QUANTIZERS, additivity=0.9)) if with_ledger else None,
    }
    return InspectedRun(RunParts(**(known | parts)))


def page(place: str, run: InspectedRun | None = None) -> NodePage:
    found = node_page(run or inspected(), NodePlace(*place.split("/")))
    assert found is not None
    return found


@pytest.mark.parametrize("place", ["captured/conv", "captured/bn", "prepared/conv", "converted/conv"])
def test_an_operator_has_the_same_tensors_in_every_stage(place: str):
    columns = tensors(inspected(), NodePlace(*place.split("/")))
    assert [(each.role, each.name) for each in columns] == [("input", "x"), ("weight", "weight"), ("output", "conv")]
    assert [each.row.id if each.row else None for each in columns] == ["x", "conv weight", "conv output"]


def test_the_heads_have_the_kind_of_what_rounds_in_the_stage_shown():
    kinds = {
        name: [each.kind for each in tensors(inspected(), NodePlace(name, "conv"))]
        for name in ("prepared", "converted")
    }
    assert kinds["converted"] == [Kind.QUANTIZED_OP] * 3
    assert kinds["prepared"][0] is kinds["prepared"][2] is Kind.OBSERVER


def test_two_inputs_are_told_apart_and_keep_their_own_scales():
    columns = tensors(inspected(), NodePlace("prepared", "add"))
    scales = [(each.name, each.params.scale) for each in columns if each.params is not None]
    assert scales == [("conv", 0.01), ("x", 0.025), ("add", 0.02)]
    assert columns[-1].members == ("obs_add", "obs_pool")


def test_of_many_tensors_the_input_with_the_worst_sqnr_stands_first():
    columns = tensors(inspected(), NodePlace("prepared", "add"))
    shown, rest = shown_first((*columns, columns[0]._replace(role="weight", name="w")))
    assert [each.name for each in shown] == ["x", "add", "w"]
    assert [each.name for each in rest] == ["conv"]


def test_rows_say_in_a_word_what_is_not_known():
    table = page("converted/conv", inspected(with_ledger=False)).table
    assert table is not None
    told = {row.name: row.cells for row in table.rows}
    assert "SQNR" not in told, "what was measured of none of them is said once, where the noise is"
    assert told["observed"] == ("−3 … 4", "not recorded", "−1 … 1")
    assert told["scale"] == ("0.025", "0.001 … 0.004", "0.01")
    assert all(cell for row in table.rows for cell in row.cells)


def test_each_quantizer_counts_for_one_place():
    noise = page("converted/conv").noise
    assert noise is not None
    assert noise.share == pytest.approx(0.6)
    assert [row.id for row in noise.rows] == ["conv weight", "conv output"]
    assert (noise.rank, noise.places) == (1, 3)
    other = page("captured/add").noise
    assert other is not None
    assert (other.share, other.rank) == (0.25, 2)


@pytest.mark.parametrize(
    ("shares", "is_exact", "told"),
    [
        ((0.6, 0.3), True, ""),
        ((0.9, 0.5), True, "140.0 % adds up what each quantizer makes alone; together they partly cancel out."),
        ((1.4,), True, "Alone it makes 140.0 % of the output noise; other quantizers partly cancel it out."),
        ((1.4,), False, "Alone 140.0 % of the output noise, more than all quantizers together: an estimate."),
        ((), True, ""),
    ],
)
def test_a_share_of_more_than_everything_says_how_that_can_be(shares: tuple[float, ...], is_exact: bool, told: str):
    rows = tuple(
        QuantizerNoise(str(at), "prepared", (), "", "weight", share=share, is_exact=is_exact)
        for at, share in enumerate(shares)
    )
    assert alone_text(rows) == told


def test_an_observer_has_the_noise_of_its_quantizer_among_all_quantizers():
    noise = page("prepared/obs_pool").noise
    assert noise is not None
    assert (noise.share, noise.rank, noise.places) == (0.25, 2, 4)
    assert page("prepared/obs_pool").members == ("obs_add", "obs_pool")


def test_findings_of_an_operator_are_those_of_its_quantizers_too_in_any_stage():
    assert page("captured/conv").findings == (FINDING,)
    assert page("captured/pool").findings == ()


def test_a_node_is_linked_through_the_stages():
    stages = {each.stage: each.ids for each in page("converted/conv").stages}
    assert stages == {"captured": ("conv", "bn"), "prepared": ("conv",), "converted": ("conv",)}


def test_constants_that_went_into_an_operator_are_counted():
    first = stage("captured", node("w", kind="constant"), node("b", kind="constant"), node("bn", "w", "b"))
    last = stage("converted", node("conv", path="conv", type="Conv2d", kind="quantized_op"))
    links = LinkIndex((link("captured", "converted", ("w", "b", "bn"), ("conv",), "folded"),))
    run = inspected(stages=(first, last), links=links, facts={}, findings=(), summary={}, measurements=None)
    before = page("converted/conv", run).stages[0]
    assert before.ids == ("bn",)
    assert before.others == "2 constants"


def test_one_steps_through_operators_observers_and_casts_apart():
    position = page("prepared/conv").position
    assert (position.kind, position.at, position.of, position.previous, position.next) == ("op", 1, 3, None, "add")
    assert page("prepared/obs_add").position.of == 4


def test_the_size_is_that_of_the_integers_or_of_the_floats():
    assert "100 bytes" in page("converted/conv").about
    assert "400 bytes" in page("captured/conv").about


@pytest.mark.parametrize(("name", "type_"), [("conv", "conv"), ("add", "add")])
def test_the_title_is_the_module_only_where_the_operator_is_alone_in_it(name: str, type_: str):
    assert page(f"converted/{name}").title == type_


def test_bins_beyond_the_integers_are_clipped():
    params = qparams(0.01, 0, quant_min=0, quant_max=200)
    assert covered(params) == (0.0, 2.0)
    chart = bar_chart(Histogram(-1.0, 3.0, (1.0, 5.0, 5.0, 0.0)), params)
    assert chart is not None
    assert [bar.is_clipped for bar in chart.bars] == [True, False, False]
    assert chart.ends == (0.25, 0.75)
    assert chart.integers == (0, 200)
    assert bar_chart(Histogram(0.0, 0.0, (1.0,)), params) is None


def test_a_weight_shows_its_integers_in_the_whole_range_of_its_dtype():
    weight = Integers("torch.qint8", (2, 3), ((1,), (2,)), -128, -65, 0, 0.1, 0, 2, counts=(4, 0, 1, 1))
    chart = integer_chart(weight, qparams((0.1, 0.2), (0, 0), "torch.qint8"))
    assert chart is not None
    assert [(bar.left, bar.right) for bar in chart.bars] == [(0.0, 0.0625), (0.125, 0.1875), (0.1875, 0.25)]
    assert chart.integers == (-128, 127)
    assert integer_chart(weight, None) is None


def test_the_lines_around_a_source_line_are_shown_only_where_the_file_still_holds_it():
    line = SourceLine("net.py", 2, "x = self.conv(x)")
    text = ("    def forward(self, x):", "        x = self.conv(x)", "", "        return x")
    shown = excerpt(line, text)
    assert shown is not None
    assert shown.lines == ((1, "def forward(self, x):"), (2, "    x = self.conv(x)"), (3, ""))
    moved = excerpt(line, ("# new", *text))
    assert moved is not None
    assert moved.lines == ((2, "x = self.conv(x)"),)


def test_a_group_names_its_worst_child_and_what_stays_in_float():
    whole = group_page(inspected(), "converted", "")
    assert whole is not None
    assert [(each.name, each.is_worst) for each in whole.children] == [("block", True), ("pool", False)]
    assert whole.children[0].noise == pytest.approx(0.85)
    assert whole.children[0].low == 1.0
    assert whole.children[1].low == 0.0
    assert "pool" in whole.why
    block = group_page(inspected(), "captured", "block")
    assert block is not None
    assert dict(block.inside)["nodes"] == "3"
    inside = group_page(inspected(), "prepared", "block")
    assert inside is not None
    assert inside.findings == (FINDING,)


@pytest.mark.parametrize("stage_name", ["captured", "prepared", "converted"])
def test_the_operator_that_adds_most_of_the_noise_of_a_module_is_found_in_every_stage(stage_name: str):
    assert worst_inside(inspected(), stage_name, "block") == "conv"
    assert worst_inside(inspected(), stage_name, "") == "conv"
    assert worst_inside(inspected(with_ledger=False), stage_name, "block") is None


def test_of_many_equal_children_the_one_that_differs_is_named():
    layers = [node(f"fc{at}", path=f"layers.{at}", type="Linear") for at in range(4)]
    run = inspected(
        stages=(stage("converted", *layers, groups={"layers": "ModuleList"}),),
        links=LinkIndex(()),
        facts={},
        findings=(),
        summary={"precision": {"stage": "converted", "low": ["fc0", "fc1", "fc3"], "float": ["fc2"]}},
        measurements=None,
    )
    found = group_page(run, "converted", "layers")
    assert found is not None
    assert [each.name for each in found.children if each.differs] == ["2"]
    assert found.why == ("3 children are alike. In 2, Linear stays in float; in the others it runs in low precision.")


def test_where_nothing_is_selected_the_noisiest_places_are_named():
    found = run_page(inspected())
    assert [each.name for each in found.worst] == ["block.conv", "add in block", "x"]
    assert found.worst[0].place == NodePlace("converted", "conv")
    without = run_page(inspected(with_ledger=False))
    assert [each.place for each in without.worst] == [NodePlace("prepared", "obs_conv")]
    assert [each.name for each in without.worst] == ["obs_conv in block.conv"]
    assert not without.is_by_noise


def test_a_weight_is_that_of_the_node_or_of_the_constant_that_it_reads():
    weight = Integers("torch.qint8", (2, 2), ((1, 2), (3, 4)), 1, 4, 0, 0.1, 0, 2)
    result = stage(
        "converted",
        node("x", kind="quantize"),
        node("w", kind="constant"),
        node("dequantize_w", "w", kind="dequantize"),
        node("fc", "x", kind="quantized_op", path="fc", type="Linear"),
        node("dequantize", "fc", kind="dequantize"),
        node("gelu", "dequantize"),
        node("linear", "gelu", "dequantize_w"),
    )
    facts = {"converted": {"fc": Facts(integers=weight), "w": Facts(integers=weight)}}
    run = inspected(stages=(result,), links=LinkIndex(()), facts=facts, measurements=None)
    have = [each.id for each in result.graph.nodes if run.integers(NodePlace("converted", each.id)) is not None]
    assert have == ["w", "fc", "linear"]


@pytest.mark.parametrize(
    ("place", "before", "after", "relation"),
    [
        ("captured/bn", ["conv", "bn"], ["conv"], "fused"),
        ("converted/conv", ["conv", "bn"], ["conv"], "fused"),
        ("converted/quantize", [], ["quantize"], "added"),
        ("captured/add", ["add"], ["add"], "replaced"),
    ],
)
def test_a_change_names_both_sides(place: str, before: list[str], after: list[str], relation: str):
    found = change_part(inspected(), NodePlace(*place.split("/")), ("captured", "converted"))
    assert found is not None
    assert [each.place.node for each in found.before] == before
    assert [each.place.node for each in found.after] == after
    assert found.relation == relation


def test_what_is_the_same_in_both_stages_is_no_change():
    assert change_part(inspected(), NodePlace("captured", "pool"), ("captured", "converted")) is None
    assert change_part(inspected(), NodePlace("prepared", "conv"), ("captured", "converted")) is None
