"""A search finds what it says, the best first."""

from __future__ import annotations

from time import perf_counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qviz.analysis.searching.search import SearchIndex
from qviz.analysis.searching.terms import Term, parse
from qviz.document.graph import Graph, Kind, Node, ObserverType, Part, Quant
from qviz.document.snapshot import Finding, Level
from tests.factories import graph, node, qparams, value

PER_CHANNEL = qparams((0.5, 1.0), (0, 0), "torch.qint8")
STAGE = graph(
    node("x", kind="input", values=[value(1, 3, 64, 64)]),
    node(
        "obs_0", "x", kind="observer", path="stem", type="HistogramObserver", observer=ObserverType("HistogramObserver")
    ),
    node("conv", "obs_0", path="layer1.conv", type="Conv2d", attributes={"in_channels": 3, "kernel_size": [3, 3]}),
    node("conv_1", "conv", path="layer10.conv", type="Conv2d", attributes={"in_channels": 32, "bias": True}),
    node("my_conv", "conv_1", target="aten.conv2d.default", path="layer1.more", values=[value(1, 64, 8, 8)]),
    node(
        "quant",
        "my_conv",
        kind="quantize",
        target="quantized_decomposed.quantize_per_tensor",
        inferred_path="layer1.more",
        values=[value(164, 8, dtype="torch.quint8")],
        quant=Quant(output=qparams(0.0624, 63.0)),
    ),
    node(
        "qat",
        "quant",
        kind="fused_op",
        target="head",
        values=[value("s0", 64)],
        parts=(Part("head.weight_fake_quant", "FusedFakeQuant", Kind.FAKE_QUANT, Quant(output=PER_CHANNEL)),),
    ),
    node("output", "qat", kind="output", values=[]),
)
INDEX = SearchIndex(
    STAGE,
    [
        Finding(
            "mixed_dtypes", Level.WARNING, "s", ("quant", "gone"), "mixed_dtypes", args={"dtypes": ["int8", "uint8"]}
        ),
        Finding("older_run", Level.INFO, "s", ("gone",), "older_run"),
    ],
)


def found(text: str) -> list[str]:
    return list(INDEX.search(text).ids)


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("conv", ["conv", "conv_1", "my_conv"]),
        ("CONV layer1.", ["conv", "my_conv"]),
        ("aten::conv2d", []),
        ("quint8", ["quant"]),
        ("observer", ["obs_0"]),
        ("  ", []),
        ("nothing here", []),
        ("name:conv", ["conv", "conv_1", "my_conv"]),
        ("op:conv2d", ["conv", "conv_1", "my_conv"]),
        ("op:fused", ["qat"]),
        ("kind:op", ["conv", "conv_1", "my_conv"]),
        ("kind:quantize", ["quant"]),
        ("kind:o", ["obs_0", "conv", "conv_1", "my_conv", "qat", "output"]),
        ('kind:"fused op"', ["qat"]),
        ("dtype:torch.quint8", ["quant"]),
        ("dtype:quint", ["quant"]),
        ("module:layer1", ["conv", "my_conv", "quant"]),
        ("module:layer1.conv", ["conv"]),
        ("module:layer", ["conv", "conv_1", "my_conv", "quant"]),
        ("module:", ["obs_0", "conv", "conv_1", "my_conv", "quant"]),
        ("shape:1x64", ["my_conv"]),
        ("shape:64", ["x", "my_conv", "qat"]),
        ("shape:[64,8]", ["my_conv"]),
        ("shape:s0", ["qat"]),
        ("shape:3x6", ["x"]),
        ("in_channels:3", ["conv"]),
        ("kernel_size:3x3", ["conv"]),
        ("kernel_size:(3,3)", ["conv"]),
        ("bias:true", ["conv_1"]),
        ("scale:0.06", ["quant"]),
        ("scale:", ["quant", "qat"]),
        ("scale:0.5x1", ["qat"]),
        ("zero_point:63", ["quant"]),
        ("qscheme:per_channel_affine", ["qat"]),
        ("observer:hist", ["obs_0"]),
        ("observer:", ["obs_0", "qat"]),
        ("finding:", ["quant"]),
        ("finding:warning", ["quant"]),
        ("finding:uint8", ["quant"]),
        ("conv -module:layer1", ["conv_1"]),
        ("-kind:op -obs", ["x", "quant", "qat", "output"]),
        ("kind:op dtype:float32 my", ["my_conv"]),
        ('"my_conv', ["my_conv"]),
    ],
)
def test_terms_find(text: str, ids: list[str]):
    assert found(text) == ids
    assert INDEX.search(text).fault == ""


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("knd:op", "No node has “knd:”. Did you mean “kind:”?"),
        ("conv in_chanels:3", "No node has “in_chanels:”. Did you mean “in_channels:”?"),
        ("zzz:1", "No node has “zzz:”. Use name, op, module, kind, dtype, shape, observer and 10 more."),
        ("kind:observr", "There is no kind “observr”. Did you mean “observer”?"),
    ],
)
def test_what_is_not_known_is_told(text: str, words: str):
    result = INDEX.search(text)
    assert result.fault.startswith(words)
    assert result.ids == ()


