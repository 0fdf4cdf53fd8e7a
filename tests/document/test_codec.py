"""The document survives its way to the disk and back, and says so when it does not."""

from __future__ import annotations

import errno
import gzip
import json
import os
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qviz.document import codec
from qviz.document.graph import Edge, Graph, Group, Json, Kind, Node, Part, QParams, Quant, SourceLine, Value
from qviz.document.kept import kept_error, kept_finding, kept_link, kept_why
from qviz.document.snapshot import (
    Facts,
    Histogram,
    Level,
    ObserverFact,
    Run,
    Snapshot,
    Stage,
)
from qviz.errors import QvizError

texts = st.text(st.characters(codec="utf-8"), max_size=8)
ids = st.text("abcxyz_01", min_size=1, max_size=6)
numbers = st.one_of(st.floats(allow_nan=False, allow_infinity=False), st.sampled_from(["inf", "-inf", "nan"]))
either = st.one_of(numbers, st.tuples(numbers, numbers))
json_values: st.SearchStrategy[Json] = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-(2**53), 2**53), texts),
    lambda inner: st.one_of(st.lists(inner, max_size=2), st.dictionaries(texts, inner, max_size=2)),
    max_leaves=4,
)
json_objects = st.dictionaries(texts, json_values, max_size=2)


def maybe(strategy):
    return st.one_of(st.none(), strategy)


qparams = st.builds(QParams, dtype=texts, scale=maybe(either), zero_point=maybe(either), axis=maybe(st.integers(0, 3)))
quants = st.builds(Quant, input=maybe(qparams), weight=maybe(qparams), output=maybe(qparams))
values = st.builds(Value, shape=st.tuples(st.one_of(st.integers(0, 9), texts)), dtype=texts)
sources = st.builds(SourceLine, file=texts, line=st.integers(1, 999), code=texts)
nodes = st.builds(
    Node,
    id=ids,
    name=texts,
    op=texts,
    target=texts,
    kind=st.sampled_from(Kind),
    args=st.lists(json_values, max_size=2),
    kwargs=json_objects,
    module_path=texts,
    module_type=texts,
    values=st.lists(values, max_size=2).map(tuple),
    attributes=json_objects,
    inferred_path=maybe(texts),
    quant=maybe(quants),
    parts=maybe(st.tuples(st.builds(Part, path=texts, type=texts, kind=st.sampled_from(Kind)))),
    why=maybe(st.builds(kept_why, rule=texts, evidence=texts, api=texts)),
    source=maybe(sources),
)


@st.composite
def graphs(draw) -> Graph:
    drawn = draw(st.lists(nodes, max_size=4, unique_by=lambda node: node.id))
    pairs = [(a.id, b.id) for place, a in enumerate(drawn) for b in drawn[place + 1 :]]
    chosen = draw(st.lists(st.sampled_from(pairs), unique=True, max_size=4)) if pairs else []
    groups = draw(st.lists(st.builds(Group, path=texts, type=texts), max_size=2))
    return Graph(tuple(drawn), tuple(Edge(a, b, draw(st.integers(0, 3))) for a, b in chosen), tuple(groups))


stages = st.builds(Stage, name=texts, graph=graphs(), code=maybe(texts), subgraphs=st.none())
observers = st.builds(
    ObserverFact,
    min=maybe(either),
    max=maybe(either),
    calibrated=maybe(st.booleans()),
    histogram=maybe(st.builds(Histogram, min=numbers, max=numbers, counts=st.tuples(numbers))),
)
runs = st.builds(
    Run,
    source=texts,
    flow=texts,
    status=st.sampled_from(["done", "failed", "cancelled"]),
    config=json_objects,
    versions=st.dictionaries(texts, texts, max_size=2),
    python=texts,
    error=maybe(st.builds(kept_error, step=texts, type=texts, message=texts, hint=texts, source=maybe(sources))),
)


