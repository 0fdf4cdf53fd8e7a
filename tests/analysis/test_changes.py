from __future__ import annotations

from qviz.analysis.linking.changes import changes
from qviz.document.kept import kept_link
from qviz.document.snapshot import Link
from tests.factories import node, stage


def link(before: str, after: str, relation: str, *ids: str) -> Link:
    from_ids = ids[:1] if relation != "inserted" else ()
    return kept_link(before, after, from_ids, ids[-1:] if relation != "removed" else (), relation, 1.0, "test")  # type: ignore[arg-type]


STAGES = (
    stage("a", node("x", kind="input"), node("conv", "x"), node("bn", "conv")),
    stage("b", node("x", kind="input"), node("conv", "x", kind="fused_op")),
    stage("c", node("x", kind="input"), node("q", "x", kind="quantize"), node("conv", "q", kind="quantized_op")),
)
LINKS = (
    kept_link("a", "b", ("conv", "bn"), ("conv",), "fused", 1.0, "test"),
    link("a", "b", "same", "x"),
    link("b", "c", "same", "x"),
    link("b", "c", "inserted", "q"),
    link("b", "c", "replaced", "conv"),
)


def test_what_is_not_the_same_has_changed():
    assert changes(STAGES, LINKS, "a", "b")[:2] == (("conv", "bn"), ("conv",))


def test_over_several_stages_and_backwards():
    assert changes(STAGES, LINKS, "a", "c")[:2] == (("conv", "bn"), ("q", "conv"))
    assert changes(STAGES, LINKS, "c", "a")[:2] == (("q", "conv"), ("conv", "bn"))


def test_a_stage_has_not_changed_against_itself():
    assert changes(STAGES, LINKS, "b", "b")[:2] == ((), ())


def test_what_became_one_is_told_of_the_earlier_stage_whichever_was_named_first():
    for pair in (("a", "b"), ("a", "c"), ("c", "a")):
        found = changes(STAGES, LINKS, *pair)
        assert (found.fused, found.earlier) == ((("conv", "bn"),), "a")
    assert changes(STAGES, LINKS, "b", "c").fused == ()
