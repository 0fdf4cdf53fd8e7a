from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest

from qviz.document.baseline import accept, fingerprint, read_baseline, write_baseline
from qviz.document.kept import kept_finding
from qviz.document.snapshot import Level
from qviz.errors import QvizError

AT_NODES = kept_finding("never_calibrated", Level.WARNING, "prepared", ("b", "a"), "2 observers saw no data", "", "")
AT_NONE = kept_finding(
    "captured_without_strict", Level.WARNING, "captured", (), "it failed at /home/me/m.py:12", "", ""
)


def changed(finding, **change):
    texts = {name: change.pop(name) for name in ("message", "reason", "hint") if name in change}
    return msgspec.structs.replace(finding, args={**finding.args, **texts}, **change)


def test_the_fingerprint_names_rule_stage_and_nodes_only():
    same = {"nodes": ("a", "b")}, {"message": "worded otherwise"}, {"level": Level.ERROR}, {"reason": "r", "hint": "h"}
    other = {"rule": "r"}, {"stage": "converted"}, {"nodes": ("a",)}, {"nodes": ("a", "b", "c")}
    for change in same:
        assert fingerprint(changed(AT_NODES, **change)) == fingerprint(AT_NODES)
    for change in other:
        assert fingerprint(changed(AT_NODES, **change)) != fingerprint(AT_NODES)


def test_without_nodes_the_message_counts_but_not_where_the_file_is():
    for message, is_same in (
        ("it failed at /home/me/m.py:13", True),
        ("it failed at C:\\you\\m.py:13", True),
        ("it failed at m.py:1", True),
        ("it failed at other.py:12", False),
        ("it broke at /home/me/m.py:12", False),
    ):
        other = changed(AT_NONE, message=message)
        assert (fingerprint(other) == fingerprint(AT_NONE)) is is_same, message


def test_a_baseline_is_read_as_it_was_written(tmp_path: Path):
    path = tmp_path / "baseline.json"
    baseline = accept([AT_NODES, AT_NONE, AT_NODES])
    write_baseline(baseline, path)
    assert read_baseline(path) == baseline
    assert [each["rule"] for each in json.loads(path.read_text())["findings"]] == [
        "captured_without_strict",
        "never_calibrated",
    ]
    assert accept([AT_NONE, AT_NODES]) == baseline, "the order of the findings does not matter"


def test_notes_are_kept():
    noted = msgspec.structs.replace(accept([AT_NODES]).findings[0], note="only in tests")
    before = msgspec.structs.replace(accept([]), findings=(noted,))
    assert [each.note for each in accept([AT_NONE, AT_NODES], before).findings] == [None, "only in tests"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (None, "there is no baseline"),
        ("{", "is no baseline"),
        ('{"format": "qviz", "version": 1, "findings": []}', "is no baseline"),
        ('{"format": "qviz-baseline", "version": 1, "findings": [{"rule": 3}]}', "is no baseline"),
        ('{"format": "qviz-baseline", "version": 2, "findings": []}', "is a baseline of version 2"),
    ],
)
def test_what_is_no_baseline_is_refused(tmp_path: Path, text, told):
    path = tmp_path / "b.json"
    if text is not None:
        path.write_text(text)
    with pytest.raises(QvizError, match=told) as caught:
        read_baseline(path)
    assert caught.value.hint
