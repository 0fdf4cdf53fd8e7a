"""What is too large, or speaks of what is not there, is refused, from a file and from an engine alike."""

from __future__ import annotations

import gzip
import itertools
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from qviz.document import chunked, codec, limits, plan_file, time_limit
from qviz.document.graph import Graph, Group, Kind, Part
from qviz.document.kept import kept_error, kept_link
from qviz.document.measurements import QuantizerNoise, SecondCalls
from qviz.document.plan import Plan
from qviz.document.snapshot import Bookmark, Facts, Finding, FindingReference, Level, Snapshot, Stage
from qviz.errors import QvizError
from qviz.sources.own_rules import listed_rules
from qviz.wire.framing import WireError, pack, report_reader, request_reader
from qviz.wire.messages import RunFlow, StageReached
from tests.factories import node, snapshot, stage
from tests.measured import OPERATOR, WEIGHT, ledger, measured

SOUND = snapshot(stage("captured", node("x"), node("y")), stage("prepared", node("x"), node("y")))


def _read(made: Snapshot) -> Snapshot:
    return codec.decode(codec.encode(made))


def _with(**fields: object) -> Snapshot:
    return msgspec.structs.replace(SOUND, **fields)


def _finding(stage_name: str, *nodes: str) -> Finding:
    return Finding.of("own", Level.INFO, stage_name, nodes, message="there")


def _quantizer(**fields: object) -> QuantizerNoise:
    return msgspec.structs.replace(WEIGHT, **{"id": "w", "nodes": ("x",), **fields})


FAULTS = {
    "the same name": lambda: _with(stages=(SOUND.stages[0], SOUND.stages[0])),
    "names the stage gone": lambda: _with(links=(kept_link("captured", "gone", ("x",), (), "removed", 1.0, "gone"),)),
    "names the node z": lambda: _with(links=(kept_link("captured", "prepared", ("z",), (), "removed", 1.0, "gone"),)),
    "fact names the stage gone": lambda: _with(facts={"gone": {}}),
    "fact names the node z": lambda: _with(facts={"captured": {"z": Facts()}}),
    "finding names the stage gone": lambda: _with(findings=(_finding("gone", "x"),)),
    "finding names the node z": lambda: _with(findings=(_finding("captured", "x", "z"),)),
    "follows from one of cause": lambda: _with(
        findings=(msgspec.structs.replace(_finding("captured", "x"), because_of=FindingReference("cause", "captured")),)
    ),
    "measurement names the node conv of captured": lambda: _with(
        measurements=measured(operators=(msgspec.structs.replace(OPERATOR, stage="captured", nodes=("conv",)),))
    ),
    "measurement names the node y1, which": lambda: _with(measurements=measured(repeat=SecondCalls(random=("y1",)))),
    "quantizer w names the stage gone": lambda: _with(measurements=measured(ledger=ledger(_quantizer(stage="gone")))),
    "quantizer w names the node z": lambda: _with(measurements=measured(ledger=ledger(_quantizer(asked_by=("z",))))),
    "quantizer w names the output logits": lambda: _with(
        measurements=measured(ledger=ledger(_quantizer(powers={"logits": 1.0})))
    ),
    "two quantizers are called w": lambda: _with(measurements=measured(ledger=ledger(_quantizer(), _quantizer()))),
    "101 stages": lambda: _with(stages=tuple(stage(f"s{place}", node("x")) for place in range(101))),
    "modules nested": lambda: _with(stages=(stage("captured", node("x", path=".".join("a" * 300))),)),
    "a name of": lambda: _with(stages=(stage("captured", node("x" * 300_000)),)),
}


@pytest.mark.parametrize("told", FAULTS)
def test_a_document_is_checked_whole(told: str):
    with pytest.raises(QvizError, match=f"is damaged: .*{told}"):
        _read(FAULTS[told]())


def test_measurements_of_what_is_there_are_read():
    row = _quantizer(asked_by=("y",), powers={"output": 1.0})
    made = _with(measurements=measured(ledger=ledger(row), repeat=SecondCalls(random=("y",))))
    assert _read(made) == made


def test_facts_of_an_observer_inside_a_module_go_by_its_path():
    """As those of the fake quantize of a weight, which is no node."""
    held = (Part("fc.weight_fake_quant", "FakeQuantize", Kind.FAKE_QUANT),)
    prepared = stage("prepared", node("fc", path="fc", type="Linear", parts=held))
    nested = Stage("nested", SOUND.stages[0].graph, None, {"x": prepared.graph})
    facts = {"prepared": {"fc.weight_fake_quant": Facts()}, "nested": {"x/fc.weight_fake_quant": Facts()}}
    made = snapshot(prepared, nested, facts=facts)
    assert _read(made) == made
    with pytest.raises(QvizError, match=r"a fact names the node fc\.bias"):
        _read(snapshot(prepared, facts={"prepared": {"fc.bias": Facts()}}))


def test_a_finding_of_the_whole_may_be_about_a_stage_that_was_not_reached():
    made = _with(findings=(_finding("converted"),))
    assert _read(made).findings == made.findings


def test_a_run_that_stopped_may_tell_of_nodes_of_the_stage_that_it_did_not_reach():
    """As of observers that capturing met, which is why it stopped."""
    failed = msgspec.structs.replace(SOUND.run, status="failed", error=kept_error("capture", "E", "x", "y"))
    made = _with(run=failed, findings=(_finding("converted", "x"),))
    assert _read(made).findings == made.findings
    with pytest.raises(QvizError, match="finding names the node z"):
        _read(_with(run=failed, findings=(_finding("captured", "z"),)))


