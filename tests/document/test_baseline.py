from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest

from qviz.document.baseline import Accepted, baseline_of, fingerprint, read_baseline, write_baseline
from qviz.errors import QvizError

ONE = Accepted("never_calibrated", "prepared", ("b", "a"), ("fc:observer", "layer1.0:observer"), "2 observers")
OTHER = Accepted("captured_without_strict", "captured", (), ("m.py",), "it failed")


def test_a_fingerprint_names_rule_stage_and_places():
    mark = fingerprint("r", "s", ("a", "b"))
    assert mark == fingerprint("r", "s", ("b", "a", "b"))
    others = [("q", "s", ("a", "b")), ("r", "t", ("a", "b")), ("r", "s", ("a",)), ("r", "s", ())]
    assert mark not in {fingerprint(*each) for each in others}


def test_a_baseline_is_read_as_it_was_written(tmp_path: Path):
    path = tmp_path / "baseline.json"
    baseline = baseline_of([ONE, OTHER, ONE])
    write_baseline(baseline, path)
    assert read_baseline(path) == baseline
    assert [each["rule"] for each in json.loads(path.read_text())["findings"]] == [OTHER.rule, ONE.rule]
    assert baseline_of([OTHER, ONE]) == baseline, "the order of the findings does not matter"


def test_a_baseline_of_version_1_is_read():
    old = read_baseline(Path(__file__).parent / "version_1" / "baseline.json")
    assert old.version == 1
    assert all(each.places is None for each in old.findings)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (None, "no such baseline"),
        ("{", "is not a baseline"),
        ('{"format": "qviz", "version": 1, "findings": []}', "is not a baseline"),
        ('{"format": "qviz-baseline", "version": 1, "findings": [{"rule": 3}]}', "is not a baseline"),
        ('{"format": "qviz-baseline", "version": 3, "findings": []}', "is a baseline of version 3"),
    ],
)
def test_what_is_no_baseline_is_refused(tmp_path: Path, text, told):
    path = tmp_path / "b.json"
    if text is not None:
        path.write_text(text)
    with pytest.raises(QvizError, match=told) as caught:
        read_baseline(path)
    assert caught.value.hint


def test_a_note_survives_the_file(tmp_path: Path):
    noted = msgspec.structs.replace(ONE, note="only in tests")
    write_baseline(baseline_of([noted]), tmp_path / "b.json")
    assert read_baseline(tmp_path / "b.json").findings == (noted,)


def test_entries_of_version_1_stay_apart_without_places():
    old = [Accepted("rule", "converted", (each,), None, "m") for each in ("a", "b")]
    assert len(baseline_of(old).findings) == 2
