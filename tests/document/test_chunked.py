"""Reading in pieces gives what msgspec gives, and the same words where it cannot."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given, settings

from qviz.document import chunked, codec
from qviz.document.snapshot import Snapshot
from qviz.wire.messages import StageReached
from tests.document.test_codec import snapshots
from tests.factories import small_stages


@settings(max_examples=20)
@given(snapshots)
def test_pieces_make_the_whole(snapshot: Snapshot):
    data = msgspec.json.encode(snapshot)
    assert chunked.decode(data, Snapshot) == msgspec.json.decode(data, type=Snapshot)


def test_many_nodes_are_cut_into_several_calls(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(chunked, "_AT_ONCE", 2)
    message = StageReached(1, small_stages()[1], {}, ())
    assert chunked.decode(msgspec.json.encode(message), StageReached) == message


def test_a_fault_deep_inside_is_named_with_its_whole_path():
    data = msgspec.json.encode(StageReached(1, small_stages()[0], {}, ())).replace(b'"fc",0]', b'"fc",true]')
    with pytest.raises(msgspec.ValidationError, match=r"\$\.stage\.graph\.edges\[0\]\[2\]"):
        chunked.decode(data, StageReached)


def test_what_is_no_json_is_refused():
    with pytest.raises(msgspec.DecodeError):
        chunked.decode(b'{"format": "qviz", "stages": [', Snapshot)


@pytest.mark.parametrize("at_once", [1, 2, 500])
@settings(max_examples=20)
@given(made=snapshots)
def test_what_is_encoded_in_pieces_is_the_same(at_once: int, made: Snapshot):
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(chunked, "_AT_ONCE", at_once)
        assert chunked.encode(made) == msgspec.json.encode(made)


def test_a_real_result_is_encoded_the_same_in_pieces(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(chunked, "_AT_ONCE", 1)
    whole = codec.load("tests/document/version_1/eager-static.json")
    nested = msgspec.structs.replace(whole.stages[0], subgraphs={"a": whole.stages[0].graph})
    for each in (whole, msgspec.structs.replace(whole, stages=(nested, *whole.stages[1:]))):
        assert chunked.encode(each) == msgspec.json.encode(each)
