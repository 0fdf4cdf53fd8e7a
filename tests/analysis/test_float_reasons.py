from __future__ import annotations

from qviz.analysis.verdicts.float_reasons import why_float
from qviz.document.comparison import FloatOperators
from qviz.document.graph import Node, Why
from tests.factories import node, snapshot, stage


def reasons(flow: str, *prepared: Node) -> tuple[FloatOperators, ...]:
    converted = stage(
        "converted", node("x", kind="input"), node("softmax", "x"), node("output", "softmax", kind="output")
    )
    stages = [stage("prepared", *prepared)] if prepared else []
    return why_float(snapshot(*stages, converted, flow=flow))


def observer(asked_by: str) -> Node:
    return node("obs", "softmax", kind="observer", why=Why("observer.output", {"asked_by": (asked_by,)}))


X, SOFTMAX = node("x", kind="input"), node("softmax", "x")


def test_an_operator_without_observers_was_not_asked_for():
    assert reasons("pt2e-static", X, SOFTMAX) == (FloatOperators("softmax", ("softmax",), "float.not_annotated"),)
    assert reasons("fx-static", X, SOFTMAX)[0].code == "float.not_observed"
    assert reasons("fx-dynamic", X, SOFTMAX)[0].code == "float.not_dynamic"
    assert reasons("eager-dynamic")[0].code == "float.not_dynamic"


def test_an_observer_that_serves_a_neighbour_proves_nothing():
    assert reasons("pt2e-static", X, SOFTMAX, observer("linear"))[0].code == "float.not_annotated"


def test_an_operator_with_an_observer_of_its_own_was_asked_for():
    assert reasons("pt2e-static", X, SOFTMAX, observer("softmax"))[0].code == "float.not_matched"


def test_weight_only_flows_do_not_mean_it():
    assert reasons("fx-weight-only", X, SOFTMAX)[0].code == "float.not_weight_only"


def test_the_reason_of_the_engine_comes_first():
    own = Why("float.no_pattern", {"subject": ("softmax",)}, {"operator": "softmax"})
    converted = stage("converted", X, node("softmax", "x", why=own))
    assert why_float(snapshot(converted, flow="fx-static")) == (
        FloatOperators("softmax", ("softmax",), "float.no_pattern"),
    )


def test_an_eager_function_is_float_because_nothing_observes_it():
    own = Why("unobserved.function", {"subject": ("softmax",)}, {"target": "torch.softmax"})
    (group,) = why_float(snapshot(stage("converted", X, node("softmax", "x", why=own)), flow="eager-static"))
    assert (group.code, group.text) == ("unobserved.function", "eager mode observes only modules")


def test_a_document_of_version_1_keeps_its_text():
    why = Why("kept", args={"rule": "stays in float: bad luck", "evidence": "", "stays_float": "bad luck"})
    (group,) = why_float(snapshot(stage("converted", X, node("softmax", "x", why=why)), flow="fx-static"))
    assert (group.code, group.text) == ("kept", "bad luck")


def test_each_cause_has_a_text():
    flows = ("pt2e-static", "fx-static", "fx-dynamic", "fx-weight-only")
    groups = [reasons(flow, X, SOFTMAX)[0] for flow in flows]
    groups += [reasons("fx-static")[0], reasons("fx-static", X, SOFTMAX, observer("softmax"))[0]]
    assert [group.code for group in groups if not group.text] == []
    assert len({group.code for group in groups}) == len(groups)


def test_nothing_reached_is_nothing_float():
    assert why_float(snapshot(stage("converted", X))) == ()