def _of_what_is_there(made: Snapshot) -> Snapshot:
    """Return a snapshot whose stages have names of their own, and whose links, facts and findings speak of them."""
    stages = tuple({each.name: each for each in made.stages}.values())
    known = {each.name: tuple(node.id for node in each.graph.nodes) for each in stages}
    if not stages:
        return msgspec.structs.replace(made, stages=(), links=(), facts={}, findings=())
    first, last = stages[0].name, stages[-1].name
    links = tuple(
        msgspec.structs.replace(
            link,
            from_stage=first,
            to_stage=last,
            from_ids=known[first][: len(link.from_ids)],
            to_ids=known[last][: len(link.to_ids)],
        )
        for link in made.links
    )
    measured = [each for nodes in made.facts.values() for each in nodes.values()]
    facts = {last: dict(zip(known[last], measured, strict=False))} if measured and known[last] else {}
    findings = tuple(
        msgspec.structs.replace(each, stage=last, nodes=known[last][: len(each.nodes)]) for each in made.findings
    )
    return msgspec.structs.replace(made, stages=stages, links=links, facts=facts, findings=findings)


snapshots = st.builds(
    Snapshot,
    format=st.just("qviz"),
    version=st.just(codec.FORMAT_VERSION),
    run=runs,
    stages=st.lists(stages, max_size=2).map(tuple),
    links=st.lists(
        st.builds(
            kept_link,
            from_stage=texts,
            to_stage=texts,
            from_ids=st.tuples(ids),
            to_ids=st.tuples(ids, ids),
            relation=st.sampled_from(["same", "fused", "inserted"]),
            confidence=st.floats(0, 1),
            evidence=texts,
        ),
        max_size=2,
    ).map(tuple),
    facts=st.dictionaries(texts, st.dictionaries(ids, st.builds(Facts, observer=maybe(observers)))),
    findings=st.lists(
        st.builds(
            kept_finding,
            rule=texts,
            level=st.sampled_from(Level),
            stage=texts,
            nodes=st.tuples(ids),
            message=texts,
            reason=texts,
            hint=texts,
        ),
        max_size=2,
    ).map(tuple),
    summary=json_objects,
    notes=st.lists(texts, max_size=2).map(tuple),
).map(_of_what_is_there)

SMALL = Snapshot(
    format="qviz",
    version=codec.FORMAT_VERSION,
    run=Run(source="m.py:net", flow="fx-static", status="done", config={}, versions={}, python=""),
    stages=(),
    links=(),
    facts={},
    findings=(),
    summary={},
    notes=(),
)
"""The least a document can hold."""

ONE_NODE = {
    "id": "x",
    "name": "x",
    "op": "placeholder",
    "target": "x",
    "kind": "input",
    "args": [],
    "kwargs": {},
    "module_path": "",
    "module_type": "",
    "values": [],
    "attributes": {},
}


def plain(snapshot: Snapshot = SMALL) -> dict:
    return json.loads(codec.encode(snapshot))


@given(snapshots)
def test_what_is_written_is_read_again(snapshot):
    data = codec.encode(snapshot)
    assert codec.decode(data) == snapshot
    assert codec.encode(codec.decode(data)) == data


@given(snapshots)
def test_the_document_is_strict_json(snapshot):
    def refuse(word):
        raise AssertionError(f"{word} is no JSON")

    assert json.loads(codec.encode(snapshot), parse_constant=refuse)["format"] == "qviz"


@pytest.mark.parametrize("name", ["review.qviz", "review.json"])
def test_save_and_load(tmp_path: Path, name):
    codec.save(SMALL, tmp_path / name)
    first = (tmp_path / name).read_bytes()
    assert codec.load(tmp_path / name) == SMALL
    codec.save(SMALL, tmp_path / name)
    assert (tmp_path / name).read_bytes() == first, "the same snapshot gives the same bytes"
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_only_the_compressed_one_is_compressed(tmp_path: Path):
    codec.save(SMALL, tmp_path / "a.qviz")
    codec.save(SMALL, tmp_path / "a.json")
    assert gzip.decompress((tmp_path / "a.qviz").read_bytes()) == (tmp_path / "a.json").read_bytes()


def test_a_renamed_document_is_still_read(tmp_path: Path):
    codec.save(SMALL, tmp_path / "a.qviz")
    (tmp_path / "a.qviz").rename(tmp_path / "b.json")
    assert codec.load(tmp_path / "b.json") == SMALL


def test_another_ending_is_refused(tmp_path: Path):
    with pytest.raises(QvizError, match=r"ends in \.qviz or \.json"):
        codec.save(SMALL, tmp_path / "a.onnx")
    assert not list(tmp_path.iterdir())


