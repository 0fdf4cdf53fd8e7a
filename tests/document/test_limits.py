"""What is too large, or speaks of what is not there, is refused, from a file and from an engine alike."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from qviz.document import codec, limits
from qviz.document.graph import Graph, Group
from qviz.document.kept import kept_link
from qviz.document.snapshot import Bookmark, Facts, Snapshot, Stage
from qviz.errors import QvizError
from qviz.wire.framing import WireError, pack, report_reader
from qviz.wire.messages import StageReached
from tests.factories import node, snapshot, stage

SOUND = snapshot(stage("captured", node("x"), node("y")), stage("prepared", node("x"), node("y")))


def _read(made: Snapshot) -> Snapshot:
    return codec.decode(codec.encode(made))


def _with(**fields: object) -> Snapshot:
    return msgspec.structs.replace(SOUND, **fields)


FAULTS = {
    "the same name": lambda: _with(stages=(SOUND.stages[0], SOUND.stages[0])),
    "names the stage gone": lambda: _with(links=(kept_link("captured", "gone", ("x",), (), "removed", 1.0, "gone"),)),
    "names the node z": lambda: _with(links=(kept_link("captured", "prepared", ("z",), (), "removed", 1.0, "gone"),)),
    "fact names the stage gone": lambda: _with(facts={"gone": {}}),
    "fact names the node z": lambda: _with(facts={"captured": {"z": Facts()}}),
    "101 stages": lambda: _with(stages=tuple(stage(f"s{place}", node("x")) for place in range(101))),
    "modules nested": lambda: _with(stages=(stage("captured", node("x", path=".".join("a" * 300))),)),
    "a name of": lambda: _with(stages=(stage("captured", node("x" * 300_000)),)),
}


@pytest.mark.parametrize("told", FAULTS)
def test_a_document_is_checked_whole(told: str):
    with pytest.raises(QvizError, match=f"is damaged: .*{told}"):
        _read(FAULTS[told]())


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


@pytest.mark.parametrize("write", [bytes, gzip.compress], ids=["json", "qviz"])
def test_what_unpacks_to_much_is_read_beside_the_window(write: Callable[[bytes], bytes], tmp_path: Path):
    path = tmp_path / "a.qviz"
    path.write_bytes(write(codec.encode(SOUND)))
    assert not codec.is_large(path)
    path.write_bytes(write(codec.encode(_with(notes=("a" * 300_000,)))))
    assert codec.is_large(path)
