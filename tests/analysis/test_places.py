from __future__ import annotations

import string
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from qviz.analysis.views.places import common_place, infer_places
from qviz.document.graph import Graph, Kind
from tests import factories as make


def inferred(*nodes: Any) -> dict[str, str]:
    graph: Graph = make.graph(*nodes)
    return infer_places(graph.nodes, graph.edges)


def conv(id: str, *inputs: str, path: str) -> Any:  # noqa: A002 - the field's name
    return make.node(id, *inputs, path=path, type="Conv2d")


def test_weight_and_its_observer_go_to_the_operator_that_reads_them() -> None:
    found = inferred(
        make.node("x", kind=Kind.INPUT),
        make.node("w", kind=Kind.CONSTANT),
        make.node("obs", "w", kind=Kind.OBSERVER),
        conv("conv", "x", "obs", path="a.conv"),
    )
    assert found == {"w": "a.conv", "obs": "a.conv"}


def test_an_observer_behind_an_operator_serves_that_operator() -> None:
    found = inferred(
        make.node("x", kind=Kind.INPUT),
        conv("one", "x", path="a"),
        make.node("obs", "one", kind=Kind.OBSERVER),
        conv("two", "obs", path="b"),
    )
    assert found == {"obs": "a"}


def test_what_watches_an_input_serves_the_first_operator() -> None:
    found = inferred(
        make.node("x", kind=Kind.INPUT),
        make.node("obs", "x", kind=Kind.OBSERVER),
        conv("one", "obs", path="a.b"),
    )
    assert found == {"obs": "a.b"}


def test_quantize_goes_to_its_producer_and_dequantize_to_its_consumer() -> None:
    found = inferred(
        make.node("x", kind=Kind.INPUT),
        conv("one", "x", path="a"),
        make.node("q", "one", kind=Kind.QUANTIZE),
        make.node("dq", "q", kind=Kind.DEQUANTIZE),
        conv("two", "dq", path="b"),
    )
    assert found == {"q": "a", "dq": "b"}


def test_the_scale_of_an_output_quantize_goes_where_the_quantize_goes() -> None:
    found = inferred(
        make.node("x", kind=Kind.INPUT),
        conv("one", "x", path="a"),
        make.node("scale", kind=Kind.CONSTANT),
        make.node("q", "one", "scale", kind=Kind.QUANTIZE),
        make.node("out", "q", kind=Kind.OUTPUT),
    )
    assert found == {"scale": "a", "q": "a"}


def test_dynamic_quantization_serves_the_operator_behind_it() -> None:
    found = inferred(
        make.node("x", kind=Kind.INPUT),
        conv("one", "x", path="a"),
        make.node("choose", "one", kind=Kind.CHOOSE_QPARAMS),
        make.node("scale", "choose", kind=Kind.OP),
        make.node("q", "one", "scale", kind=Kind.QUANTIZE),
        make.node("dq", "q", kind=Kind.DEQUANTIZE),
        conv("two", "dq", path="b"),
    )
    assert found == dict.fromkeys(("choose", "scale", "q", "dq"), "b")


def test_fx_dynamic_quantize_serves_the_operator_behind_it() -> None:
    found = inferred(
        make.node("x", kind=Kind.INPUT),
        conv("one", "x", path="a"),
        make.node("q", "one", kind=Kind.QUANTIZE, target="torch.quantize_per_tensor_dynamic"),
        conv("two", "q", path="b"),
    )
    assert found == {"q": "b"}


def test_what_several_read_goes_to_the_module_around_them() -> None:
    found = inferred(
        make.node("w", kind=Kind.CONSTANT),
        conv("one", "w", path="block.a"),
        conv("two", "w", path="block.b.c"),
    )
    assert found == {"w": "block"}


def test_an_operator_that_lost_its_module_takes_that_of_what_feeds_it() -> None:
    found = inferred(
        make.node("x", kind=Kind.INPUT),
        conv("one", "x", path="block.one"),
        conv("two", "x", path="block.two"),
        make.node("add", "one", "two", kind=Kind.QUANTIZED_OP, target="quantized.add"),
        make.node("dq", "add", kind=Kind.DEQUANTIZE),
        make.node("out", "dq", kind=Kind.OUTPUT),
    )
    assert found == {"add": "block", "dq": "block"}


def test_an_operator_of_the_model_itself_keeps_the_root() -> None:
    found = inferred(
        make.node("x", kind=Kind.INPUT),
        conv("one", "x", path="a"),
        make.node("flatten", "one", type="Net", op="call_function", path=""),
        make.node("obs", "flatten", kind=Kind.OBSERVER),
    )
    assert found == {"obs": ""}


def test_a_requantized_tensor_does_not_run_in_circles() -> None:
    found = inferred(
        make.node("x", kind=Kind.INPUT),
        conv("one", "x", path="a"),
        make.node("q", "one", kind=Kind.QUANTIZE),
        make.node("dq", "q", kind=Kind.DEQUANTIZE),
        make.node("q2", "dq", kind=Kind.QUANTIZE),
        make.node("dq2", "q2", kind=Kind.DEQUANTIZE),
        conv("two", "dq2", path="b"),
    )
    assert found["q"] == "a"
    assert found["dq2"] == "b"
    assert set(found) == {"q", "dq", "q2", "dq2"}


def test_nothing_is_known_without_any_module() -> None:
    assert inferred(make.node("x", kind=Kind.INPUT), make.node("q", "x", kind=Kind.QUANTIZE)) == {}


def test_common_place() -> None:
    assert common_place(["a.b.c", "a.b", "a.b.d"]) == "a.b"
    assert common_place(["a.bc", "a.bd"]) == "a"
    assert common_place(["", "a"]) == ""


paths = st.lists(st.sampled_from(string.ascii_lowercase[:3]), max_size=3).map(".".join)


@st.composite
def chains(draw: st.DrawFn) -> list[Any]:
    """Graphs in order: each node reads some of those before it."""
    nodes: list[Any] = [make.node("n0", kind=Kind.INPUT)]
    for place in range(1, draw(st.integers(1, 12))):
        inputs = draw(st.lists(st.integers(0, place - 1), min_size=1, max_size=3, unique=True))
        names = [f"n{each}" for each in inputs]
        kind = draw(st.sampled_from([each for each in Kind if each not in (Kind.INPUT, Kind.OUTPUT)]))
        names = [] if kind is Kind.CONSTANT else names
        type_ = draw(st.sampled_from(["", "Conv2d"]))
        nodes.append(make.node(f"n{place}", *names, kind=kind, path=draw(paths), type=type_, op="call_function"))
    return nodes


@given(chains())
def test_every_inferred_place_is_one_that_an_operator_has_or_one_around_it(nodes: list[Any]) -> None:
    graph = make.graph(*nodes)
    found = infer_places(graph.nodes, graph.edges)
    own = {node.id: node.module_path for node in graph.nodes if node.id not in found}
    for node_id, path in found.items():
        prefixes = (f"{each}." for each in own.values())
        assert path == "" or any(prefix.startswith(f"{path}.") for prefix in prefixes), node_id


@given(chains())
def test_whoever_touches_a_placed_node_is_placed(nodes: list[Any]) -> None:
    graph = make.graph(*nodes)
    found = infer_places(graph.nodes, graph.edges)
    by_id = {node.id: node for node in graph.nodes}
    for edge in graph.edges:
        if edge.from_id in found:
            assert by_id[edge.from_id].kind not in (Kind.INPUT, Kind.OUTPUT)
