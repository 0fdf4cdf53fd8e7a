from __future__ import annotations

from qviz.analysis.inspecting.inspected_run import InspectedRun, RunParts
from qviz.analysis.linking.beside import beside
from qviz.analysis.linking.changes import changes
from qviz.analysis.linking.index import LinkIndex
from qviz.analysis.views.union import unite
from qviz.document.graph import Quant
from qviz.document.kept import kept_finding
from qviz.document.snapshot import Level
from tests.factories import node, qparams, snapshot, stage


def converted(scale: float, *, has_relu: bool = False):
    nodes = [
        node("x", kind="input"),
        node("conv", "x", path="conv", type="Conv2d", kind="quantized_op", quant=Quant(output=qparams(scale))),
    ]
    if has_relu:
        nodes.append(node("relu", "conv", path="relu", type="ReLU"))
    return snapshot(stage("captured", node("x", kind="input")), stage("converted", *nodes))


def test_stages_of_both_are_there_under_names_of_their_own():
    made = beside(converted(0.1), converted(0.2), "second")
    assert [each.name for each in made.stages] == ["captured", "converted", "captured · second", "converted · second"]
    again = beside(made, converted(0.3), "second")
    assert len({each.name for each in again.stages}) == 6


def test_a_node_is_linked_across_and_an_equal_one_has_not_changed():
    made = beside(converted(0.1), converted(0.2, has_relu=True), "b")
    index = LinkIndex(made.links)
    assert index.partners("converted", "converted · b", ("conv",)) == ("conv",)
    assert index.partners("converted · b", "converted", ("relu",)) == ()
    found = changes(made.stages, made.links, "converted", "converted · b")
    assert found[:2] == (("conv",), ("conv", "relu"))
    same = beside(converted(0.1), converted(0.1), "b")
    assert changes(same.stages, same.links, "converted", "converted · b")[:2] == ((), ())


def test_findings_of_the_other_name_their_stage():
    finding = kept_finding("rule", Level.WARNING, "converted", ("conv",), "a", "b", "c")
    from msgspec.structs import replace

    made = beside(converted(0.1), replace(converted(0.2), findings=(finding,)), "b")
    assert made.findings[-1].stage == "converted · b"


def test_what_is_known_of_a_node_is_known_in_its_own_run():
    made = beside(converted(0.1), converted(0.2), "b")
    run = InspectedRun(RunParts(made.stages, LinkIndex(made.links), made.facts, made.findings))
    assert [each.name for each in run.parts.own_stages] == ["captured", "converted"]
    assert run.become("converted", ("conv",), "converted · b") == ()
    assert run.parts.across("converted", ("conv",), "converted · b") == ("conv",)


def test_what_the_later_run_has_more_was_added():
    made = beside(converted(0.1, has_relu=True), converted(0.1), "b", is_before=True)
    assert [each.name for each in made.stages] == ["captured · b", "converted · b", "captured", "converted"]
    found = changes(made.stages, made.links, "converted · b", "converted")
    assert (found.before, found.after, found.earlier) == ((), ("relu",), "converted · b")
    both = unite(made.stages, made.links, {"converted · b", "converted"})
    assert both is not None
    assert both.ids["converted"]["conv"] == both.ids["converted · b"]["conv"], "they stand at one height"


def test_key_figures_are_those_of_the_run_itself():
    from msgspec.structs import replace

    one, other = replace(converted(0.1), summary={"own": True}), replace(converted(0.2), summary={"own": False})
    assert beside(one, other, "b").summary == {"own": True}