def test_unknown_fields_are_ignored():
    document = plain()
    document["colour"] = "red"
    document["run"]["mood"] = {"x": [1]}
    document["stages"] = [{"name": "s", "graph": {"nodes": [{**ONE_NODE, "weight": 3}], "edges": [], "groups": []}}]
    read = codec.decode(json.dumps(document).encode())
    assert read.stages[0].graph.nodes[0].id == "x"


def test_a_document_of_the_least_fields_is_read():
    document = plain()
    document["stages"] = [{"name": "s", "graph": {"nodes": [ONE_NODE], "edges": [], "groups": []}}]
    node = codec.decode(json.dumps(document).encode()).stage("s").graph.nodes[0]
    assert (node.quant, node.source, node.place) == (None, None, "")


def test_a_newer_version_is_named():
    document = {**plain(), "version": codec.FORMAT_VERSION + 1, "stages": "of another shape"}
    with pytest.raises(QvizError, match=f"format version {codec.FORMAT_VERSION + 1}") as caught:
        codec.decode(json.dumps(document).encode(), "new.qviz")
    assert caught.value.hint == "Update qviz."


def test_other_json_is_named():
    with pytest.raises(QvizError, match="not a qviz document"):
        codec.decode(b'{"nodes": []}', "graph.json")


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"stages": [{"name": "s"}]}, "graph"),
        ({"run": 7}, "run"),
        ({"findings": [{"level": "awful"}]}, "findings"),
    ],
)
def test_a_document_of_wrong_shape_is_damaged(change, told):
    with pytest.raises(QvizError, match=f"x.json is damaged.*{told}"):
        codec.decode(json.dumps({**plain(), **change}).encode(), "x.json")


@pytest.mark.parametrize(
    ("nodes", "edges", "told"),
    [
        ([ONE_NODE, ONE_NODE], [], "same id"),
        ([ONE_NODE], [["x", "y", 0]], "names a node that is not there"),
        ([ONE_NODE, {**ONE_NODE, "id": "y"}], [["y", "x", 0]], "points backward"),
    ],
)
def test_a_broken_graph_is_damaged(nodes, edges, told):
    stage = {"name": "s", "graph": {"nodes": nodes, "edges": edges, "groups": []}}
    with pytest.raises(QvizError, match=f"stage s: .*{told}"):
        codec.decode(json.dumps({**plain(), "stages": [stage]}).encode())


@given(st.integers(min_value=0, max_value=len(gzip.compress(codec.encode(SMALL), mtime=0)) - 1))
def test_a_file_cut_short_is_damaged(tmp_path_factory, length):
    path = tmp_path_factory.mktemp("cut") / "a.qviz"
    path.write_bytes(gzip.compress(codec.encode(SMALL), mtime=0)[:length])
    with pytest.raises(QvizError, match=r"a\.qviz is damaged"):
        codec.load(path)


def test_a_bomb_is_refused(tmp_path: Path, monkeypatch):
    monkeypatch.setattr(codec, "MAX_BYTES", 1000)
    path = tmp_path / "bomb.qviz"
    path.write_bytes(gzip.compress(b" " * 100_000))
    with pytest.raises(QvizError, match="larger than qviz reads"):
        codec.load(path)


def test_a_missing_file_is_named(tmp_path: Path):
    with pytest.raises(QvizError, match=r"none\.qviz was not found"):
        codec.load(tmp_path / "none.qviz")


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_a_full_disk_leaves_the_old_file(tmp_path: Path, monkeypatch, step):
    path = tmp_path / "a.qviz"
    codec.save(SMALL, path)
    before = path.read_bytes()

    def full(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, step, full)
    with pytest.raises(QvizError, match="No space left on device") as caught:
        codec.save(msgspec.structs.replace(SMALL, notes=("new",)), path)
    assert "unchanged" in caught.value.hint
    assert path.read_bytes() == before
    assert [each.name for each in tmp_path.iterdir()] == ["a.qviz"], "nothing half-written is left"


def test_a_missing_folder_is_named(tmp_path: Path):
    with pytest.raises(QvizError, match="could not be written"):
        codec.save(SMALL, tmp_path / "none" / "a.qviz")


def test_a_saved_file_may_be_read_by_others(tmp_path: Path):
    umask = os.umask(0o022)
    try:
        codec.save(SMALL, tmp_path / "a.qviz")
    finally:
        os.umask(umask)
    assert (tmp_path / "a.qviz").stat().st_mode & 0o777 == 0o644
