"""Documents of version 1 open, with the texts that they came with."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from qviz.document import codec

OLD = Path(__file__).parent / "version_1"


@pytest.mark.parametrize("name", ["fx-static", "eager-static"])
def test_a_document_of_version_1_opens_with_its_texts(name):
    old = json.loads((OLD / f"{name}.json").read_text())
    snapshot = codec.load(OLD / f"{name}.json")
    nodes = [node for stage in old["stages"] for node in stage["graph"]["nodes"]]
    read = [node for stage in snapshot.stages for node in stage.graph.nodes]
    assert [(n["why"]["rule"], n["why"]["evidence"], n["why"]["api"]) for n in nodes] == [
        (n.why.rule, n.why.evidence, n.why.api) for n in read if n.why
    ]
    assert [(f["message"], f["reason"], f["hint"]) for f in old["findings"]] == [
        (f.message, f.reason, f.hint) for f in snapshot.findings
    ]
    assert [(each["evidence"], each.get("reason", "")) for each in old["links"]] == [
        (each.evidence, each.reason) for each in snapshot.links
    ]


def test_a_document_of_version_1_is_saved_as_version_2(tmp_path: Path):
    snapshot = codec.load(OLD / "fx-static.json")
    codec.save(snapshot, tmp_path / "new.json")
    assert json.loads((tmp_path / "new.json").read_text())["version"] == 2
    assert codec.load(tmp_path / "new.json") == snapshot


def test_who_asked_for_an_observer_becomes_a_role():
    prepared = codec.load(OLD / "fx-static.json").stage("prepared").graph
    roles = [node.why.roles for node in prepared.nodes if node.kind == "observer" and node.why]
    assert roles
    assert all(role["asked_by"] for role in roles)
