from __future__ import annotations

from qviz.analysis.verdicts.float_reasons import why_float
from qviz.document.comparison import FloatOperators
from qviz.document.graph import Node
from qviz.document.kept import kept_why
from tests.factories import node, snapshot, stage

OUTPUT_OF_SOFTMAX = "softmax.meta['quantization_annotation'].output_qspec: torch.int8"


def reasons(flow: str, *prepared: Node) -> tuple[FloatOperators, ...]:
    converted = stage(
        "converted", node("x", kind="input"), node("softmax", "x"), node("output", "softmax", kind="output")
    )
    stages = [stage("prepared", *prepared)] if prepared else []
    return why_float(snapshot(*stages, converted, flow=flow))


def observer(evidence: str) -> Node:
    return node("obs", "softmax", kind="observer", why=kept_why("rule", evidence, "api"))


X, SOFTMAX = node("x", kind="input"), node("softmax", "x")


def test_an_operator_without_observers_was_not_asked_for():
    assert reasons("pt2e-static", X, SOFTMAX) == (
        FloatOperators("softmax", ("softmax",), "the quantizer did not annotate it"),
    )
    assert reasons("fx-static", X, SOFTMAX)[0].reason == "no observer was asked for there"
    assert reasons("fx-dynamic", X, SOFTMAX)[0].reason == "not quantized dynamically"
    assert reasons("eager-dynamic")[0].reason == "not quantized dynamically"


def test_an_observer_that_serves_a_neighbour_proves_nothing():
    neighbours = observer("linear.meta['quantization_annotation'].input_qspec_map: torch.int8")
    assert reasons("pt2e-static", X, SOFTMAX, neighbours)[0].reason == "the quantizer did not annotate it"


def test_an_operator_with_an_observer_of_its_own_was_asked_for():
    found = reasons("pt2e-static", X, SOFTMAX, observer(OUTPUT_OF_SOFTMAX))
    assert found[0].reason == "asked to be quantized, but no kernel or pattern takes it"


def test_weight_only_flows_do_not_mean_it():
    assert "take embeddings" in reasons("fx-weight-only", X, SOFTMAX)[0].reason


def test_nothing_reached_is_nothing_float():
    assert why_float(snapshot(stage("converted", X))) == ()
