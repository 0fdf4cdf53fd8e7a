"""Views of a graph: what folds, what flows, what is cut."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qviz.analysis.overlays.overlay import StageRecord
from qviz.analysis.overlays.precision import precision
from qviz.analysis.views.folding import fold, group_path, opening, unfold_all
from qviz.analysis.views.groups import Hierarchy
from qviz.analysis.views.hierarchies import Hierarchies
from qviz.analysis.views.view import Badge, Box, Folds, Line, View
from qviz.document.graph import Graph, Kind, Node, QParams, Quant
from qviz.document.snapshot import Stage
from tests.factories import graph, node, observed, small_stages, value
from tests.layout.geometry import graphs

INT8 = value(1, 8, dtype="torch.int8")


def boxes(view: View) -> dict[str, Box]:
    return {box.id: box for box in view.boxes}


def lines(view: View) -> dict[tuple[str, str], Line]:
    return {(line.from_box, line.to_box): line for line in view.lines}


@pytest.fixture
def converted() -> Graph:
    """A PT2E convolution with its weight plumbing and one value that is dequantized twice."""
    quantize = "quantized_decomposed.quantize_per_tensor.default"
    dequantize = "quantized_decomposed.dequantize_per_tensor.default"
    return graph(
        node("x", kind="input"),
        node("scale", kind="constant", path="conv"),
        node("zero", kind="constant", path="conv"),
        node("weight", kind="constant", path="conv", values=[value(4, 3, 3, 3, dtype="torch.int8")]),
        node("dq_weight", "weight", "scale", "zero", kind="dequantize", path="conv", values=[value(4, 3, 3, 3)]),
        node("q", "x", kind="quantize", target=quantize, values=[INT8]),
        node("dq", "q", kind="dequantize", target=dequantize, inferred_path="conv"),
        node("dq_1", "q", kind="dequantize", target=dequantize),
        node("conv2d", "dq", "dq_weight", path="conv", target="aten.conv2d.default"),
        node("add", "conv2d", "dq_1"),
        node("output", "add", kind="output"),
    )


def test_weight_plumbing_and_repeats_fold(converted: Graph) -> None:
    view = fold(converted, Folds(), {})
    assert list(boxes(view)) == ["x", "q", "dq", "conv2d", "add", "output"]
    conv, dequantize = boxes(view)["conv2d"], boxes(view)["dq"]
    assert conv.has_plumbing
    assert conv.members == ("conv2d", "scale", "zero", "weight", "dq_weight")
    assert conv.badges == (Badge(Kind.DEQUANTIZE, 1),)
    assert (conv.title, conv.subtitle) == ("conv", "conv2d 3 → 4, 3×3")
    assert (dequantize.repeat, dequantize.members) == (2, ("dq", "dq_1"))
    assert view.box_of["weight"] == "conv2d"
    assert view.box_of["dq_1"] == "dq"
    assert lines(view)["dq", "add"].pairs == (("dq_1", "add"),)


def test_plumbing_and_repeats_unfold(converted: Graph) -> None:
    view = fold(converted, Folds(plumbing=frozenset({"conv2d", "dq"})), {})
    assert set(boxes(view)) == {each.id for each in converted.nodes}
    assert len(view.lines) == len(converted.edges)
    assert view.box_of == {each.id: each.id for each in converted.nodes}
    assert boxes(view)["dq"].repeat == 1
    assert boxes(view)["conv2d"].has_plumbing, "it can be folded again"


def test_shared_constant_folds_into_every_user() -> None:
    each = graph(
        node("x", kind="input"),
        node("table", kind="constant"),
        node("a", "x", "table"),
        node("b", "a", "table"),
        node("output", "b", kind="output"),
    )
    view = fold(each, Folds(), {})
    assert boxes(view)["a"].members == ("a", "table")
    assert boxes(view)["b"].members == ("b", "table")
    assert view.box_of["table"] == "a"
    assert set(lines(view)) == {("x", "a"), ("a", "b"), ("b", "output")}


def test_counter_that_nothing_reads_folds_into_its_module() -> None:
    each = graph(
        node("x", kind="input"),
        node("bn_num_batches_tracked", kind="constant", target="bn.num_batches_tracked"),
        node("batch_norm", "x", path="bn"),
        node("unknown", kind="constant", target="left_over"),
        node("output", "batch_norm", kind="output"),
    )
    view = fold(each, Folds(), {})
    assert view.box_of["bn_num_batches_tracked"] == "batch_norm"
    assert view.box_of["unknown"] == "unknown"


def test_observed_weight_stays_visible() -> None:
    each = graph(
        node("x", kind="input"),
        node("w", kind="constant"),
        node("observer", "w", kind="observer"),
        node("conv", "x", "observer"),
        node("output", "conv", kind="output"),
    )
    view = fold(each, Folds(), {"observer": observed(-1.2, 3.4)})
    assert view.box_of["w"] == "observer"
    assert boxes(view)["observer"].subtitle == "−1.2 … 3.4"


def test_folded_group_counts_and_joins_lines() -> None:
    each = graph(
        node("x", kind="input"),
        node("a", "x", path="block"),
        node("observer", "a", kind="observer", inferred_path="block", object_id=1),
        node("b", "observer", path="block"),
        node("c", "a", "b"),
        node("observer_1", "c", kind="observer", object_id=1),
        node("output", "observer_1", kind="output"),
        groups={"block": "BasicBlock"},
    )
    folded = fold(each, Folds(), {})
    block = boxes(folded)["group:block"]
    assert (block.title, block.subtitle, block.kind) == ("block", "BasicBlock · 3 nodes", None)
    assert block.badges == (Badge(Kind.OBSERVER, 1),)
    assert lines(folded)["group:block", "c"].pairs == (("a", "c"), ("b", "c"))
    assert lines(folded)["group:block", "c"].label == "2 values"
    opened = fold(each, Folds(groups=frozenset({"block"})), {})
    assert [box.id for box in opened.boxes if box.parent == "group:block"] == ["a", "observer", "b"]
    assert boxes(opened)["group:block"].is_open
    assert boxes(opened)["observer"].ring == boxes(opened)["observer_1"].ring == 1
    assert opened.box_of["a"] == "a"


def test_rings_only_where_an_observer_is_shared() -> None:
    nodes = [node("x", kind="input")]
    for number, object_id in enumerate((7, 9, 9, 5, 5)):
        nodes.append(node(f"o{number}", nodes[-1].id, kind="observer", object_id=object_id))
    nodes += [node("relu", nodes[-1].id, object_id=3), node("relu_1", "relu", object_id=3)]
    view = fold(graph(*nodes, node("output", "relu_1", kind="output")), Folds(), {})
    assert [box.ring for box in view.boxes] == [None, None, 1, 1, 2, 2, None, None, None]


def precision_of(of: Graph, line: Line) -> object:
    """Return what the edges of a line have in common."""
    overlay = precision(StageRecord(Stage("captured", of)))
    return overlay.scale.merged(overlay.edges[pair] for pair in line.pairs)


def test_labels_and_precision_along_the_small_net() -> None:
    captured, converted = small_stages()
    before, after = (lines(fold(stage.graph, Folds(), {})) for stage in (captured, converted))
    assert before["x", "fc"].label == "10×3072"
    assert {precision_of(captured.graph, line) for line in before.values()} == {"float"}
    assert [(line.label, precision_of(converted.graph, line)) for line in after.values()] == [
        ("10×3072 f32", "float"),
        ("10×3072 quint8", "low"),
        ("10×102400", "low"),
        ("100×10×32×32", "low"),
        ("100×1×32×32", "low"),
        ("100×1×32×32 f32", "float"),
    ]


@pytest.mark.parametrize(
    ("dtype", "expected", "label"),
    [
        ("torch.float64", "float", "1×8 f64"),
        ("torch.bfloat16", "half", "1×8 bf16"),
        ("torch.int64", "index", "1×8 int64"),
        ("torch.bool", "index", "1×8 bool"),
        ("torch.qint32", "low", "1×8 qint32"),
        ("torch.float8_e4m3fn", "low", "1×8 float8_e4m3fn"),
    ],
)
def test_dtypes(dtype: str, expected: str, label: str) -> None:
    each = graph(node("x", kind="input", values=[value(1, 8, dtype=dtype)]), node("output", "x", kind="output"))
    (line,) = fold(each, Folds(), {}).lines
    assert (precision_of(each, line), line.label) == (expected, label)


def test_values_where_torch_says_nothing() -> None:
    low = Quant(output=QParams(dtype="torch.quint8"))
    each = graph(
        node("x", kind="input", values=[value(2, 3)]),
        node("observer", "x", kind="observer", values=[]),
        node("q", "observer", kind="quantize", values=[], quant=low),
        node("dq", "q", kind="dequantize", values=[]),
        node("split", "dq", values=[value(1, 3), value(1, 3, dtype="torch.int64")]),
        node("second", "split", target="_operator.getitem", args=[{"node": "split"}, 1], values=[]),
        node("nothing", "second", values=[]),
        node("output", "nothing", kind="output", values=[]),
    )
    found = {line.from_box: (line.label, precision_of(each, line)) for line in fold(each, Folds(), {}).lines}
    assert found == {
        "x": ("2×3 f32", "float"),
        "observer": ("2×3", "float"),
        "q": ("2×3 quint8", "low"),
        "dq": ("2×3 f32", "float"),
        "split": ("", "float"),
        "second": ("1×3 int64", "index"),
        "nothing": ("", "float"),
    }


def fan(readers: int) -> Graph:
    users: list[Node] = []
    for number in range(readers):
        users.append(
            node(f"r{number}", "mask", *([users[-1].id] if users else []), path="layer" if number == 3 else "")
        )
    return graph(node("mask", kind="input"), *users, node("output", users[-1].id, kind="output"))


def test_seven_readers_keep_their_lines() -> None:
    view = fold(fan(7), Folds(), {})
    assert not any(box.stub_of for box in view.boxes)


def test_eight_readers_get_stubs_all_but_the_first() -> None:
    view = fold(fan(8), Folds(), {})
    stubs = [box for box in view.boxes if box.stub_of]
    assert [box.stub_of for box in stubs] == ["mask"] * 7
    assert {(box.title, box.kind, box.subtitle, box.members) for box in stubs} == {
        ("mask", Kind.INPUT, "1×8", ("mask",))
    }
    assert ("mask", "r0") in lines(view)
    assert [line.to_box for line in view.lines if line.from_box == "mask"] == ["r0"]
    for stub in stubs:
        (line,) = (line for line in view.lines if line.from_box == stub.id)
        assert line.pairs == (("mask", line.to_box),)
        assert stub.parent == boxes(view)[line.to_box].parent
    assert view.box_of["mask"] == "mask"


def layers(count: int, size: int) -> Graph:
    nodes = [node("x", kind="input")]
    for number in range(count * size):
        nodes.append(
            node(f"n{number}", nodes[-1].id, path=f"layers.{number // size}", target=f"aten.f{number}.default")
        )
    return graph(*nodes, node("output", nodes[-1].id, kind="output"))


def shown(each: Graph, folds: Folds) -> int:
    return sum(not box.is_open for box in fold(each, folds, {}).boxes)


@pytest.mark.parametrize(
    ("count", "size", "limit", "expected"),
    [
        (3, 4, 60, 14),  # all fits
        (10, 10, 60, 57),  # five of ten layers stay folded
        (30, 40, 60, 32),  # the layers, none open
        (100, 3, 60, 102),  # a long list is better than one box
        (200, 3, 60, 3),  # this is too long
    ],
)
def test_opening_keeps_about_the_limit(count: int, size: int, limit: int, expected: int) -> None:
    each = layers(count, size)
    assert shown(each, opening(each, limit)) == expected


def test_unfold_all_shows_every_node(converted: Graph) -> None:
    view = fold(converted, unfold_all(converted), {})
    assert {box.id for box in view.boxes if not box.is_open} == {each.id for each in converted.nodes}
    groups_only = fold(converted, unfold_all(converted, plumbing=False), {})
    assert boxes(groups_only)["dq"].repeat == 2


def test_group_path_of_every_call() -> None:
    each = graph(
        node("x", kind="input"),
        node("a", "x", path="tied"),
        node("b", "a", path="tied"),
        node("middle", "b"),
        node("c", "middle", path="tied"),
        node("d", "c", path="tied"),
        node("output", "d", kind="output"),
    )
    view = fold(each, Folds(), {})
    groups = [box for box in view.boxes if box.kind is None]
    assert [box.title for box in groups] == ["tied", "tied · call 2"]
    assert [group_path(box.id) for box in groups] == ["tied", "tied"]
    assert group_path("middle") is None
    assert sum(box.is_open for box in fold(each, Folds(groups=frozenset({"tied"})), {}).boxes) == 2


def test_hierarchy_is_made_once_per_graph(converted: Graph) -> None:
    kept = Hierarchies()
    assert kept.of(converted) is kept.of(converted)
    for _ in range(20):
        assert kept.of(layers(1, 2)).graph is not converted


@settings(max_examples=50, deadline=None, derandomize=True)
@given(graphs(), st.data())
def test_any_folds_keep_every_node_and_edge(each: Graph, data: st.DataObject) -> None:
    everything = unfold_all(each)
    subset = st.frozensets(st.sampled_from(sorted(everything.groups))) if everything.groups else st.just(frozenset())
    held = st.frozensets(st.sampled_from(sorted(everything.plumbing))) if everything.plumbing else st.just(frozenset())
    view = fold(each, Folds(data.draw(subset), data.draw(held)), {})
    by_id = boxes(view)
    assert len(by_id) == len(view.boxes)
    assert set(view.box_of) == {one.id for one in each.nodes}
    assert all(not by_id[box_id].is_open for box_id in view.box_of.values())
    places = {box.id: number for number, box in enumerate(view.boxes)}
    assert all(box.parent is None or (places[box.parent] < places[box.id]) for box in view.boxes)
    drawn = {pair for line in view.lines for pair in line.pairs}
    for edge in each.edges:
        inside = view.box_of[edge.from_id] == view.box_of[edge.to_id]
        folded = view.box_of[edge.from_id] != edge.from_id and edge.from_id in Hierarchy(each).plumbing.hosts
        assert ((edge.from_id, edge.to_id) in drawn) == (not inside and not folded)
