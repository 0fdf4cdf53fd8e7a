"""The fuzzer finds what is wrong, makes the same again, and a short run of it finds nothing."""

from __future__ import annotations

import itertools
import json
import random
import signal
import sys
from pathlib import Path

import fuzz
import fuzz_inputs
import pytest

from qviz.errors import QvizError

CORPUS = sorted((Path(__file__).parents[1] / "fuzz_corpus").glob("*/*.*"))
"""Inputs that once were faults, as small as they can be; by what is read: text as it is, other bytes in hexadecimal."""


@pytest.fixture(scope="module")
def kinds() -> dict[str, fuzz_inputs.Kind]:
    return fuzz_inputs.made_kinds()


def test_the_corpus_has_failures_of_most_kinds(kinds: dict[str, fuzz_inputs.Kind]):
    assert len(CORPUS) >= 12
    assert {path.parent.name.replace("_", " ") for path in CORPUS} <= set(kinds)


@pytest.mark.parametrize("path", CORPUS, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_what_once_was_a_fault_is_none(path: Path, kinds: dict[str, fuzz_inputs.Kind]):
    text = path.read_text(encoding="utf-8")
    data = bytes.fromhex(text) if path.suffix == ".hex" else text.encode()
    answer, told = fuzz.tried(kinds[path.parent.name.replace("_", " ")].read, data)
    assert answer != "fault", told


def test_a_fault_is_told_by_a_small_input():
    def read(data: bytes) -> None:
        if isinstance(tree := json.loads(data), dict) and "bad" in str(tree.get("deep")):
            raise KeyError("x")

    def is_fault(data: bytes) -> bool:
        return fuzz.tried(read, data)[1].startswith("KeyError")

    large = {"a": [1] * 50, "deep": {"er": [{"more": "is bad here"}, 2, 3]}, "rest": {"b": "c" * 100}}
    assert len(fuzz.smaller(json.dumps(large).encode(), is_fault)) < 40
    assert fuzz.smaller(b"xxxxx\xffbad" * 9, lambda data: b"\xffb" in data) == b"\xffb"


def _raises(error: Exception):
    def read(_: bytes) -> None:
        raise error

    return read


def test_what_is_refused_in_words_is_no_fault_and_anything_else_is():
    assert fuzz.tried(_raises(QvizError("x", "y")), b"") == ("refused", "")
    answer, told = fuzz.tried(_raises(KeyError("z")), b"")
    assert answer == "fault"
    assert "KeyError: 'z' at test_fuzz.py" in told


def test_what_is_only_read_from_files_stands_in_a_folder_that_nobody_can_have_prepared():
    folder = fuzz_inputs.scratch()
    assert folder.stat().st_mode & 0o077 == 0
    assert fuzz_inputs._file("baseline.json", b"x") == folder / "baseline.json"


def test_what_few_inputs_need_is_there_before_the_first(kinds: dict[str, fuzz_inputs.Kind]):
    """networkx, for links that skip a stage: else the first such input is said to take its memory and its time."""
    assert kinds
    assert "networkx" in sys.modules


def test_what_takes_too_long_is_a_fault(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(fuzz, "HANG_SECONDS", 0.01)
    before = signal.signal(signal.SIGPROF, fuzz._too_long)
    try:
        answer, told = fuzz.tried(lambda _: sum(1 for _ in itertools.count()), b"")
    finally:
        signal.signal(signal.SIGPROF, before)
    assert (answer, told[:9]) == ("fault", "HangError")


def test_a_short_run_is_the_same_again_and_finds_nothing(capsys: pytest.CaptureFixture[str], tmp_path):
    seeds = [b'{"a": [1, 2, {"b": "c"}]}', b"flow = 'fx-static'"]
    first, second = (
        [fuzz.damaged(each, chance) for each in seeds * 20] for chance in (random.Random(3), random.Random(3))
    )
    assert first == second
    assert len(set(first)) > 30
    assert fuzz.main(["--count", "600", "--seed", "5", "--keep", str(tmp_path / "faults")]) == 0
    assert "600 inputs" in capsys.readouterr().out
    assert not (tmp_path / "faults").exists()
