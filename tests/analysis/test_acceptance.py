"""A baseline keeps accepting what it accepted: in other words, under other node names, from an older version."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace

from qviz.analysis.verdicts.acceptance import Acceptance
from qviz.analysis.verdicts.finding_places import FindingPlaces
from qviz.analysis.verdicts.verdict import judge
from qviz.document.baseline import Accepted, Baseline, read_baseline
from qviz.document.codec import load
from qviz.document.snapshot import Finding, Level, Snapshot
from qviz.words.language import Language, using
from tests.factories import baseline, node, snapshot, stage

VERSION_1 = Path(__file__).parents[1] / "document" / "version_1"


def run(*adds: str, extra: str = "") -> Snapshot:
    """Return a run with an addition in each block, and one more node before them if asked."""
    before = [node(extra, "x", path="stem", type="Identity")] if extra else []
    blocks = [node(name, "x", path=f"layer{place}", target="add") for place, name in enumerate(adds)]
    return snapshot(stage("captured", node("x", kind="input"), *before, *blocks))


def at(*nodes: str, **fields) -> Finding:
    return Finding("float_island", Level.WARNING, "captured", nodes, "float_island", **fields)


def test_another_name_of_a_node_is_the_same_place():
    accepted = baseline(run("add", "add_1"), [at("add_1")])
    later = run("add_1", "add_2", extra="add")
    acceptance = Acceptance(accepted, FindingPlaces(later))
    assert acceptance.entry(at("add_2")) is not None
    assert acceptance.entry(at("add_1")) is None, "that name stands in another block now"


def test_equal_operators_of_one_module_are_told_apart():
    twice = snapshot(stage("captured", node("x", kind="input"), node("add", "x"), node("add_1", "x", target="add")))
    places = FindingPlaces(twice)
    assert places.of(at("add")) != places.of(at("add_1"))


def test_arguments_tell_findings_without_nodes_apart():
    here = run("add")
    accepted = baseline(here, [at(place=("fc",), args={"count": 2})])
    acceptance = Acceptance(accepted, FindingPlaces(here))
    assert acceptance.entry(at(place=("fc",), args={"count": 3})) is not None
    assert acceptance.entry(at(place=("conv",))) is None


def test_version_1_accepts_what_it_accepted():
    entries = (
        Accepted("float_island", "captured", ("add", "add_1"), message="worded as it was"),
        Accepted("float_island", "captured", (), message="the rule 'fc' matches nothing", note="on purpose"),
    )
    acceptance = Acceptance(Baseline("qviz-baseline", 1, entries), FindingPlaces(run("add", "add_1")))
    assert acceptance.entry(at("add_1", "add")) == entries[0]
    assert acceptance.entry(at("add")) is None
    assert acceptance.entry(at(place=("fc",))) == entries[1]
    assert acceptance.entry(at(place=("conv",))) is None
    pattern = Accepted("float_island", "captured", (), message=r"the rule for 'layer\\d' matches no module")
    of_pattern = Acceptance(Baseline("qviz-baseline", 1, (pattern,)), FindingPlaces(run("add")))
    assert of_pattern.entry(at(place=(r"layer\d",))) == pattern
    assert acceptance.accepting([at(place=("fc",))]).findings[0].note == "on purpose"


def test_the_words_do_not_matter():
    accepted = baseline(run("add"), [at("add")])
    reworded = Baseline("qviz-baseline", 2, tuple(replace(each, message="?") for each in accepted.findings))
    assert Acceptance(reworded, FindingPlaces(run("add"))).entry(at("add")) is not None


def test_a_baseline_that_version_1_wrote_accepts_all_of_the_result_that_it_was_written_for():
    """Findings with nodes and without, and of patterns; no text of today has a part in it."""
    old = read_baseline(VERSION_1 / "faulty-fx-dynamic-baseline.json")
    run = load(VERSION_1 / "faulty-fx-dynamic.json")
    assert old.version == 1
    with using(Language("empty", finish=lambda _: "?")):
        verdict = judge(run, "info", old)
    assert [each.finding.rule for each in verdict.judged if not each.accepted] == []
    assert len(verdict.judged) == len(old.findings) > 5
    assert verdict.stale == ()


def grouped_at(*nodes: str) -> Finding:
    """Return what `grouped` makes of findings at one node each."""
    return at(*nodes, roles={"subject": nodes[:1], **({"also": nodes[1:]} if nodes[1:] else {})})


@pytest.mark.parametrize("make", [grouped_at, lambda *nodes: at(*nodes, roles={"subject": nodes})])
def test_one_place_more_is_new_by_itself(make: Callable[..., Finding]):
    before = run("add", "add_1")
    accepted = baseline(before, [make("add", "add_1")])
    later = msgspec.structs.replace(run("add", "add_1", "add_2"), findings=(make("add", "add_1", "add_2"),))
    (judged,) = judge(later, "info", accepted).judged
    assert (judged.new, judged.accepted, judged.fails) == (("add_2",), False, True)
    assert judge(later, "info", accepted).stale == ()
    (whole,) = judge(msgspec.structs.replace(before, findings=(make("add", "add_1"),)), "info", accepted).judged
    assert (whole.new, whole.accepted, whole.fails) == ((), True, False)
    (alone,) = judge(later, "info").judged
    assert alone.new == ("add", "add_1", "add_2")


def test_what_speaks_of_nodes_together_is_one_place():
    accepted = baseline(run("add", "add_1"), [at("add", "add_1")])
    later = msgspec.structs.replace(run("add", "add_1"), findings=(at("add"),))
    together = msgspec.structs.replace(run("add", "add_1", "add_2"), findings=(at("add", "add_2"),))
    assert judge(later, "info", accepted).judged[0].accepted
    assert judge(together, "info", accepted).judged[0].new == ("add", "add_2")