def test_a_bookmark_outlives_what_it_marked():
    made = _with(bookmarks=(Bookmark("captured", "gone", "was here"),))
    assert _read(made).bookmarks == made.bookmarks


@pytest.mark.parametrize(("limit", "told"), [("MAX_NODES", "3 nodes, of at most 2"), ("MAX_EDGES", "2 edges, of at")])
def test_both_ends_count_nodes_and_edges(limit: str, told: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(limits, limit, 2 if limit == "MAX_NODES" else 1)
    large = stage("captured", node("a"), node("b", args=[{"node": "a"}]), node("c", args=[{"node": "b"}]))
    with pytest.raises(QvizError, match=told):
        _read(snapshot(large))
    with pytest.raises(WireError, match=told):
        [*report_reader().feed(pack(StageReached(1, large, {}, ())))]


def test_graphs_in_graphs_have_an_end():
    inner = Graph((), (), (Group("a", "A"),))
    nested = Stage("captured", SOUND.stages[0].graph, None, {"/".join("x" * 300): inner})
    with pytest.raises(QvizError, match="graphs nested 299 deep"):
        _read(snapshot(nested))


def test_a_small_file_does_not_unpack_to_a_large_one(tmp_path: Path):
    path = tmp_path / "bomb.qviz"
    path.write_bytes(gzip.compress(b" " * (8 << 20)))
    assert path.stat().st_size < 10_000
    with pytest.raises(QvizError, match="larger than qviz reads"):
        codec.load(path)


def test_the_names_of_nested_nodes_do_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch):
    """A small file could hold many nodes in a graph with a long name, which each of them gets in front of its own."""
    inner = stage("inner", node("y"), node("z")).graph
    nested = Stage("captured", SOUND.stages[0].graph, None, {"x" * 100: inner})
    monkeypatch.setattr(limits, "MAX_INLINED", 200)
    _read(snapshot(nested))
    monkeypatch.setattr(limits, "MAX_INLINED", 199)
    with pytest.raises(QvizError, match="200 characters in the names of nested nodes"):
        _read(snapshot(nested))


@pytest.fixture
def time_flies(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Let every look at the clock find so many seconds gone."""

    def fly(seconds: float) -> None:
        clock = itertools.count(0.0, seconds)
        monkeypatch.setattr(time_limit, "thread_time", lambda: next(clock))

    return fly


def test_what_takes_too_long_to_read_is_refused_at_both_ends(time_flies: Callable[[float], None]):
    document, plan = codec.encode(SOUND), plan_file.write(Plan("m.py:Net"))
    report, request = pack(StageReached(1, SOUND.stages[0], {}, ())), pack(RunFlow(1, Plan("m.py:Net")))
    time_flies(61.0)
    with pytest.raises(QvizError, match=r"a\.qviz takes longer to read than 60 s, the limit") as refused:
        codec.decode(document, "a.qviz")
    assert refused.value.hint
    with pytest.raises(QvizError, match=r"a\.toml takes longer to read than 60 s"):
        plan_file.read(plan, "a.toml")
    with pytest.raises(WireError, match="a message of the engine takes longer to read than 60 s"):
        [*report_reader().feed(report)]
    with pytest.raises(WireError, match="a request takes longer to read than 60 s"):
        [*request_reader().feed(request)]


def test_the_time_of_one_document_is_none_of_the_next(time_flies: Callable[[float], None]):
    time_flies(1.0)
    for _ in range(20):
        _read(SOUND)
    with time_limit.reading("all"):
        assert _read(SOUND) == SOUND
    time_limit.go_on()


def test_a_document_is_looked_at_between_its_pieces(monkeypatch: pytest.MonkeyPatch):
    """Else the limit would be noticed when all is done."""
    large = snapshot(stage("captured", *(node(f"n{place}") for place in range(1200))))
    looks: list[float] = []

    def look() -> float:
        looks.append(0.0)
        return 0.0

    monkeypatch.setattr(time_limit, "thread_time", look)
    chunked.decode(chunked.encode(large), Snapshot)
    assert looks == [], "nobody counts"
    with time_limit.reading("it"):
        chunked.decode(chunked.encode(large), Snapshot)
    assert len(looks) > 3


def test_a_key_of_a_plan_has_an_end(tmp_path: Path):
    """Else 1 MB of TOML took minutes."""
    key = "a" + ".a" * 400_000
    with pytest.raises(QvizError, match="a key of more than 128 parts"):
        plan_file.read(f"{key} = 1")
    (tmp_path / "pyproject.toml").write_text(f"[{key}]")
    listed = listed_rules(f"{tmp_path}/m.py:Net")
    assert listed is not None
    assert "a key of more than 128 parts" in listed.fault
    assert plan_file.read(f"version = 1\nsource = 'm.py:{'.'.join('a' * 100)}'").source.count(".") == 100


def test_a_plan_has_a_size():
    text = f"version = 1\nsource = 'm.py:Net'\n# {'a' * plan_file.MAX_PLAN_BYTES}"
    with pytest.raises(QvizError, match=r"the plan is larger than the 1\.05 MB"):
        plan_file.read(text)