def test_the_name_itself_comes_first_then_names_that_begin_so():
    targets = {"a": "conv", "my_conv": "", "conv_1": "", "b": "", "conv": ""}
    index = SearchIndex(graph(*(node(name, target=target) for name, target in targets.items())))
    assert [each.id for each in index.search("conv").best] == ["conv", "conv_1", "my_conv", "a"]
    assert [each.id for each in index.search("conv", limit=2).best] == ["conv", "conv_1"]
    assert index.search("conv", limit=2).ids == ("a", "my_conv", "conv_1", "conv")


def test_terms_are_taken_apart():
    assert parse('a -b "c d" -kind:OP op:aten::x x::y module:"e f') == [
        Term("", "a", False),
        Term("", "b", True),
        Term("", "c d", False),
        Term("kind", "op", True),
        Term("op", "aten::x", False),
        Term("", "x::y", False),
        Term("module", "e f", False),
    ]
    assert parse("- ") == []


NAMES = st.sampled_from(["conv", "conv_1", "linear", "relu", "obs", "quant"])
PATHS = st.sampled_from(["", "layer1", "layer1.conv", "layer10", "layer10.conv", "head"])
DTYPES = st.sampled_from(["torch.float32", "torch.quint8", "torch.int8"])


@st.composite
def graphs(draw: st.DrawFn) -> Graph:
    return graph(
        *(
            node(
                f"{draw(NAMES)}_{place}",
                kind=draw(st.sampled_from(Kind)),
                path=draw(PATHS),
                target=draw(NAMES),
                values=[value(*draw(st.lists(st.sampled_from([1, 6, 16, 64]), max_size=3)), dtype=draw(DTYPES))],
            )
            for place in range(draw(st.integers(0, 12)))
        )
    )


TERMS = st.tuples(
    st.sampled_from(["", "", "name", "op", "module", "kind", "dtype", "shape"]),
    st.sampled_from(["conv", "con", "layer1", "layer", "op", "observer", "int8", "quint8", "1x6", "16", "relu", "a"]),
    st.booleans(),
)


def naive(each: Node, key: str, value: str, is_whole: bool) -> bool:
    """Whether a value holds for a node, wholly or in part, written down as the documentation says it."""
    shapes = [[str(size) for size in found.shape] for found in each.values]
    dtypes = [found.dtype.removeprefix("torch.") for found in each.values]
    whole_texts = {"kind": [each.kind.value], "dtype": dtypes}
    if key in whole_texts:
        return any(text == value if is_whole else value in text for text in whole_texts[key])
    if key in ("module", "shape"):
        mark = "." if key == "module" else "x"
        lists = [each.place.split(".")] if key == "module" else shapes
        wanted = value.split(mark)
        runs = [run[at : at + len(wanted)] for run in lists for at in range(len(run))]
        return wanted in runs if is_whole else any(value in mark.join(run) for run in lists)
    fields = {"name": [each.id], "op": [each.target, each.module_type]}
    free = [each.id, each.target, each.place, each.module_type, each.kind.value, *(v.dtype for v in each.values)]
    return any(value in text for text in fields.get(key, free))


@given(graphs(), st.lists(TERMS, min_size=1, max_size=4))
def test_results_are_those_of_a_naive_search(searched: Graph, terms: list[tuple[str, str, bool]]):
    text = " ".join(f"{'-' if is_out else ''}{key}{':' if key else ''}{wanted}" for key, wanted, is_out in terms)
    result = SearchIndex(searched).search(text, limit=3)
    expected = set(range(len(searched.nodes)))
    for key, wanted, is_out in terms:
        if key == "kind" and not any(wanted in kind.value for kind in Kind):
            assert result.fault
            return
        whole = {at for at, each in enumerate(searched.nodes) if naive(each, key, wanted, is_whole=True)}
        part = {at for at, each in enumerate(searched.nodes) if naive(each, key, wanted, is_whole=False)}
        held = (whole or part) if key in ("module", "kind", "dtype", "shape") else part
        expected = expected - held if is_out else expected & held
    assert result.ids == tuple(each.id for at, each in enumerate(searched.nodes) if at in expected)
    assert len(result.best) == min(3, len(expected))
    assert {each.id for each in result.best} <= set(result.ids)


@pytest.mark.slow
@pytest.mark.parametrize("text", ["l", "linear_4", "kind:observer", "module:layer.3", "shape:1x64", "conv -linear"])
def test_a_keystroke_over_fifty_thousand_nodes_takes_fifty_milliseconds_at_most(text: str):
    kinds, names = list(Kind), ("linear", "conv", "activation_post_process", "quantize_per_tensor_default")
    index = SearchIndex(
        graph(
            *(
                node(f"{names[at % 4]}_{at}", kind=kinds[at % 11], path=f"layer.{at // 99}", values=[value(1, at % 97)])
                for at in range(50_000)
            )
        )
    )
    index.search(text)
    took = []
    for _ in range(5):
        began = perf_counter()
        assert index.search(text).fault == ""
        took.append(perf_counter() - began)
    assert min(took) < 0.05
