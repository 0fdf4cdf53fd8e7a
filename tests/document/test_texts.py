"""The texts in a file are English, derived, and never read back."""

from __future__ import annotations

import json

from qviz.document import codec
from qviz.document.graph import Why
from qviz.document.kept import kept_finding, kept_link
from qviz.document.snapshot import Finding, FindingReference, Level, Link
from qviz.words.language import Language, using
from tests.factories import node, snapshot, stage

WHY = Why(
    "kept", {"asked_by": ("conv", "add"), "shares": ("add",)}, {"rule": "is watched", "evidence": "a rule"}, "api"
)
SNAPSHOT = snapshot(
    stage("captured", node("x", why=WHY)),
    stage("prepared"),
    links=[kept_link("captured", "prepared", ("x",), (), "removed", 1.0, "gone", "nothing read it")],
    findings=[kept_finding("r", Level.INFO, "captured", ("x",), "m", "because", "do")],
)


def test_texts_stand_beside_the_data():
    document = json.loads(codec.encode(SNAPSHOT))
    why = document["stages"][0]["graph"]["nodes"][0]["why"]
    assert why["text"] == "is watched (a rule)"
    assert why["nodes"] == ["conv", "add"]
    assert document["findings"][0]["message"] == "m"
    assert document["links"][0]["reason"] == "nothing read it"


def test_texts_are_never_read_back():
    document = json.loads(codec.encode(SNAPSHOT))
    document["stages"][0]["graph"]["nodes"][0]["why"]["text"] = "forged"
    document["findings"][0]["message"] = "forged"
    assert codec.decode(json.dumps(document).encode()) == SNAPSHOT


def test_a_file_is_the_same_in_every_language():
    english = codec.encode(SNAPSHOT)
    with using(Language("loud", finish=str.upper)):
        assert codec.encode(SNAPSHOT) == english


def test_every_field_of_a_record_is_in_the_file():
    cause = FindingReference("other", "captured")
    finding = Finding("r", Level.INFO, "captured", ("x",), "c", {"subject": ("x",)}, {"count": 1}, ("fc",), cause)
    link = kept_link("captured", "prepared", ("x",), (), "removed", 1.0, "gone")
    document = json.loads(codec.encode(snapshot(stage("captured", node("x")), links=[link], findings=[finding])))
    assert set(Finding.__struct_fields__) <= set(document["findings"][0])
    assert set(Link.__struct_encode_fields__) - {"roles"} <= set(document["links"][0])
