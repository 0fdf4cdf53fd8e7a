"""The page of a module with equal blocks: it says of them what their frame on the canvas says."""

from __future__ import annotations

from functools import partial

import pytest
from msgspec.structs import replace

from qviz.analysis.inspecting.group_page import group_page
from qviz.analysis.linking.index import LinkIndex
from qviz.analysis.views.groups import Hierarchy
from qviz.analysis.views.loud import loud_nodes
from qviz.analysis.views.repeats import compared
from qviz.document.graph import Value
from qviz.document.snapshot import Finding, Level, Link, Stage
from qviz.ui.canvas.family import Family
from tests.analysis.test_inspecting import inspected
from tests.factories import node, stage


def blocks(name: str, *, casts_at: int | None = None) -> Stage:
    """Return a stage of six blocks, in one of which a cast stands."""
    nodes, last = [node("x", kind="input")], "x"
    for at in range(6):
        path = f"layers.{at}"
        nodes.append(node(f"a{at}", last, path=f"{path}.a", type="Linear"))
        nodes.append(node(f"b{at}", f"a{at}", path=f"{path}.b", type="ReLU"))
        last = f"b{at}"
        if at == casts_at:
            nodes.append(node("q", last, path=path, kind="quantize"))
            last = "q"
    groups = {"layers": "ModuleList", **{f"layers.{at}": "Block" for at in range(6)}}
    return stage(name, *nodes, node("output", last, kind="output"), groups=groups)


@pytest.mark.parametrize(("views", "odd"), [(("captured",), ["2"]), (("captured", "converted"), ["0", "2"])])
def test_canvas_and_inspector_agree_on_the_blocks_that_differ(views: tuple[str, ...], odd: list[str]):
    stages = (blocks("captured"), blocks("converted", casts_at=0))
    finding = Finding("uneven_channels", Level.WARNING, "captured", ("a2",), "uneven_channels")
    everything = {each.id for each in stages[0].graph.nodes}
    links = tuple(Link("captured", "converted", (each,), (each,), "same", 1.0, "same") for each in sorted(everything))
    run = inspected(stages=stages, links=LinkIndex(links), facts={}, findings=(finding,), summary={}, measurements=None)
    family = Family(stages, links, {}, views, {name: loud_nodes([finding], name) for name in views})
    repeat = family.repeat_at(stages[0], "layers")
    assert repeat is not None
    assert [each.rpartition(".")[2] for each in sorted((*repeat.different, *repeat.noted))] == odd
    assert repeat.noted == ("layers.2",), "nothing but a finding parts it from its siblings"
    assert compared(repeat)[1].endswith("2 has other findings")
    page = group_page(run, "captured", "layers", beside=views, repeat_at=partial(family.repeat_at, stages[0]))
    assert page is not None
    assert [each.name for each in page.children if each.differs] == odd
    assert page.why.startswith(f"{repeat.alike} children are alike.")


@pytest.mark.parametrize("width", [8, 16])
def test_what_the_frame_counts_as_equal_the_page_counts_as_equal(width: int):
    """Shapes are no part of what the page compares by itself, and of what the frame compares."""
    found = blocks("captured")
    nodes = [
        replace(each, values=(Value((1, width if each.id == "a3" else 8), "torch.float32"),))
        for each in found.graph.nodes
    ]
    found = replace(found, graph=replace(found.graph, nodes=tuple(nodes)))
    run = inspected(stages=(found,), links=LinkIndex(()), facts={}, findings=(), summary={}, measurements=None)
    page = group_page(run, "captured", "layers")
    repeat = Hierarchy(found.whole).repeat_at("layers")
    assert page is not None
    assert repeat is not None
    odd = [] if width == 8 else ["3"]
    assert [each.rpartition(".")[2] for each in repeat.different] == odd
    assert [each.name for each in page.children if each.differs] == odd
    assert ("3 has other shapes, dtypes or connections." in page.why) is bool(odd)


def test_of_a_finding_at_several_places_those_inside_come_first():
    stages = (blocks("captured"),)
    finding = Finding("float_island", Level.INFO, "captured", ("a0", "a1", "b3"), "float_island.no_pattern")
    run = inspected(stages=stages, links=LinkIndex(()), facts={}, findings=(finding,), summary={}, measurements=None)
    for path, first in (("layers.3", "b3"), ("layers.1", "a1"), ("layers", "a0")):
        page = group_page(run, "captured", path)
        assert page is not None
        assert page.findings[0].nodes[0] == first
        assert set(page.findings[0].nodes) == set(finding.nodes)
    outside = group_page(run, "captured", "layers.2")
    assert outside is not None
    assert outside.findings == ()


def test_one_steps_from_group_to_group_of_the_module_around():
    run = inspected(
        stages=(blocks("captured"),), links=LinkIndex(()), facts={}, findings=(), summary={}, measurements=None
    )
    page = group_page(run, "captured", "layers.2")
    assert page is not None
    assert page.position == (3, 6, ("layers.1", "a1"), ("layers.3", "a3"))
    first, last = (group_page(run, "captured", f"layers.{at}") for at in (0, 5))
    assert first is not None
    assert last is not None
    assert first.position == (1, 6, None, ("layers.1", "a1"))
    assert last.position == (6, 6, ("layers.4", "a4"), None)
    for path in ("layers", ""):
        page = group_page(run, "captured", path)
        assert page is not None
        assert page.position is None, "nothing stands beside it"


def test_a_group_tells_what_is_inside_and_how_much_of_it_in_low_precision():
    run = inspected(
        stages=(blocks("converted", casts_at=0),),
        links=LinkIndex(()),
        facts={},
        findings=(),
        summary={"precision": {"stage": "converted", "low": ["a1", "a2"], "float": ["a3"]}},
        measurements=None,
    )
    page = group_page(run, "converted", "layers")
    assert page is not None
    assert page.inside == (("nodes", "13"), ("casts", "1 q, 0 dq"))
    assert page.is_judged
    assert page.low == (("operators", "2 of 3"),)
    before = inspected(
        stages=(blocks("captured"),), links=LinkIndex(()), facts={}, findings=(), summary={}, measurements=None
    )
    page = group_page(before, "captured", "layers")
    assert page is not None
    assert page.low == (("operators", "12"),)
    assert not page.is_judged
